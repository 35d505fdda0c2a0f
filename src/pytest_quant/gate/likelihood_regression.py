"""Does a level find the right answers less likely than it was recorded to?

The third regression check, beside those of correctness and of divergence: continuous, so a few
cases show what hundreds of right and wrong answers do not, and about abilities, which a divergence
is not. Which cases are read depends on the probes alone and all are read in any session, so one
test at the end holds however many cases the other checks ask for, and whatever ended the asking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_quant.base.amounts import counted
from pytest_quant.gate.budget import Budget
from pytest_quant.gate.tolerance_check import CheckVerdict
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.metrics.targets import Mean, against_record, log_odds_lost, points_lost

# The smallest drop worth failing for, in log-odds.
DEFAULT_LEAST = 0.05


@dataclass(frozen=True, slots=True)
class LikelihoodResult:
    """A verdict on the mean log-odds of a token of the right answers.

    ``drop``, its one-sided bounds ``lower`` and ``upper`` at ``alpha`` (``None`` for a single
    probe), ``limit`` and ``detectable`` are log-odds, recorded less now: the mean over ``probes``,
    each of which counts the same, with ``targets`` in all. ``points`` is the drop of the
    probability of whole answers, in percentage points. ``worst`` is the probe that lost most, in
    words. ``detectable`` is the true drop that would fail at least 8 times in 10 if probes differ
    as they do here.
    """

    verdict: CheckVerdict
    probes: int
    targets: int
    drop: float
    lower: float | None
    upper: float | None
    limit: float
    alpha: float
    p: float
    points: float
    worst: str
    detectable: float | None


@dataclass(frozen=True, slots=True)
class LikelihoodCheck:
    """The comparison of one level with its record, over a category or over all probes."""

    scope: Literal["pooled", "category"]
    level: str
    subject: str
    category: str | None
    result: LikelihoodResult

    @property
    def name(self) -> str:
        """What it is called among the checks of its level."""
        return f"{self.subject}-likelihood-regression"


def evaluate_likelihood(
    members: Sequence[Measurement], alpha: float, least: float = DEFAULT_LEAST
) -> LikelihoodResult | None:
    """Compare the targets that are recorded; ``None`` if there is none.

    Fails if the mean is significantly lower at ``alpha`` (one-sided) and by more than ``least``,
    passes if it is shown not to be lower by more, is inconclusive otherwise. The test is Student's
    over the means of probes. It asks no probe to vary as another does: where each is normal with a
    spread of its own it errs on the safe side (Ibragimov and Mueller, 2010).
    """
    compared = {m.nodeid: pairs for m in members if (pairs := against_record(m.targets))}
    if not compared:
        return None
    mean = log_odds_lost(compared.values())
    verdict, p = judged(mean, alpha, least)
    lower, upper = _bounds(mean, alpha)
    lost = {nodeid: log_odds_lost([pairs]).value for nodeid, pairs in compared.items()}
    worst = max(lost, key=lost.__getitem__)
    return LikelihoodResult(
        verdict=verdict,
        probes=mean.probes,
        targets=sum(map(len, compared.values())),
        drop=mean.value,
        lower=lower,
        upper=upper,
        limit=least,
        alpha=alpha,
        p=p,
        points=points_lost(compared.values()).value,
        worst=f"{worst}: {lost[worst]:.3g}",
        detectable=_detectable(mean, alpha, least),
    )


def judged(mean: Mean, alpha: float, least: float = DEFAULT_LEAST) -> tuple[CheckVerdict, float]:
    """The verdict on a mean drop, and its p-value against no drop at all."""
    p, (_, upper) = _p_above_zero(mean), _bounds(mean, alpha)
    if p <= alpha and mean.value > least:
        return "fail", p
    return "pass" if upper is not None and upper <= least else "inconclusive", p


def likelihood_checks(
    measurements: Sequence[Measurement], budget: Budget
) -> tuple[LikelihoodCheck, ...]:
    """Per level the check over all probes, then one per category, in the order of measuring.

    Probes of which the reference only guesses take part: there, too, a right answer may become
    less likely. What has no recorded target is left out.
    """
    checks: list[LikelihoodCheck] = []
    for level in dict.fromkeys(m.level for m in measurements):
        here = [m for m in measurements if m.level == level]
        groups: list[tuple[Literal["pooled", "category"], str | None]] = [("pooled", None)]
        groups += [("category", name) for name in dict.fromkeys(m.category for m in here)]
        for scope, category in groups:
            members = [m for m in here if category in (None, m.category)]
            result = evaluate_likelihood(members, budget.alpha_for(scope))
            if result is not None:
                subject = category or "overall"
                checks.append(LikelihoodCheck(scope, level, subject, category, result))
    return tuple(checks)


def _p_above_zero(mean: Mean) -> float:
    if mean.error is None or mean.value <= 0:
        return 1.0
    from scipy.special import stdtr

    return float(stdtr(mean.probes - 1, -mean.value / mean.error)) if mean.error else 0.0


def _bounds(mean: Mean, alpha: float) -> tuple[float, float] | tuple[None, None]:
    if mean.error is None:
        return None, None
    from scipy.special import stdtrit

    reach = float(stdtrit(mean.probes - 1, 1 - alpha)) * mean.error
    return mean.value - reach, mean.value + reach


def _detectable(mean: Mean, alpha: float, least: float) -> float | None:
    if mean.error is None:
        return None
    from scipy.special import stdtrit

    found, missed = (float(stdtrit(mean.probes - 1, p)) for p in (1 - alpha, 0.8))
    return max(found * mean.error, least) + missed * mean.error


def told_in_a_line(result: LikelihoodResult) -> str:
    """What was seen, for a person who knows what it was recorded for."""
    bounds = ""
    if result.lower is not None and result.upper is not None:
        bounds = f" [{_shown(result.lower)}, {_shown(result.upper)}]"
    return (
        f"right answers lost {_shown(result.drop)}{bounds} log-odds, "
        f"{_shown(result.points, 1)} points of probability, "
        f"{counted(result.targets, 'answer')} of {counted(result.probes, 'probe')}, "
        f"p {result.p:.2g}"
    )


def _shown(value: float, digits: int = 3) -> str:
    """A number without a minus before nothing."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def explain_likelihood(result: LikelihoodResult) -> str:
    """Two lines: what was seen, and by what rule."""
    first = (
        f"{told_in_a_line(result)}, since they were recorded, worth failing above "
        f"{result.limit:g}: {_FINDING[result.verdict]}"
    )
    second = f"alpha {result.alpha:.2g}, Student's t over probes"
    if result.detectable is not None:
        second += f"; a true drop of {result.detectable:.2g} would fail at least 8 times in 10"
    return f"{first}\n{second}"


_FINDING: dict[CheckVerdict, str] = {
    "pass": "shown not to be less likely by more",
    "fail": "shown to be less likely",
    "inconclusive": "not shown to be less likely, nor not to be",
}
