"""Named things that anybody may bring: entry points of installed packages, ours among them.

What ships with this package is declared in its own ``pyproject.toml``, in the same groups, and is
found in no other way.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from importlib import metadata
from typing import Any, Generic, TypeVar

from pytest_quant.errors import QuantUsageError

_T = TypeVar("_T")


class Registry(Generic[_T]):
    """What is registered in one group of entry points: names at once, what they name when used.

    ``noun`` is what messages call one of them. ``accept`` returns what was loaded as what it is
    used as, or raises ``TypeError`` with what was expected.
    """

    def __init__(self, group: str, noun: str, accept: Callable[[Any], _T]) -> None:
        self.group = group
        self._noun = noun
        self._accept = accept
        self._loaded: dict[str, _T] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names in alphabetical order; nothing is loaded for them."""
        return tuple(sorted(self._registered))

    def get(self, name: str) -> _T:
        """What a name stands for, loaded when it is first asked for.

        Raises ``QuantUsageError``: nothing has that name, two packages claim it, or what it names
        cannot be loaded, or is of another kind.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(self._only(name))
        return self._loaded[name]

    def unknown(self, name: str) -> QuantUsageError:
        """The error for a name that nothing has, ready to be raised."""
        near = difflib.get_close_matches(name, self.names, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        known = ", ".join(self.names) or (
            "none, not even our own: the installation of pytest-quant is of another version; "
            "install it again"
        )
        return QuantUsageError(f"unknown {self._noun} {name!r:.100}{hint}; there are: {known}")

    @cached_property
    def _registered(self) -> Mapping[str, tuple[metadata.EntryPoint, ...]]:
        found: dict[str, dict[metadata.EntryPoint, None]] = {}
        for point in _entry_points().select(group=self.group):
            found.setdefault(point.name, {})[point] = None
        return {name: tuple(points) for name, points in found.items()}

    def _only(self, name: str) -> metadata.EntryPoint:
        found = self._registered.get(name, ())
        if not found:
            raise self.unknown(name)
        if len(found) > 1:
            places = " and ".join(f"{point.value} of {_package(point)}" for point in found)
            raise QuantUsageError(
                f"{self._noun} {name!r} is registered twice: {places}; uninstall one of them, or "
                "give one another name"
            )
        return found[0]

    def _load(self, point: metadata.EntryPoint) -> _T:
        place = f"{self._noun} {point.name!r} of {_package(point)}: {point.value}"
        try:
            loaded = point.load()
        # The package is not ours: whatever its import does ends here.
        except (Exception, SystemExit) as error:
            raise QuantUsageError(
                f"{place} cannot be loaded: {type(error).__name__}: {error}; repair that package "
                "or uninstall it"
            ) from error
        try:
            return self._accept(loaded)
        except TypeError as error:
            raise QuantUsageError(
                f"{place} is {_kind(loaded)}; {error}; repair that package or uninstall it"
            ) from error


def function(found: Any) -> Callable[..., Any]:
    """What accepts anything that can be called."""
    if not callable(found):
        raise TypeError("expected a function")
    called: Callable[..., Any] = found
    return called


# All installed packages are read for one group as for all of them: once a process.
_entry_points = cache(metadata.entry_points)


def _package(point: metadata.EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def _kind(found: Any) -> str:
    name = type(found).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} object of type {name}"
