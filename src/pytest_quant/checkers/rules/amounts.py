"""Rules on stated durations and costs: each must be within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_quant.checkers.rules.composition import Composition
from pytest_quant.checkers.rules.kinds import Factory, Verify
from pytest_quant.checkers.rules.ranges import bounds

_NUMBER = r"\d{1,5}(?:\.\d{1,2})?"
_DURATION = re.compile(
    rf"(?:(?P<low>{_NUMBER})\s?(?:-|\u2013|to)\s?)?(?P<value>{_NUMBER})[\s-]?"
    r"(?P<unit>hours?|hrs?|h|minutes?|mins?)\b",
    re.IGNORECASE,
)
_COST = re.compile(rf"\$\s?(?P<before>{_NUMBER})|(?P<behind>{_NUMBER})\s?(?:dollars?|USD)\b", re.I)


def _minutes(composition: Composition) -> Iterator[float]:
    for match in _DURATION.finditer(composition.text):
        scale = 60 if match["unit"][0] in "hH" else 1
        yield scale * float(match["value"])


def _dollars(composition: Composition) -> Iterator[float]:
    for match in _COST.finditer(composition.text):
        yield float(match["before"] or match["behind"])


def _minutes_within(argument: str) -> Verify:
    """Every duration is within bounds, and there is at least one."""
    wanted = bounds(argument)

    def verify(composition: Composition) -> str:
        found = list(_minutes(composition))
        if not found:
            return "states no minutes"
        beyond = next((value for value in found if not wanted.hold(value)), None)
        return "" if beyond is None else f"states {beyond:g} minutes, not {wanted}"

    return verify


def _durations(argument: str) -> Verify:
    """So many durations are stated."""
    wanted = bounds(argument)

    def verify(composition: Composition) -> str:
        found = sum(1 for _ in _minutes(composition))
        return "" if wanted.hold(found) else f"states {found} durations, not {wanted}"

    return verify


def _cost(argument: str) -> Verify:
    """Every cost in dollars is within bounds, and there is at least one."""
    wanted = bounds(argument)

    def verify(composition: Composition) -> str:
        found = list(_dollars(composition))
        if not found:
            return "states no cost"
        beyond = next((value for value in found if not wanted.hold(value)), None)
        return "" if beyond is None else f"states {beyond:g} dollars, not {wanted}"

    return verify


AMOUNTS: dict[str, Factory] = {
    "minutes": _minutes_within,
    "durations": _durations,
    "dollars": _cost,
}
