"""Stands for an object of the other side: what is done with it is asked over there.

A handle has the special methods that its object has, no others, so that Python itself says what
cannot be done with it. It travels into the sandbox as text, so it imports next to nothing.
"""

from __future__ import annotations

import builtins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    class Asker(Protocol):
        """Asks the other side to do something with an object of its own."""

        def ask(
            self,
            deed: str,
            number: int,
            name: str,
            arguments: tuple[Any, ...] = (),
            options: Mapping[str, Any] | None = None,
        ) -> Any:
            """What comes of it."""


_ARITHMETIC = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or"
_OPERATORS = (
    *("eq", "ne", "lt", "le", "gt", "ge"),
    *(prefix + name for prefix in ("", "r", "i") for name in _ARITHMETIC.split()),
)
BINARY = frozenset(f"__{name}__" for name in _OPERATORS)
_OTHERS = (
    "neg pos abs invert int float complex index round trunc floor ceil bool len length_hint "
    "str repr format bytes hash iter next reversed getitem setitem delitem contains call enter "
    "exit await instancecheck subclasscheck fspath"
)
SPECIAL = BINARY | {f"__{name}__" for name in _OTHERS.split()}

NOTHING = object()
# What an object of a subclass of these is besides: the plain value that it holds.
_BASES = (str, int, float, complex, bytes, tuple, list, dict, set, frozenset, bytearray)


class Handle:
    """An object of the other side."""

    __slots__ = ("_link",)

    def __init__(self, link: Link) -> None:
        object.__setattr__(self, "_link", link)

    def __getattribute__(self, name: str) -> Any:
        link = link_of(self)
        if name == "__class__":
            return link.base or type(self)
        return link.asker.ask("get", link.number, name)

    def __setattr__(self, name: str, value: Any) -> None:
        link = link_of(self)
        link.asker.ask("set", link.number, name, (value,))

    def __delattr__(self, name: str) -> None:
        link = link_of(self)
        link.asker.ask("del", link.number, name)


class Link:
    """Where the object of a handle is; ``content``: the plain value that it holds besides."""

    __slots__ = ("asker", "base", "content", "number")

    def __init__(self, asker: Asker, number: int, base: type | None, content: Any) -> None:
        self.asker = asker
        self.number = number
        self.base = base
        self.content = content


_slot = Handle.__dict__["_link"].__get__


def link_of(handle: Handle) -> Link:
    """The link of a handle, which has no attributes of its own."""
    link: Link = _slot(handle)
    return link


def is_handle(value: Any) -> bool:
    """Not ``isinstance``, which a handle answers for the object that it stands for."""
    return issubclass(type(value), Handle)


def specials(kind: type) -> str:
    """The special methods that objects of a class have."""
    # Not getattr: a class may be called, which says nothing about its objects.
    found: dict[str, Any] = {}
    for one in reversed(kind.__mro__):
        found |= {name: method for name, method in vars(one).items() if name in SPECIAL}
    return " ".join(sorted(name for name, method in found.items() if method is not None))


def base_of(value: Any) -> type | None:
    """The built-in class that the class of a value is a subclass of."""
    kind = type(value)
    return next((base for base in _BASES if issubclass(kind, base)), None)


def content_of(value: Any, base: Any) -> Any:
    """The plain value in an object of a subclass, past whatever the subclass redefines."""
    if base is dict:
        return dict(dict.items(value))
    if base in (tuple, list, set, frozenset):
        return base(base.__iter__(value))
    if base in (str, bytes, bytearray):
        return base.__add__(value, base())
    if base is complex:
        return complex.__add__(value, 0)
    return base.__pos__(value)


def built_in_base(name: str) -> type | None:
    """The base of that name, if it is one."""
    found = getattr(builtins, name, None)
    return found if found in _BASES else None


def asked(name: str) -> Callable[..., Any]:
    """The special method that asks the other side, whatever it is given."""

    def method(self: Handle, *arguments: Any, **options: Any) -> Any:
        link = link_of(self)
        return link.asker.ask("do", link.number, name, arguments, options)

    return method


def handle_class(name: str, has: str, methods: Mapping[str, Callable[..., Any]]) -> type[Handle]:
    """The class of handles for objects of a class of that name, with its special methods."""
    named = name if name.isidentifier() and len(name) <= 60 else "object"
    own: dict[str, Any] = {word: methods[word] for word in has.split() if word in methods}
    return type(named, (Handle,), {"__slots__": (), "__module__": "program", **own})
