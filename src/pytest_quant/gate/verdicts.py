"""From measurements to the session's checks over several probes, and those of each probe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_quant.gate.budget import Budget, Scope
from pytest_quant.gate.sequential import (
    common_looks,
    evaluate_in_turn,
    evaluate_looks,
)
from pytest_quant.gate.tolerance_check import (
    CheckResult,
    Paired,
    count_pairs,
    evaluate_tolerance,
)
from pytest_quant.metrics.measurement import Measurement, outcomes

# The limit in percentage points of a level for a category (``None``: all probes together).
LimitOf = Callable[[str, str | None], float]


# Against the reference of the session, or against the recorded baseline.
Kind = Literal["tolerance", "regression"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a session.

    ``subject`` is the node id of a probe, the name of a category, or ``overall``.
    """

    scope: Scope
    level: str
    subject: str
    category: str | None
    result: CheckResult
    kind: Kind = "tolerance"

    @property
    def name(self) -> str:
        """What it is called among the checks of its level: ``overall-regression``."""
        return self.subject if self.kind == "tolerance" else f"{self.subject}-regression"


@dataclass(frozen=True, slots=True)
class Group:
    """The probes at a level that one check takes together; ``category`` ``None``: all of them."""

    scope: Scope
    level: str
    category: str | None
    members: tuple[Measurement, ...]

    @property
    def subject(self) -> str:
        return self.category or "overall"

    @property
    def chance(self) -> float:
        """The share of its cases that guessing gets right."""
        cases = sum(len(m.cases) for m in self.members)
        return sum(m.chance * len(m.cases) for m in self.members) / cases if cases else 0.0


def groups(measurements: Sequence[Measurement]) -> Iterator[Group]:
    """What is checked over several probes: per level all of them, then each category.

    Levels and categories come in the order in which they were measured. Probes that say
    nothing about quantization take no part.
    """
    informative = [m for m in measurements if m.informative]
    for level in dict.fromkeys(m.level for m in informative):
        here = tuple(m for m in informative if m.level == level)
        yield Group("pooled", level, None, here)
        for category in dict.fromkeys(m.category for m in here):
            members = tuple(m for m in here if m.category == category)
            yield Group("category", level, category, members)


def pooled_checks(
    measurements: Sequence[Measurement],
    limit_of: LimitOf,
    budget: Budget,
    max_cases: int | None = None,
) -> tuple[Check, ...]:
    """The checks over several probes; ``max_cases``: so many at most were asked in turn."""
    return tuple(
        Check(
            group.scope,
            group.level,
            group.subject,
            group.category,
            group_result(group, limit_of, budget, max_cases),
        )
        for group in groups(measurements)
    )


def group_result(
    group: Group, limit_of: LimitOf, budget: Budget, max_cases: int | None
) -> CheckResult:
    """The tolerance check of a group of probes."""
    limit, alpha = limit_of(group.level, group.category), budget.alpha_for(group.scope)
    if max_cases is None:
        pairs = [pair for m in group.members for pair in outcomes(m)]
        return evaluate_tolerance(count_pairs(pairs), limit, alpha, group.chance)
    return evaluate_looks(group_looks(group, max_cases), limit, alpha, group.chance)


def group_looks(group: Group, max_cases: int) -> list[Paired]:
    """The counts of a group at every look that all of its probes have reached."""
    return common_looks([(outcomes(m), m.complete) for m in group.members], max_cases)


def probe_result(
    measurement: Measurement, limit: float, alpha: float, max_cases: int | None
) -> CheckResult:
    """The tolerance check of one probe at one level."""
    pairs, chance = outcomes(measurement), measurement.chance
    if max_cases is None:
        return evaluate_tolerance(count_pairs(pairs), limit, alpha, chance)
    return evaluate_in_turn(pairs, limit, alpha, chance, max_cases)
