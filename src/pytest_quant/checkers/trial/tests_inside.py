"""The side of the tests: runs them with the program's names at hand, and writes one report.

Nothing that comes from the program is trusted. Where a test holds a built-in value, no object of
the program's is asked what it thinks of it. It travels into the sandbox as text, so it imports
next to nothing.
"""

from __future__ import annotations

import builtins
import os
import sys

from pytest_quant.checkers.trial.handles import (
    BINARY,
    NOTHING,
    SPECIAL,
    Handle,
    asked,
    base_of,
    is_handle,
    link_of,
)
from pytest_quant.checkers.trial.peer import Over, Peer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

_MAX_SHOWN = 120
# Attributes without an underscore that lead to frames and code, and from there to everything.
_INNER = {f"{of}_{what}" for of in ("gi", "cr", "ag", "tb", "f") for what in ("frame", "code")}
_INNER |= {"f_back", "f_globals", "f_locals", "f_builtins"}


class Failed(AssertionError):
    """A test did not hold."""


class Tests(Peer):
    """What the program may do with objects of the tests, and what the tests do with its own."""

    tells_content = False

    def ask(
        self,
        deed: str,
        number: int,
        name: str,
        arguments: tuple[Any, ...] = (),
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return super().ask(deed, number, name, arguments, options)
        except StopIteration:
            # From a function it would end a loop of the tests early: all(map(f, ...)).
            if name == "__next__":
                raise
            raise RuntimeError("raised StopIteration") from None

    def hear(self, printed: str) -> None:
        if printed:
            sys.stdout.write(printed)

    def keeps(self, error: BaseException) -> bool:
        # In a function that the program calls: it would learn what was expected.
        return isinstance(error, Failed)

    def permit(self, deed: str, value: Any, name: str) -> None:
        """Special methods, and attributes that are nobody's inner matter.

        What is a list besides, or another built-in value, is that for the program, with what its
        class adds; what its class keeps there, such as a count, the program cannot set.
        """
        if deed == "do":
            permitted = name in SPECIAL
        else:
            permitted = name[:1] != "_" and name not in _INNER and type(value) is not type(sys)
            if deed != "get":
                permitted = permitted and base_of(value) is None and not isinstance(value, type)
        if not permitted:
            raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")

    def built_in(self, name: str) -> Any:
        found = getattr(builtins, name)
        return found if isinstance(found, type) else _refuse(name)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no class")


def _with_content(name: str) -> Callable[..., Any]:
    """An operator between two objects: the program is asked only if both are its own.

    What holds a built-in value besides, as a named tuple does, is compared by that.
    """
    ask = asked(name)

    def method(self: Handle, *others: Any) -> Any:
        if others and is_handle(others[0]):
            return ask(self, *others)
        content = link_of(self).content
        operator = getattr(type(content), name, None)
        if content is NOTHING or operator is None or name.startswith("__i"):
            return NotImplemented
        return operator(content, *others)

    return method


def _contains(self: Handle, value: Any) -> Any:
    if is_handle(value):
        return asked("__contains__")(self, value)
    content = link_of(self).content
    if content is not NOTHING:
        return value in content
    return any(value is item or value == item for item in iter(self))


def _hash(self: Handle) -> int:
    content = link_of(self).content
    found: int = asked("__hash__")(self) if content is NOTHING else hash(content)
    return found


def _checks(name: str) -> Callable[..., Any]:
    def method(self: Handle, value: Any) -> Any:
        return is_handle(value) and asked(name)(self, value)

    return method


Tests.methods = {
    **Peer.methods,
    **{name: _with_content(name) for name in BINARY},
    "__contains__": _contains,
    "__hash__": _hash,
    **{name: _checks(name) for name in ("__instancecheck__", "__subclasscheck__")},
}


class Keyboard:
    """What the program reads: whatever the tests put in the place of ``sys.stdin``."""

    def readline(self, *size: int) -> str:
        """As of a stream."""
        return sys.stdin.readline(*size)

    def read(self, *size: int) -> str:
        """As of a stream."""
        return sys.stdin.read(*size)

    def readlines(self) -> list[str]:
        """As of a stream."""
        return sys.stdin.readlines()

    def __iter__(self) -> Iterator[str]:
        return iter(sys.stdin.readlines())


class Names(dict[str, object]):
    """The names of the tests: their own, and behind them those that the program defines.

    Modules and built-in functions are the tests' own, but for a function that is asked for.
    """

    def __init__(self, tests: Tests, program: str, entry: str) -> None:
        super().__init__(__name__="tests", __equal__=equal, __true__=true)
        names, modules = _two_lists(tests, tests.handle(0)(program, Keyboard()))
        self._program = tests.handle(1)
        self._modules = {name for name in modules if name in sys.stdlib_module_names} - {entry}
        self._names = {name for name in names if not hasattr(builtins, name)} | {entry}

    def __missing__(self, name: str) -> Any:
        if name in self._modules:
            return __import__(name)
        if name in self._names:
            return self._program[name]
        raise KeyError(name)

    def add_helpers(self, beginning: str, entry: str) -> None:
        """Of code that stands before the program the functions, but for the one asked for."""
        given = dict(self)
        # Without contextlib, which takes time to import.
        try:  # noqa: SIM105
            exec(compile(beginning, "<beginning>", "exec"), self)  # noqa: S102
        except Exception:
            pass
        for name in set(self) - set(given):
            if name == entry or not isinstance(self[name], type(lambda: None)):
                del self[name]


def _two_lists(tests: Tests, answer: Any) -> Any:
    """The answer, if it is what it should be: two lists of names."""
    two = type(answer) is tuple and [type(part) for part in answer] == [list, list]
    if two and all(type(name) is str for part in answer for name in part):
        return answer
    raise tests.end("wrote what is no answer")


_told: list[tuple[BaseException, str]] = []


def equal(left: Callable[[], Any], right: Callable[[], Any], words: str) -> None:
    """``assert left == right``."""
    got = _value(left, words)
    expected = _value(right, words)
    if not _value(lambda: bool(got == expected), words):
        raise Failed(f"{words}: expected {_shown(expected)}, got {_shown(got)}")


def true(condition: Callable[[], Any], words: str) -> None:
    """``assert condition``."""
    if not _value(lambda: bool(condition()), words):
        raise Failed(f"{words}: expected to hold, does not")


def _value(of: Callable[[], Any], words: str) -> Any:
    try:
        return of()
    except BaseException as error:
        _told.append((error, words))
        raise


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Over:
        raise
    except BaseException as error:
        return f"a value whose repr raises {type(error).__name__}"
    return _short(text)


def _short(text: str) -> str:
    text = _without_addresses(text)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def _without_addresses(text: str) -> str:
    """The text without "at 0x7f12...": what differs from run to run."""
    first, *rest = text[: 20 * _MAX_SHOWN].split(" at 0x")
    return first + "".join(part.lstrip("0123456789abcdefABCDEF") for part in rest)


def _named(error: BaseException) -> str:
    try:
        said = _without_addresses(str(error))[:_MAX_SHOWN]
    except Exception:
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _judged(tests: Tests, program: str, beginning: str, code: str, entry: str) -> str:
    if "random" in code:
        __import__("random").seed(0)
    try:
        names = Names(tests, program, entry)
        names.add_helpers(beginning, entry)
        exec(compile(code, "<tests>", "exec"), names)  # noqa: S102
        found = "passed\n"
    except Failed as failure:
        found = f"failed test\n{failure}"
    except BaseException as error:
        words = [f"{words}: " for one, words in _told if one is error]
        found = f"crash\n{''.join(words[:1])}raised {_named(error)}"
    # What ended all may have been caught by the tests.
    match tests.over:
        case None:
            return found
        case Over():
            return f"over\n{tests.over}"
        case _:
            return f"failed test\n{tests.over}"


def main() -> None:
    """Run the tests, and end the process with the report."""
    source, sink = (int(number) for number in sys.argv[1:3])
    given = sys.stdin.buffer.read().decode("utf-8").split("\0")
    report = os.dup(1)
    nowhere = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    tests = Tests(source, sink)
    os.write(report, _judged(tests, *given).encode("utf-8", "backslashreplace"))
    os._exit(0)
