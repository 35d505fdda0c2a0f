"""Did a change of model, recipe or runtime make a level worse than its recorded baseline?

The same cases, then and now. Without a change nothing is lost, so the question is not whether
the drop is within what a level of its kind is allowed, but whether there is one. Over a number of
cases that was settled beforehand McNemar's exact test tells; over cases that came in turn, whose
number depends on what they brought, bets that hold at every look.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from pytest_quant.base.amounts import counted
from pytest_quant.gate.budget import Budget
from pytest_quant.gate.counting import Counting, Evidence
from pytest_quant.gate.evidence import cases_to_settle, regressing_drop_in_turn
from pytest_quant.gate.sequential import Look, bounds_over, p_over
from pytest_quant.gate.statistics import (
    MOST_CASES,
    cases_to_decide,
    mcnemar_drop,
    mcnemar_p,
    tango_bounds,
)
from pytest_quant.gate.tolerance_check import CheckResult, CheckVerdict, Paired, flips, over_looks
from pytest_quant.gate.verdicts import Check, groups
from pytest_quant.metrics.measurement import Measurement

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
    looks: Sequence[Look], least_points: float, alpha: float
) -> CheckResult:
    """The same after one or several looks at growing numbers of cases, by bets instead.

    It fails if the bets at any look refute that nothing is lost, and passes if they refute a drop
    of more than ``least_points``: the chance that either is ever wrong is at most ``alpha``. The
    drop that must be worth failing for is the one seen at the last look. Raises ``ValueError``
    without any case.
    """
    counts = looks[-1].counts
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
        pass_alpha=alpha,
        p=p,
        detectable=None if detectable is None else 100 * detectable,
        cases_needed=needed if verdict == "inconclusive" else None,
        uninformative="",
        looks=looks,
    )


def probe_regression(
    measurement: Measurement,
    least_points: float,
    alpha: float,
    counting: Counting,
    *,
    same_file: bool = False,
) -> CheckResult | None:
    """The check of one probe at one level; ``None`` if none of its cases is recorded."""
    evidence = counting.of_probe(measurement, "regression")
    return _evaluate(evidence, least_points, alpha, same_file=same_file)


def regression_checks(
    measurements: Sequence[Measurement],
    least_points: float,
    budget: Budget,
    counting: Counting,
    same_files: Collection[str] = (),
) -> tuple[Check, ...]:
    """Per level the check over all probes, then one per category, then one per probe.

    Levels, categories and probes come in the order in which they were measured; what has no
    recorded case is left out, and so is what the level was not asked. ``same_files`` are the levels
    whose file is the recorded one: whose outcomes are as well is as it was recorded.
    """
    checks: list[Check] = []
    informative = [m for m in measurements if m.informative]
    for level in dict.fromkeys(m.level for m in informative):
        here = [m for m in informative if m.level == level]
        same = level in same_files
        for group in groups(here):
            evidence = counting.of_group(group.members, group.category, "regression")
            alpha = budget.alpha_for(group.scope)
            result = _evaluate(evidence, least_points, alpha, same_file=same)
            if result is not None:
                subject, category = group.subject, group.category
                checks.append(Check(group.scope, level, subject, category, result, "regression"))
        for m in here:
            alpha = budget.alpha_for("probe")
            result = probe_regression(m, least_points, alpha, counting, same_file=same)
            if result is not None:
                checks.append(Check("probe", level, m.nodeid, m.category, result, "regression"))
    return tuple(checks)


def _evaluate(
    evidence: Evidence, least_points: float, alpha: float, *, same_file: bool
) -> CheckResult | None:
    """``None`` without a case that is both recorded and answered."""
    if isinstance(evidence, Paired):
        result = evaluate_regression(evidence, least_points, alpha) if evidence.n else None
    elif not evidence or not evidence[-1].counts.n:
        result = None
    else:
        result = evaluate_regression_looks(evidence, least_points, alpha)
    if result is not None and same_file and not result.counts.b + result.counts.c:
        return replace(result, verdict="pass", cases_needed=None, unchanged=True)
    return result


def explain_regression(result: CheckResult) -> str:
    """Two lines: what was seen, and what this check was able to see."""
    counts = result.counts
    if result.unchanged:
        return f"as recorded: the same file, and the same outcome of {counted(counts.n, 'case')}"
    if result.verdict == "fail":
        head = f"{result.drop:.1f} points below its recorded baseline"
    else:
        head = f"drop {result.drop:.1f} points from its recorded baseline"
    first = (
        f"{head} [{result.lower:.1f}, {result.upper:.1f}], worth failing above "
        f"{result.limit:g}: {_FINDING[result.verdict]}; "
        f"{flips(counts)}, p {result.p:.2g}"
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
            needed = counted(result.cases_needed, "case")
            second += f"; {needed} would decide if these rates are the true ones"
    return f"{first}\n{second}"


_FINDING: dict[CheckVerdict, str] = {
    "pass": "shown not to be worse by more",
    "fail": "shown to be worse",
    "inconclusive": "not shown to be worse, nor not to be",
}
