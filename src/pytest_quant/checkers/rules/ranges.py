"""Bounds and lists, as the rules of a composition write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDS = re.compile(
    r"(?P<only>\d+)|(?P<low>\d+) to (?P<high>\d+)|at least (?P<least>\d+)|at most (?P<most>\d+)"
)


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
    """Read "12", "80 to 120", "at least 80" or "at most 120"; else ``ValueError``."""
    match = _BOUNDS.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"found {text!r}, expected a number, 'LOW to HIGH', 'at least LOW' or 'at most HIGH'"
        )
    low = int(match["only"] or match["low"] or match["least"] or 0)
    high = match["only"] or match["high"] or match["most"]
    if high is not None and low > int(high):
        raise ValueError(f"found {text!r}, expected the lower end first")
    return Bounds(low, None if high is None else int(high), text.strip())


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
