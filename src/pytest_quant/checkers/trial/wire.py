"""The form in which values cross between a program and its tests.

What is exactly a built-in value crosses as itself, and so do a few plain values of the standard
library; anything else stays where it is and crosses as a handle. Reading never runs what was
written: there is a tag, a length and the bytes, and what does not fit is refused. It travels into
the sandbox as text, so it imports next to nothing.
"""

from __future__ import annotations

import builtins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Owner(Protocol):
        """Knows what stays here and what stays there."""

        def write_object(self, writer: Writer, value: Any) -> None:
            """Write what is no plain value."""

        def read_object(self, reader: Reader, tag: bytes) -> Any:
            """Read what ``write_object`` of the other side wrote, of which the tag is read."""


MAX_DEPTH = 64
MAX_BYTES = 64 * 2**20

_CONSTANTS = {
    b"n": None,
    b"+": True,
    b"-": False,
    b".": Ellipsis,
    b"N": NotImplemented,
}
# Of the standard library: how each is made again.
_REBUILT: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "fractions.Fraction": lambda x: (x.numerator, x.denominator),
    "decimal.Decimal": lambda x: (str(x),),
    "datetime.timedelta": lambda x: (x.days, x.seconds, x.microseconds),
    "datetime.date": lambda x: (x.year, x.month, x.day),
    "datetime.time": lambda x: (x.hour, x.minute, x.second, x.microsecond, x.tzinfo, x.fold),
    "datetime.datetime": lambda x: (
        *(x.year, x.month, x.day, x.hour, x.minute, x.second, x.microsecond),
        x.tzinfo,
    ),
    "datetime.timezone": lambda x: x.__getinitargs__(),
    "collections.deque": lambda x: (list(x), x.maxlen),
}
_MUTABLE: dict[type, bytes] = {list: b"l", dict: b"d", set: b"S", bytearray: b"B"}


class Unfit(Exception):
    """The bytes are no value."""


class TooLarge(Exception):
    """A value is larger than what may cross."""


def rebuilt(value: Any) -> str:
    """The name by which a value of the standard library crosses, or nothing."""
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    return name if name in _REBUILT else ""


def is_plain(value: Any) -> bool:
    """Whether a value crosses as itself and may be in a set."""
    kind = type(value)
    if kind in (tuple, frozenset):
        return all(map(is_plain, value))
    return (
        kind in (int, str, float, bool, bytes, complex, range)
        or value is None
        or value is Ellipsis
        or (bool(rebuilt(value)) and kind.__hash__ is not None)
    )


class Writer:
    """Writes values one behind the other.

    ``known`` are the lists, dicts, sets and bytearrays that both sides know by their number: one
    that comes again, or in itself, crosses as that number.
    """

    def __init__(self, owner: Owner, known: list[Any]) -> None:
        self.parts: list[bytes] = []
        self.known = known
        self._owner = owner
        self._numbers = {id(value): i for i, value in enumerate(known)}
        self._depth = 0

    def written(self) -> bytes:
        """All that was written; raises ``TooLarge``."""
        written = b"".join(self.parts)
        if len(written) > MAX_BYTES:
            raise TooLarge(f"more than {MAX_BYTES >> 20} MB cross at once")
        return written

    def write(self, value: Any) -> None:
        """Write a value of any kind."""
        kind = type(value)
        if kind is int:
            self.parts.append(b"i%x;" % value)
        elif kind is str:
            self.text(b"s", value.encode("utf-8", "surrogatepass"))
        elif kind is float:
            self.text(b"f", value.hex().encode())
        elif value is None or kind is bool or value is Ellipsis or value is NotImplemented:
            self.parts.append(next(tag for tag, one in _CONSTANTS.items() if one is value))
        elif kind is bytes:
            self.text(b"b", value)
        elif kind is complex:
            self._items(b"c", (value.real, value.imag))
        elif kind is range or kind is slice:
            self._items(b"R" if kind is range else b"L", (value.start, value.stop, value.step))
        elif self._depth >= MAX_DEPTH:
            self._owner.write_object(self, value)
        elif kind is tuple:
            self._items(b"u", value)
        elif kind in _MUTABLE:
            self._mutable(value)
        elif kind is frozenset and is_plain(value):
            self._items(b"F", value)
        elif name := rebuilt(value):
            self.text(b"v", name.encode())
            self.write(_REBUILT[name](value))
        else:
            self._owner.write_object(self, value)

    def text(self, tag: bytes, value: bytes) -> None:
        """Bytes, behind a tag and their number."""
        self.parts += (tag, b"%x;" % len(value), value)

    def number(self, tag: bytes, value: int) -> None:
        """A number that is not negative, behind a tag."""
        self.parts.append(b"%b%x;" % (tag, value))

    def content(self, value: Any) -> None:
        """What a list, dict, set or bytearray holds."""
        tag = _MUTABLE[type(value)]
        if tag == b"B":
            self.text(tag, bytes(value))
        elif tag == b"d":
            self._items(tag, [part for pair in value.items() for part in pair])
        else:
            self._items(tag, value)

    def _mutable(self, value: Any) -> None:
        number = self._numbers.get(id(value))
        if number is not None:
            self.number(b"r", number)
        elif type(value) in (dict, set) and not all(map(is_plain, value)):
            self._owner.write_object(self, value)
        else:
            self._numbers[id(value)] = len(self.known)
            self.known.append(value)
            self.content(value)

    def _items(self, tag: bytes, values: Any) -> None:
        self.number(tag, len(values))
        self._depth += 1
        for value in values:
            self.write(value)
        self._depth -= 1


class Reader:
    """Reads values as ``Writer`` wrote them, or raises ``Unfit``: whoever wrote is not trusted."""

    def __init__(self, owner: Owner, data: bytes, known: list[Any]) -> None:
        self.known = known
        self._owner = owner
        self.data = data
        self._at = 0
        self._depth = 0

    def read(self) -> Any:
        """The next value."""
        tag = self.data[self._at : self._at + 1]
        self._at += 1
        if tag == b"i":
            end = self.data.index(b";", self._at)
            value = int(self.data[self._at : end], 16)
            self._at = end + 1
            return value
        if tag in _CONSTANTS:
            return _CONSTANTS[tag]
        self._depth += 1
        # Handles and what they hold may stand between a value and the next.
        if self._depth > 3 * MAX_DEPTH:
            raise Unfit("nested too deeply")
        value = _READ[tag](self) if tag in _READ else self._owner.read_object(self, tag)
        self._depth -= 1
        return value

    def number(self) -> int:
        """A number that is not negative."""
        end = self.data.index(b";", self._at, self._at + 18)
        value = int(self.data[self._at : end], 16)
        self._at = end + 1
        if value < 0:
            raise Unfit("a negative number")
        return value

    def text(self) -> bytes:
        """Bytes behind their number."""
        length = self.number()
        value = self.data[self._at : self._at + length]
        if len(value) != length:
            raise Unfit("ends too early")
        self._at += length
        return value

    def string(self) -> str:
        """Text behind its number of bytes."""
        return self.text().decode("utf-8", "surrogatepass")

    def refill(self, value: Any) -> None:
        """Give a list, dict, set or bytearray the content that comes next."""
        tag = self.data[self._at : self._at + 1]
        self._at += 1
        if tag != _MUTABLE[type(value)]:
            raise Unfit("another kind of container")
        value.clear()
        self._fill(value)

    def _fill(self, value: Any) -> None:
        if type(value) is bytearray:
            value += self.text()
        elif type(value) is dict:
            for _ in range(self.number() // 2):
                key = self._plain()
                value[key] = self.read()
        elif type(value) is set:
            for _ in range(self.number()):
                value.add(self._plain())
        else:
            for _ in range(self.number()):
                value.append(self.read())

    def _plain(self) -> Any:
        value = self.read()
        if not is_plain(value):
            raise Unfit("what may not be in a set")
        return value

    def _mutable(self, kind: type) -> Any:
        value = kind()
        self.known.append(value)
        self._fill(value)
        return value

    def _reference(self) -> Any:
        return self.known[self.number()]

    def _some(self, read: Callable[[], Any]) -> list[Any]:
        return [read() for _ in range(self.number())]

    def _rebuilt(self) -> Any:
        name = self.string()
        if name not in _REBUILT:
            raise Unfit("an unknown kind")
        module, _, kind = name.partition(".")
        values = self.read()
        if type(values) is not tuple:
            raise Unfit("not what it is made of")
        return getattr(__import__(module), kind)(*values)

    def _complex(self) -> complex:
        real, imaginary = self._some(self.read)
        return complex(real, imaginary)


def built_in_name(value: Any) -> str:
    """The name of a built-in class or function, or nothing."""
    name = getattr(value, "__name__", "") if type(value) in (type, type(len)) else ""
    return name if type(name) is str and getattr(builtins, name, None) is value else ""


_READ: dict[bytes, Callable[[Reader], Any]] = {
    b"s": Reader.string,
    b"f": lambda self: float.fromhex(self.string()),
    b"b": lambda self: self.text(),
    b"c": Reader._complex,
    b"R": lambda self: range(*self._some(self.read)),
    b"L": lambda self: slice(*self._some(self.read)),
    b"u": lambda self: tuple(self._some(self.read)),
    b"F": lambda self: frozenset(self._some(self._plain)),
    b"l": lambda self: self._mutable(list),
    b"d": lambda self: self._mutable(dict),
    b"S": lambda self: self._mutable(set),
    b"B": lambda self: self._mutable(bytearray),
    b"r": Reader._reference,
    b"v": Reader._rebuilt,
}
