"""From measurements to the session's checks over several probes, and those of each probe."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pytest_quant.gate.budget import Budget, Scope
from pytest_quant.gate.counting import Counting, Evidence, Kind, LimitOf
from pytest_quant.gate.level_order import pass_alpha
from pytest_quant.gate.sequential import evaluate_looks
from pytest_quant.gate.tolerance_check import Alphas, CheckResult, Paired, evaluate_tolerance
from pytest_quant.metrics.measurement import Measurement


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
    counting: Counting,
    order: Sequence[str],
    overall: Collection[str] = (),
) -> tuple[Check, ...]:
    """The tolerance checks over several probes; ``order``: the levels, that of most bits first.

    How sure a level must be to pass depends on whether those before it are `is_within` their
    limits; ``overall`` are the levels that have a limit of the user's for all probes together.
    """
    checks: list[Check] = []
    within: set[str] = set()
    found = sorted(groups(measurements), key=lambda group: order.index(group.level))
    for level in dict.fromkeys(group.level for group in found):
        to_pass = pass_alpha(level, order, within, budget.alpha)
        here = [
            _check(group, limit_of, Alphas(budget.alpha_for(group.scope), to_pass), counting)
            for group in found
            if group.level == level
        ]
        if is_within(here, overall=level in overall):
            within.add(level)
        checks += here
    levels = [*dict.fromkeys(m.level for m in measurements)]
    return tuple(sorted(checks, key=lambda check: levels.index(check.level)))


def _check(group: Group, limit_of: LimitOf, alphas: Alphas, counting: Counting) -> Check:
    evidence = counting.of_group(group.members, group.category, "tolerance")
    limit = limit_of(group.level, group.category)
    result = tolerance_of(evidence, limit, alphas, group.chance)
    return Check(group.scope, group.level, group.subject, group.category, result)


def is_within(checks: Iterable[Check], *, overall: bool = False) -> bool:
    """Whether a level is shown to be within its limits in every category.

    ``checks`` are its tolerance checks over several probes. Each must pass at the alpha of the
    level; that none of them may be missing pays for their number (an intersection-union test). One
    that can say nothing says nothing against it, but one at least must pass. ``overall``: the check
    over all probes must pass, too.
    """
    telling = [
        check.result.verdict
        for check in checks
        if (overall or check.scope == "category")
        # Nothing seen is no excuse: what was asked and cannot be counted is open.
        and not (check.result.uninformative and check.result.counts.n)
    ]
    return bool(telling) and all(verdict == "pass" for verdict in telling)


def tolerance_of(
    evidence: Evidence, limit_points: float, alphas: Alphas, chance: float
) -> CheckResult:
    """The result of a tolerance check, whichever way its cases came."""
    if isinstance(evidence, Paired):
        return evaluate_tolerance(evidence, limit_points, alphas, chance)
    return evaluate_looks(evidence, limit_points, alphas, chance)
