"""From measurements to the session's checks, and from checks to a verdict for every level."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_quant.gate.budget import Budget, Scope
from pytest_quant.gate.divergence_regression import DivergenceCheck
from pytest_quant.gate.tolerance_check import (
    CheckResult,
    CheckVerdict,
    count_pairs,
    evaluate_tolerance,
)
from pytest_quant.measurement import Measurement, outcomes

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


def pooled_checks(
    measurements: Sequence[Measurement], limit_of: LimitOf, budget: Budget
) -> tuple[Check, ...]:
    """The checks over several probes: per level the pooled one, then one per category.

    Levels and categories come in the order in which they were measured. Probes that say
    nothing about quantization take no part.
    """
    informative = [m for m in measurements if m.informative]
    checks: list[Check] = []
    for level in dict.fromkeys(m.level for m in informative):
        here = [m for m in informative if m.level == level]
        checks.append(_check("pooled", level, None, here, limit_of, budget))
        for category in dict.fromkeys(m.category for m in here):
            members = [m for m in here if m.category == category]
            checks.append(_check("category", level, category, members, limit_of, budget))
    return tuple(checks)


def _check(
    scope: Scope,
    level: str,
    category: str | None,
    members: Sequence[Measurement],
    limit_of: LimitOf,
    budget: Budget,
) -> Check:
    pairs = [pair for m in members for pair in outcomes(m)]
    guessed = sum(m.chance * len(m.cases) for m in members)
    result = evaluate_tolerance(
        count_pairs(pairs),
        limit_of(level, category),
        budget.alpha_for(scope),
        guessed / len(pairs) if pairs else 0.0,
    )
    return Check(scope, level, category or "overall", category, result)


def level_verdict(
    checks: Iterable[Check], level: str, divergence: Iterable[DivergenceCheck] = ()
) -> CheckVerdict:
    """A level fails if any of its checks fails; otherwise the pooled tolerance check decides."""
    here = [check for check in checks if check.level == level]
    verdicts = [check.result.verdict for check in here]
    verdicts += [check.result.verdict for check in divergence if check.level == level]
    if "fail" in verdicts:
        return "fail"
    pooled = [c.result.verdict for c in here if (c.scope, c.kind) == ("pooled", "tolerance")]
    return pooled[0] if pooled else "inconclusive"
