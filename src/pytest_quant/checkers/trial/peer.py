"""One of the two sides of a trial: asks the other for what is over there, and answers it.

The two take turns. While one waits for an answer it answers what it is asked, so that the program
may call a function that its tests gave it. It travels into the sandbox as text, so it imports
next to nothing.
"""

from __future__ import annotations

import builtins
from os import read, write  # a program may replace those of the module

from pytest_quant.checkers.trial.handles import (
    NOTHING,
    SPECIAL,
    Handle,
    Link,
    asked,
    base_of,
    built_in_base,
    content_of,
    handle_class,
    is_handle,
    link_of,
    specials,
)
from pytest_quant.checkers.trial.wire import (
    MAX_BYTES,
    Reader,
    TooLarge,
    Unfit,
    Writer,
    built_in_name,
    is_plain,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_HEADER = 8


_METHODS = {name: asked(name) for name in SPECIAL}


class Over(BaseException):
    """The other side is gone, or what it wrote is no message: nothing more comes."""


class Peer:
    """One side, by the two pipes that it reads and writes."""

    methods: Mapping[str, Callable[..., Any]] = _METHODS
    # Whether an object of a subclass of a built-in class hands over the plain value that it holds.
    tells_content = True

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._own: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._foreign: dict[int, Any] = {}
        self._classes: dict[tuple[str, str], type[Handle]] = {}
        self.over: BaseException | None = None

    # What a side does in its own way.

    def printed(self) -> str:
        """What was printed here since the last message."""
        return ""

    def hear(self, printed: str) -> None:
        """What was printed over there."""

    def permit(self, deed: str, value: Any, name: str) -> None:
        """Raise what the other side is to be told if it may not do that with an object of ours."""

    def keeps(self, error: BaseException) -> bool:
        """Whether an error is not for the other side, and ends all."""
        return error is self.over

    # Asking and answering.

    def ask(
        self,
        deed: str,
        number: int,
        name: str,
        arguments: tuple[Any, ...] = (),
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        """Have the other side do something with an object of its own; what it raises is raised."""
        if self.over:
            raise self.over
        writer = Writer(self, [])
        for value in ("ask", self.printed(), deed, number, name, arguments, dict(options or {})):
            writer.write(value)
        self._send(writer.written())
        while True:
            reader = self._receive(writer.known)
            if self._read(reader, str) == "answer":
                break
            self._answer(Reader(self, reader.data, []))
        self.hear(self._read(reader, str))
        try:
            for _ in range(reader.number()):
                reader.refill(writer.known[reader.number()])
            failed, result = reader.read(), reader.read()
            error = self._error(*result) if failed else None
        except Exception as wrong:
            raise self.end(f"wrote what is no answer: {type(wrong).__name__}") from None
        if error is not None:
            raise error
        return result

    def serve(self) -> None:
        """Answer the next question; raises ``Over`` when there is none."""
        self._answer(self._receive([]))

    def end(self, why: str) -> BaseException:
        """From now on nothing is asked: every try raises what this returns."""
        self.over = self.over or Over(why)
        return self.over

    def _answer(self, reader: Reader) -> None:
        try:
            if reader.read() != "ask":
                raise Unfit("an answer that nobody waits for")
            self.hear(self._read(reader, str))
            deed, number, name = (self._read(reader, kind) for kind in (str, int, str))
            arguments, options = self._read(reader, tuple), self._read(reader, dict)
            target = self._object(number)
        except Exception as wrong:
            raise self.end(f"wrote what is no question: {type(wrong).__name__}") from None
        known = reader.known
        before = self._contents(known)
        failed, result = False, None
        try:
            self.permit(deed, target, name)
            result = self._done(deed, target, name, arguments, options)
        except BaseException as error:
            if self.over or self.keeps(error):
                self.over = self.over or error
                raise
            failed, result = True, self._told(error)
        try:
            written = self._reply(known, before, failed, result)
        except (TooLarge, RecursionError, MemoryError) as error:
            written = self._reply(known[: len(before)], before, True, self._told(error))
        self._send(written)

    def _done(
        self, deed: str, value: Any, name: str, arguments: Any, options: Mapping[str, Any]
    ) -> Any:
        if deed == "do":
            # As Python looks it up: on the class.
            return getattr(type(value), name)(value, *arguments, **options)
        if deed == "get":
            return getattr(value, name)
        if deed == "set":
            return setattr(value, name, *arguments)
        if deed == "del":
            return delattr(value, name)
        raise TypeError(f"nobody can {deed}")

    def _reply(self, known: list[Any], before: list[bytes], failed: bool, result: Any) -> bytes:
        writer = Writer(self, list(known))
        writer.write("answer")
        writer.write(self.printed())
        after = self._contents(known)
        changed = [i for i, content in enumerate(before) if after[i] != content]
        writer.number(b"", len(changed))
        for i in changed:
            writer.number(b"", i)
            writer.content(known[i])
        writer.write(failed)
        writer.write(result)
        return writer.written()

    def _contents(self, known: list[Any]) -> list[bytes]:
        """What the lists and the like hold that the other side knows, to tell what changed."""
        contents = []
        for value in known:
            writer = Writer(self, list(known))
            writer.content(value)
            contents.append(writer.written())
        return contents

    # Errors, and what stays where it is.

    def _told(self, error: BaseException) -> tuple[Any, ...]:
        try:
            message = str(error)
        except BaseException:
            message = ""
        arguments = error.args if all(map(is_plain, error.args)) else (message,)
        return type(error), arguments, message

    def _error(self, kind: Any, arguments: Any, message: Any) -> BaseException:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise Unfit("no exception")
        for one in kind.__mro__:
            try:
                error = one(*arguments)
            except Exception:
                continue
            if isinstance(error, BaseException):
                if "__said__" in vars(kind):
                    vars(error)["said"] = str(message)
                return error
        return RuntimeError(message)

    def write_object(self, writer: Writer, value: Any) -> None:
        """Write a handle: ours, that of the other side, or the name of what both have."""
        if is_handle(value):
            writer.number(b"y", link_of(value).number)
        elif name := built_in_name(value):
            writer.text(b"k", name.encode())
        elif isinstance(value, type) and issubclass(value, BaseException):
            if "__said__" in vars(value):
                writer.number(b"y", vars(value)["__said__"])
                return
            writer.number(b"x", self._hand_over(value))
            writer.write(value.__name__)
            writer.write(value.__mro__[1])
        else:
            kind = type(value)
            base = base_of(value)
            content = NOTHING
            if self.tells_content and base and kind is not base:
                content = content_of(value, base)
            writer.number(b"o" if content is NOTHING else b"O", self._hand_over(value))
            for words in (kind.__name__, base.__name__ if base else "", specials(kind)):
                writer.write(str(words))
            if content is not NOTHING:
                writer.write(content)

    def read_object(self, reader: Reader, tag: bytes) -> Any:
        """What ``write_object`` wrote over there."""
        if tag == b"k":
            return self.built_in(reader.string())
        if tag not in (b"y", b"x", b"o", b"O"):
            raise Unfit("an unknown tag")
        number = reader.number()
        if tag == b"y":
            return self._object(number)
        name = self._read(reader, str)
        if tag == b"x":
            above = reader.read()
            if number not in self._foreign:
                self._foreign[number] = _exception(name, above, number)
            return self._foreign[number]
        base = built_in_base(self._read(reader, str))
        has = self._read(reader, str)
        content = self._read(reader, base or type(None)) if tag == b"O" else NOTHING
        if number not in self._foreign:
            if (name, has) not in self._classes:
                self._classes[name, has] = handle_class(name, has, self.methods)
            link = Link(self, number, base, content)
            self._foreign[number] = self._classes[name, has](link)
        handle = self._foreign[number]
        if is_handle(handle):
            link_of(handle).content = content
        return handle

    def built_in(self, name: str) -> Any:
        """The built-in class or function of that name."""
        return getattr(builtins, name)

    def handle(self, number: int) -> Any:
        """A handle on what the other side handed over before all else."""
        return handle_class("object", "__call__ __getitem__", self.methods)(
            Link(self, number, None, NOTHING)
        )

    def _object(self, number: int) -> Any:
        if number < 0:
            raise Unfit("a negative number")
        return self._own[number]

    def _hand_over(self, value: Any) -> int:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._own)
            self._own.append(value)
        return number

    # Messages.

    def _read(self, reader: Reader, kind: type) -> Any:
        value = reader.read()
        if type(value) is not kind:
            raise Unfit(f"no {kind.__name__}")
        return value

    def _send(self, message: bytes) -> None:
        rest = memoryview(b"%08x%b" % (len(message), message))
        try:
            while rest:
                rest = rest[write(self._sink, rest) :]
        except OSError:
            raise self.end("ended") from None

    def _receive(self, known: list[Any]) -> Reader:
        try:
            length = int(self._exactly(_HEADER), 16)
            if not 0 <= length <= MAX_BYTES:
                raise Unfit("too long")
            return Reader(self, self._exactly(length), known)
        except (OSError, EOFError):
            raise self.end("ended") from None
        except (ValueError, Unfit, MemoryError):
            raise self.end("wrote what is no message") from None

    def _exactly(self, length: int) -> bytes:
        message = bytearray()
        while len(message) < length:
            part = read(self._source, min(length - len(message), 2**20))
            if not part:
                raise EOFError
            message += part
        return bytes(message)


def _exception(name: str, above: Any, number: int) -> type:
    """A class that stands for one of the other side's exceptions."""
    if not (isinstance(above, type) and issubclass(above, BaseException)):
        raise Unfit("no exception")
    named = name if name.isidentifier() and len(name) <= 60 else "Exception"

    def said(self: BaseException) -> str:
        return str(vars(self).get("said", ", ".join(map(str, self.args))))

    return type(named, (above,), {"__module__": "program", "__said__": number, "__str__": said})
