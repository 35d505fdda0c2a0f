"""Named things that anybody may bring: entry points of installed packages, ours among them.

What ships with this package is declared in its own ``pyproject.toml``, in the same groups, and is
found in no other way.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pytest_quant.errors import QuantUsageError

if TYPE_CHECKING:
    from importlib import metadata

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
        self._loaded: dict[metadata.EntryPoint, _T] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names in alphabetical order; nothing is loaded for them."""
        return tuple(sorted(registered(self.group)))

    def get(self, name: str) -> _T:
        """What a name stands for, loaded when it is first asked for.

        Raises ``QuantUsageError``: nothing has that name, two packages claim it, or what it names
        cannot be loaded, or is of another kind.
        """
        point = self._only(name)
        if point not in self._loaded:
            self._loaded[point] = self._load(point)
        return self._loaded[point]

    def unknown(self, name: str) -> QuantUsageError:
        """The error for a name that nothing has, ready to be raised."""
        near = difflib.get_close_matches(name, self.names, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        known = ", ".join(self.names) or (
            "none, not even our own: the installation of pytest-quant is of another version; "
            "install it again"
        )
        return QuantUsageError(f"unknown {self._noun} {name!r:.100}{hint}; there are: {known}")

    def described(self, name: str) -> str:
        """What is registered by a name and by whom, for messages: ``checker 'x' of toy 1.0``."""
        return f"{self._noun} {name!r} of {_package(self._only(name))}"

    def unfit(self, name: str, why: str) -> QuantUsageError:
        """The error for something registered that cannot be used, ready to be raised."""
        place = f"{self.described(name)}: {self._only(name).value}"
        return QuantUsageError(f"{place}: {why}; repair that package or uninstall it")

    def _only(self, name: str) -> metadata.EntryPoint:
        found = registered(self.group).get(name, ())
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
        try:
            loaded = point.load()
        except KeyboardInterrupt:
            raise
        # The package is not ours: whatever its import does ends here, and so does what has pytest
        # skip a test.
        except BaseException as error:
            why = f"cannot be loaded: {type(error).__name__}: {error}"
            raise self.unfit(point.name, why) from error
        try:
            return self._accept(loaded)
        except TypeError as error:
            raise self.unfit(point.name, str(error)) from error


def function(found: Any) -> Callable[..., Any]:
    """What accepts anything that can be called."""
    if not callable(found):
        raise TypeError(f"found {kind_of(found)}, expected a function")
    called: Callable[..., Any] = found
    return called


@cache
def entry_points() -> Any:
    """All there are: packages are read for one group as for all of them, so once a process."""
    # Where no name is asked for, nothing is paid for it.
    from importlib import metadata

    return metadata.entry_points()


@cache
def registered(group: str) -> Mapping[str, tuple[metadata.EntryPoint, ...]]:
    """The entry points of a group by name: more than one if several packages claim it."""
    found: dict[str, dict[metadata.EntryPoint, None]] = {}
    for point in entry_points().select(group=group):
        found.setdefault(point.name, {})[point] = None
    return {name: tuple(points) for name, points in found.items()}


def _package(point: metadata.EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def kind_of(found: Any) -> str:
    """What something is, for a message that it is not what was expected."""
    return f"an object of type {type(found).__name__}"
