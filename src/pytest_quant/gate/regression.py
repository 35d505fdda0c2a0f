"""Did a change of model, recipe or runtime make a level worse than its recorded baseline?

The same cases, then and now. Without a change nothing is lost, so the question is not whether
the drop is within what a level of its kind is allowed, but whether there is one.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_quant.gate.budget import Budget, Scope
from pytest_quant.gate.statistics import (
    MOST_CASES,
    cases_to_decide,
    mcnemar_drop,
    mcnemar_p,
    tango_bounds,
)
from pytest_quant.gate.tolerance_check import CheckResult, CheckVerdict, Paired, count_pairs
from pytest_quant.gate.verdicts import Check
from pytest_quant.measurement import Measurement

# The smallest drop worth failing for, in percentage points.
DEFAULT_DROP = 0.5


def evaluate_regression(counts: Paired, least_points: float, alpha: float) -> CheckResult:
    """Hold the outcomes of today against the recorded ones (``counts.reference_correct``).

    Fails if the exact one-sided McNemar test is significant at ``alpha`` and the drop seen is
    more than ``least_points`` percentage points; passes if the upper Tango bound of the drop is
    no more than that; is inconclusive otherwise. Raises ``ValueError`` without any case.
    """
    b, c, n = counts.b, counts.c, counts.n
    if n == 0:
        raise ValueError("no case is both recorded and answered")
    least, drop, p = least_points / 100, (b - c) / n, mcnemar_p(b, c)
    lower, upper = tango_bounds(b, c, n, alpha)
    verdict: CheckVerdict = "inconclusive"
    if p <= alpha and drop > least:
        verdict = "fail"
    elif upper <= least:
        verdict = "pass"
    detectable = mcnemar_drop((b + c) / n, n, least, alpha)
    if detectable is not None and detectable > counts.reference_correct / n:
        detectable = None
    # A drop worth failing for has yet to be told from none; a smaller one from one worth it.
    line = 0.0 if drop > least else least
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
        cases_needed=cases_to_decide(b, c, n, line, alpha) if verdict == "inconclusive" else None,
        uninformative="",
    )


def recorded_outcomes(measurement: Measurement) -> list[tuple[bool, bool]]:
    """``(right when recorded, right now)`` of every case that is recorded and was answered."""
    return [
        (case.recorded == "correct", case.level.correct)
        for case in measurement.cases
        if case.level is not None and case.recorded is not None
    ]


def probe_regression(
    measurement: Measurement, least_points: float, budget: Budget
) -> CheckResult | None:
    """The check of one probe at one level; ``None`` if none of its cases is recorded."""
    counts = count_pairs(recorded_outcomes(measurement))
    if counts.n == 0:
        return None
    return evaluate_regression(counts, least_points, budget.alpha_for("probe"))


def regression_checks(
    measurements: Sequence[Measurement], least_points: float, budget: Budget
) -> tuple[Check, ...]:
    """Per level the check over all probes, then one per category, then one per probe.

    Levels, categories and probes come in the order in which they were measured; what has no
    recorded case is left out.
    """
    checks: list[Check] = []
    for level in dict.fromkeys(m.level for m in measurements):
        here = [m for m in measurements if m.level == level]
        groups: list[tuple[Scope, str, str | None, list[Measurement]]] = [
            ("pooled", "overall", None, here)
        ]
        for category in dict.fromkeys(m.category for m in here):
            members = [m for m in here if m.category == category]
            groups.append(("category", category, category, members))
        groups += [("probe", m.nodeid, m.category, [m]) for m in here]
        for scope, subject, of_category, members in groups:
            counts = count_pairs(pair for m in members for pair in recorded_outcomes(m))
            if counts.n:
                result = evaluate_regression(counts, least_points, budget.alpha_for(scope))
                checks.append(Check(scope, level, subject, of_category, result, "regression"))
    return tuple(checks)


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
        sight = "too few cases to fail even if all that was recorded as right were lost"
    else:
        sight = f"a true drop of {result.detectable:.1f} points would fail at least 8 times in 10"
    second = f"alpha {result.alpha:.2g}; {sight}"
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
