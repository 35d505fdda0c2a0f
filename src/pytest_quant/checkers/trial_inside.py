"""What the sandbox runs: reads a word, a program and its tests, and writes one report.

It travels there as text, so it imports nothing but the standard library. The word comes first in
the report: who does not know it cannot pretend that the tests passed.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from typing import Any

_MAX_SHOWN = 120


class _Failed(Exception):
    """A test did not hold, or could not be finished; ``what`` is which of the two."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(reason)
        self.what = what


def _equal(left: Callable[[], Any], right: Callable[[], Any], words: str) -> None:
    got = _value(left, words)
    expected = _value(right, words)
    if not _value(lambda: got == expected, words):
        raise _Failed("failed test", f"{words}: expected {_shown(expected)}, got {_shown(got)}")


def _true(condition: Callable[[], Any], words: str) -> None:
    if not _value(condition, words):
        raise _Failed("failed test", f"{words}: expected to hold, does not")


def _value(of: Callable[[], Any], words: str) -> Any:
    try:
        return of()
    except _Failed:
        raise
    except BaseException as error:
        raise _Failed("crash", f"{words}: raised {_named(error)}") from error


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except BaseException as error:
        return f"a value whose repr raises {type(error).__name__}"
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def _named(error: BaseException) -> str:
    said = str(error)[:_MAX_SHOWN]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def main() -> None:
    """Run the program and its tests, and end the process with the report."""
    word, program, tests = sys.stdin.buffer.read().decode("utf-8").split("\0")
    # What the program prints goes nowhere; it finds no input.
    report = os.dup(1)
    nowhere = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    random.seed(0)
    names: dict[str, Any] = {"__name__": "program"}
    found = "crash\nended before its tests"
    try:
        exec(compile(program, "<program>", "exec"), names)  # noqa: S102
        names |= {"__equal__": _equal, "__true__": _true}
        exec(compile(tests, "<tests>", "exec"), names)  # noqa: S102
        found = "passed\n"
    except _Failed as failure:
        found = f"{failure.what}\n{failure}"
    except BaseException as error:
        found = f"crash\nraised {_named(error)}"
    os.write(report, f"{word}\n{found}".encode("utf-8", "backslashreplace"))
    os._exit(0)


if __name__ == "__main__":
    main()
