"""Did a change of model, recipe or runtime make a level worse than its recorded baseline?

The same cases, then and now. Without a change nothing is lost, so the question is not whether
the drop is within what a level of its kind is allowed, but whether there is one. Over a number of
cases that was settled beforehand McNemar's exact test tells; over cases that came in turn, whose
number depends on what they brought, bets that hold at every look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_quant.gate.budget import Budget, Scope
from pytest_quant.gate.evidence import cases_to_settle, refutes, regressing_drop_in_turn
from pytest_quant.gate.sequential import (
    Compared,
    bounds_over,
    common_looks,
    is_enough,
    looks_up_to,
    own_looks,
    p_over,
)
from pytest_quant.gate.statistics import (
    MOST_CASES,
    cases_to_decide,
    mcnemar_drop,
    mcnemar_p,
    tango_bounds,
)
from pytest_quant.gate.tolerance_check import (
    CheckResult,
    CheckVerdict,
    Paired,
    count_pairs,
    over_looks,
)
from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.measurement import CaseResult, Measurement, answered

# The smallest drop worth failing for, in percentage points.
DEFAULT_DROP = 0.5

# The rate of losses that a check in turn still reckons with is a one-sided bound at this alpha.
# It decides what is spent, no verdict: 48 cases of a probe that loses nothing, where a bound as
# cautious as that of `sequential` would take 80 and find hardly more.
_SUSPICION = 0.1


@dataclass(frozen=True, slots=True)
class Turns:
    """How cases come in turn: up to ``max_cases``, and until a probe's own checks are settled.

    ``limit_of`` is the limit of a probe's tolerance check, in percentage points.
    """

    max_cases: int
    limit_of: Callable[[Measurement], float]


def evaluate_regression(counts: Paired, least_points: float, alpha: float) -> CheckResult:
    """Hold the outcomes of today against the recorded ones (``counts.reference_correct``).

    Fails if the exact one-sided McNemar test is significant at ``alpha`` and the drop seen is
    more than ``least_points`` percentage points; passes if the upper Tango bound of the drop is
    no more than that; is inconclusive otherwise. Raises ``ValueError`` without any case.
    """
    b, c, n = counts.b, counts.c, counts.n
    if n == 0:
        raise ValueError("no case is both recorded and answered")
    least = least_points / 100
    return _result(
        counts,
        tango_bounds(b, c, n, alpha),
        least_points,
        alpha,
        p=mcnemar_p(b, c),
        detectable=mcnemar_drop((b + c) / n, n, least, alpha),
        needed=cases_to_decide(b, c, n, _line(counts, least), alpha),
    )


def evaluate_regression_looks(
    looks: Sequence[Paired], least_points: float, alpha: float
) -> CheckResult:
    """The same after one or several looks at growing numbers of cases, by bets instead.

    It fails if the bets at any look refute that nothing is lost, and passes if they refute a drop
    of more than ``least_points``: the chance that either is ever wrong is at most ``alpha``. The
    drop that must be worth failing for is the one seen at the last look. Raises ``ValueError``
    without any case.
    """
    counts = looks[-1]
    b, c, n = counts.b, counts.c, counts.n
    if n == 0:
        raise ValueError("no case is both recorded and answered")
    least = least_points / 100
    return _result(
        counts,
        bounds_over(looks, alpha),
        least_points,
        alpha,
        p=p_over(looks),
        detectable=regressing_drop_in_turn((b + c) / n, n, least, alpha),
        needed=cases_to_settle(b, c, n, _line(counts, least), alpha),
        looks=len(looks),
    )


def _line(counts: Paired, least: float) -> float:
    """What is to be told apart: a drop worth failing for from none, a smaller one from that."""
    return 0.0 if (counts.b - counts.c) / counts.n > least else least


def _result(
    counts: Paired,
    bounds: tuple[float, float],
    least_points: float,
    alpha: float,
    *,
    p: float,
    detectable: float | None,
    needed: int | None,
    looks: int | None = None,
) -> CheckResult:
    """The verdict, whatever made the bounds, ``p`` and the forecasts (proportions)."""
    lower, upper = bounds
    drop, least = (counts.b - counts.c) / counts.n, least_points / 100
    verdict: CheckVerdict = "inconclusive"
    if p <= alpha and drop > least:
        verdict = "fail"
    elif upper <= least:
        verdict = "pass"
    if detectable is not None and detectable > counts.reference_correct / counts.n:
        detectable = None
    return CheckResult(
        verdict=verdict,
        counts=counts,
        drop=100 * drop,
        lower=100 * lower,
        upper=100 * upper,
        limit=least_points,
        alpha=alpha,
        p=p,
        detectable=None if detectable is None else 100 * detectable,
        cases_needed=needed if verdict == "inconclusive" else None,
        uninformative="",
        looks=looks,
    )


def is_regression_settled(
    looks: Sequence[Paired], least_points: float, alpha: float, most: int
) -> bool:
    """Whether a check in turn may stop, of which ``most`` cases can be compared at all.

    It has a verdict, or will hardly fail: not even if what is left were lost at the greatest rate
    that is likely. It never asks for more in order to pass: that takes a thousand cases
    of which none flips, and only a failure decides about a level.
    """
    if not looks or not looks[-1].n or looks[-1].n >= most:
        return True
    least, now = least_points / 100, looks[-1]
    worse = any(refutes(look.c, look.b, look.n, 0.0, alpha) for look in looks)
    if worse and now.b - now.c > least * now.n:
        return True
    if any(refutes(look.b, look.c, look.n, least, alpha) for look in looks):
        return True
    rate = tango_bounds(now.b, now.c, now.n, _SUSPICION)[1]
    lost = now.b + (most - now.n) * max(0.0, rate)
    significant = worse or refutes(now.c, lost, most, 0.0, alpha)
    return not (significant and lost - now.c > least * most)


def is_probe_settled(
    cases: Sequence[CaseResult],
    recorded: int,
    chance: float,
    limit_points: float,
    least_points: float,
    alpha: float,
    most: int,
) -> bool:
    """Whether neither of a probe's own checks asks for more than these cases.

    ``recorded`` of its first cases are in the baseline, ``most`` may be asked; ``limit_points``
    is the limit of its tolerance check.
    """
    return is_enough(answered(cases), limit_points, alpha, chance, most) and is_regression_settled(
        own_looks(compared(cases), most), least_points, alpha, min(most, recorded)
    )


def compared(cases: Sequence[CaseResult]) -> Compared:
    """``(right when recorded, right now)`` of every case, ``None`` if that is not known."""
    return [
        (case.recorded == "correct", case.level.correct)
        if case.level is not None and case.recorded is not None
        else None
        for case in cases
    ]


def regression_looks(members: Sequence[Measurement], max_cases: int) -> list[Paired]:
    """The counts over several probes at every look that all have reached of what is recorded."""
    return common_looks(
        [(compared(m.cases), not unasked(m, max_cases)) for m in members], max_cases
    )


def unasked(measurement: Measurement, max_cases: int) -> int:
    """How many recorded cases of a probe may still be asked, up to ``max_cases`` in all."""
    if measurement.complete:
        return 0
    return max(0, min(max_cases, measurement.recorded_cases) - len(measurement.cases))


def probe_regression(
    measurement: Measurement, least_points: float, budget: Budget, turns: Turns | None = None
) -> CheckResult | None:
    """The check of one probe at one level; ``None`` if none of its cases is recorded.

    Of cases in turn those count that the probe was asked for its own sake: what was asked later
    for a check over several probes changes no verdict.
    """
    alpha, cases = budget.alpha_for("probe"), measurement.cases
    if turns is not None:
        cases = _own_cases(measurement, least_points, alpha, turns)
    looks = own_looks(compared(cases), turns.max_cases if turns else len(cases))
    if not looks[-1].n:
        return None
    if turns is None:
        return evaluate_regression(looks[-1], least_points, alpha)
    return evaluate_regression_looks(looks, least_points, alpha)


def _own_cases(
    m: Measurement, least_points: float, alpha: float, turns: Turns
) -> tuple[CaseResult, ...]:
    limit, most = turns.limit_of(m), turns.max_cases
    for look in looks_up_to(len(m.cases)):
        first = m.cases[:look]
        if is_probe_settled(first, m.recorded_cases, m.chance, limit, least_points, alpha, most):
            return first
    return m.cases


def regression_checks(
    measurements: Sequence[Measurement],
    least_points: float,
    budget: Budget,
    turns: Turns | None = None,
) -> tuple[Check, ...]:
    """Per level the check over all probes, then one per category, then one per probe.

    Levels, categories and probes come in the order in which they were measured; what has no
    recorded case is left out, and so is what the level was not asked. ``turns`` says how cases
    came in turn, if they did.
    """
    checks: list[Check] = []
    informative = [m for m in measurements if m.informative]
    for level in dict.fromkeys(m.level for m in informative):
        here = [m for m in informative if m.level == level]
        groups: list[tuple[Scope, str, str | None, list[Measurement]]] = [
            ("pooled", "overall", None, here)
        ]
        for category in dict.fromkeys(m.category for m in here):
            members = [m for m in here if m.category == category]
            groups.append(("category", category, category, members))
        for scope, subject, of_category, members in groups:
            alpha = budget.alpha_for(scope)
            result = _group_regression(members, least_points, alpha, turns)
            if result is not None:
                checks.append(Check(scope, level, subject, of_category, result, "regression"))
        for m in here:
            result = probe_regression(m, least_points, budget, turns)
            if result is not None:
                checks.append(Check("probe", level, m.nodeid, m.category, result, "regression"))
    return tuple(checks)


def _group_regression(
    members: Sequence[Measurement], least_points: float, alpha: float, turns: Turns | None
) -> CheckResult | None:
    if turns is None:
        counts = count_pairs(pair for m in members for pair in compared(m.cases) if pair)
        return evaluate_regression(counts, least_points, alpha) if counts.n else None
    looks = regression_looks(members, turns.max_cases)
    if not looks or not looks[-1].n:
        return None
    return evaluate_regression_looks(looks, least_points, alpha)


def explain_regression(result: CheckResult) -> str:
    """Two lines: what was seen, and what this check was able to see."""
    counts = result.counts
    if result.verdict == "fail":
        head = f"{result.drop:.1f} points below its recorded baseline"
    else:
        head = f"drop {result.drop:.1f} points from its recorded baseline"
    first = (
        f"{head} [{result.lower:.1f}, {result.upper:.1f}], worth failing above "
        f"{result.limit:g}: {_FINDING[result.verdict]}; "
        f"b {counts.b}, c {counts.c}, n {counts.n}, p {result.p:.2g}"
    )
    if result.detectable is None:
        sight = "no drop that is possible here would fail 8 times in 10"
    else:
        sight = f"a true drop of {result.detectable:.1f} points would fail at least 8 times in 10"
    rule = "exact McNemar test" if result.looks is None else "bets that hold at every look"
    second = f"alpha {result.alpha:.2g}{over_looks(result)}, {rule}; {sight}"
    if result.verdict == "inconclusive":
        if result.cases_needed is None:
            second += f"; not even {MOST_CASES:,} cases would decide"
        else:
            second += (
                f"; {result.cases_needed:,} cases would decide if these rates are the true ones"
            )
    return f"{first}\n{second}"


_FINDING: dict[CheckVerdict, str] = {
    "pass": "shown not to be worse by more",
    "fail": "shown to be worse",
    "inconclusive": "not shown to be worse, nor not to be",
}
