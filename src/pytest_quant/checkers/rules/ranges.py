"""Bounds and lists, as the rules of a composition write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDS = re.compile(
    r"(?P<only>\w+)|(?P<low>\w+) to (?P<high>\w+)|at least (?P<least>\w+)|at most (?P<most>\w+)"
)
_SPELLED = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class Bounds:
    """A closed range of numbers; ``high`` is ``None`` where there is no upper end."""

    low: int
    high: int | None
    text: str

    def hold(self, value: float) -> bool:
        return self.low <= value and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        return self.text


def bounds(text: str) -> Bounds:
    """Read "12", "three", "80 to 120", "at least 80" or "at most 120"; else ``ValueError``."""
    match = _BOUNDS.fullmatch(text.strip())
    ends = {name: _number(end) for name, end in match.groupdict().items() if end} if match else {}
    if not ends or None in ends.values():
        raise ValueError(
            f"found {text!r}, expected a number, 'LOW to HIGH', 'at least LOW' or 'at most HIGH'"
        )
    low = ends.get("only") or ends.get("low") or ends.get("least") or 0
    high = ends.get("only", ends.get("high", ends.get("most")))
    if high is not None and low > high:
        raise ValueError(f"found {text!r}, expected the lower end first")
    return Bounds(low, high, text.strip())


def _number(text: str) -> int | None:
    if text.isascii() and text.isdigit():
        return int(text)
    return _SPELLED.index(text) if text in _SPELLED else None


def items(text: str) -> list[str]:
    """What semicolons separate; ``ValueError`` if there is nothing."""
    found = [item.strip() for item in text.split(";")]
    if not all(found):
        raise ValueError(f"found {text!r}, expected one or more items with semicolons between them")
    return found


def nothing(text: str) -> None:
    """A rule that takes no argument; ``ValueError`` if it has one."""
    if text.strip():
        raise ValueError(f"found {text!r}, expected nothing behind the rule's name")
