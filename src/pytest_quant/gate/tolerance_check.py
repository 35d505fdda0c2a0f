"""Is a level's degradation beyond what a level of its kind is allowed?

The verdict has three values, because a sample has three: it shows that the drop is within the
limit, it shows that the drop is beyond it, or it shows neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pytest_quant.base.amounts import counted, in_points
from pytest_quant.gate.statistics import (
    MOST_CASES,
    binomial_tail,
    cases_to_decide,
    failing_drop,
    mcnemar_p,
    tango_bounds,
)

CheckVerdict = Literal["pass", "fail", "inconclusive"]

# How sure it must be that the reference does better than guessing. Not part of the error budget,
# as it fails nothing. Strict, because a guessing probe that slips through has a lucky reference,
# and would show a drop where nothing was lost.
ABOVE_CHANCE_ALPHA = 0.01


@dataclass(frozen=True, slots=True)
class Paired:
    """Counts of the same ``n`` cases at the reference and at a level.

    ``b`` cases were right at the reference and wrong at the level, ``c`` the other way round.
    Raises ``ValueError`` if the counts contradict each other.
    """

    b: int
    c: int
    n: int
    reference_correct: int
    level_correct: int

    def __post_init__(self) -> None:
        both_right = self.reference_correct - self.b
        if (
            min(self.b, self.c, both_right) < 0
            or both_right + self.b + self.c > self.n
            or both_right + self.c != self.level_correct
        ):
            raise ValueError(f"contradictory counts: {self}")


def count_pairs(outcomes: Iterable[tuple[bool, bool]]) -> Paired:
    """Counts of ``(right at the reference, right at the level)``, one pair a case."""
    pairs = list(outcomes)
    return Paired(
        b=sum(reference and not level for reference, level in pairs),
        c=sum(level and not reference for reference, level in pairs),
        n=len(pairs),
        reference_correct=sum(reference for reference, _ in pairs),
        level_correct=sum(level for _, level in pairs),
    )


def pool(counts: Iterable[Paired]) -> Paired:
    """The counts of disjoint sets of cases taken together."""
    parts = list(counts)
    return Paired(
        b=sum(part.b for part in parts),
        c=sum(part.c for part in parts),
        n=sum(part.n for part in parts),
        reference_correct=sum(part.reference_correct for part in parts),
        level_correct=sum(part.level_correct for part in parts),
    )


@dataclass(frozen=True, slots=True)
class Alphas:
    """How sure a check must be, one-sided: ``to_fail``, its share of the session's false alarms,
    and ``to_pass``, which no one shares, since a level passes only if all of its checks do.
    """

    to_fail: float
    to_pass: float

    def towards(self, counts: Paired, limit: float) -> float:
        """That of the verdict on whose side of the limit (a proportion) the drop lies."""
        return self.to_fail if counts.b - counts.c > limit * counts.n else self.to_pass


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A verdict with everything it rests on.

    ``drop``, ``lower``, ``upper``, ``limit`` and ``detectable`` are percentage points of
    accuracy. ``lower`` bounds the drop one-sided at ``alpha``, at which the check fails, ``upper``
    at ``pass_alpha``, at which it passes; ``p`` is the p-value against no drop at all. ``looks`` is
    how often a check of cases in turn has looked: then bounds and ``p`` hold at all looks together.
    It is ``None`` if the number of cases was settled beforehand: then ``p`` is McNemar's, exact.
    ``detectable`` is the true drop that this check would have failed with power 0.8; ``None`` if
    not even losing all that the reference got right would do. ``cases_needed`` is how many cases
    would turn an inconclusive result into a verdict at that power; ``None`` if it is decided, or if
    nothing realistic would. ``uninformative`` says why the check cannot say anything about
    quantization, else it is empty; such a check never passes. ``unchanged``: of the very file that
    was recorded every outcome is as it was; it passes without being shown anything.
    """

    verdict: CheckVerdict
    counts: Paired
    drop: float
    lower: float
    upper: float
    limit: float
    alpha: float
    pass_alpha: float
    p: float
    detectable: float | None
    cases_needed: int | None
    uninformative: str
    looks: int | None = None
    unchanged: bool = False


def evaluate_tolerance(
    counts: Paired, limit_points: float, alphas: Alphas, chance: float = 0.0
) -> CheckResult:
    """Hold the drop of ``counts`` against a limit in percentage points.

    Fails if the lower bound of the drop is above the limit, passes if the upper bound is not,
    and is inconclusive otherwise. ``chance`` is the accuracy of guessing on these cases, as a
    proportion. A check that `uninformative` objects to is inconclusive unless it fails.
    """
    b, c, n = counts.b, counts.c, counts.n
    limit = limit_points / 100
    lower, _ = tango_bounds(b, c, n, alphas.to_fail)
    _, upper = tango_bounds(b, c, n, alphas.to_pass)
    return tolerance_result(
        counts,
        (lower, upper),
        limit_points,
        alphas,
        chance,
        p=mcnemar_p(b, c),
        detectable=failing_drop((b + c) / n, n, limit, alphas.to_fail) if n else None,
        needed=cases_to_decide(b, c, n, limit, alphas.towards(counts, limit)),
    )


def tolerance_result(
    counts: Paired,
    bounds: tuple[float, float],
    limit_points: float,
    alphas: Alphas,
    chance: float,
    *,
    p: float,
    detectable: float | None,
    needed: int | None,
    looks: int | None = None,
) -> CheckResult:
    """The verdict that bounds of the drop lead to, whatever made them.

    ``bounds`` and ``detectable`` are proportions; ``detectable`` and ``needed`` say what this
    kind of bounds could have seen, and how many cases it needs. ``p`` and ``looks`` as in the
    result.
    """
    b, c, n = counts.b, counts.c, counts.n
    lower, upper = bounds
    limit = limit_points / 100
    verdict: CheckVerdict = "inconclusive"
    excuse = ""
    if lower > limit:
        verdict = "fail"
    elif reason := uninformative(counts.reference_correct, n, limit_points, chance):
        excuse = reason
    elif upper <= limit:
        verdict = "pass"
    if detectable is not None and detectable > counts.reference_correct / n:
        detectable = None
    undecided = verdict == "inconclusive" and not excuse
    return CheckResult(
        verdict=verdict,
        counts=counts,
        drop=100 * (b - c) / n if n else 0.0,
        lower=100 * lower,
        upper=100 * upper,
        limit=limit_points,
        alpha=alphas.to_fail,
        pass_alpha=alphas.to_pass,
        p=p,
        detectable=None if detectable is None else 100 * detectable,
        cases_needed=needed if undecided else None,
        uninformative=excuse,
        looks=looks,
    )


def guessing(
    reference_correct: int, n: int, chance: float = 0.0, alpha: float = ABOVE_CHANCE_ALPHA
) -> str | None:
    """Why the reference is not shown to do better than guessing, or ``None`` if it is.

    An exact binomial test; where nothing can be guessed, one right answer suffices.
    """
    if n == 0:
        return "there is no case that both levels answered"
    if binomial_tail(reference_correct, n, chance) <= alpha:
        return None
    return (
        f"{_seen(reference_correct, n)}, which is not distinguishable from "
        f"the {100 * chance:.3g} % of guessing"
    )


def uninformative(
    reference_correct: int, n: int, limit_points: float, chance: float = 0.0
) -> str | None:
    """Why a tolerance check over these cases cannot say anything, or ``None`` if it can.

    Either the reference is only `guessing`, or its accuracy above chance is no more than the
    limit: then even a level which lost the ability altogether would be within it, and a pass
    would be empty. Both are judged from the reference alone, whatever the level did.
    """
    if reason := guessing(reference_correct, n, chance):
        return reason
    if 100 * (reference_correct / n - chance) > limit_points:
        return None
    return (
        f"{_seen(reference_correct, n)}, no more than the limit of {in_points(limit_points)} above "
        f"the {100 * chance:.3g} % of guessing: "
        "a level that lost the ability altogether would be within the limit"
    )


def _seen(reference_correct: int, n: int) -> str:
    return f"the reference answers {reference_correct} of {counted(n, 'case')} correctly"


def explain(result: CheckResult) -> str:
    """One or two lines: what was seen, and what this check was able to see."""
    counts = result.counts
    if result.uninformative:
        return f"uninformative: {result.uninformative}"
    first = (
        f"drop {result.drop:.1f} points [{result.lower:.1f}, {result.upper:.1f}], "
        f"limit {result.limit:g}: {_FINDING[result.verdict]}; "
        f"{flips(counts)}, p {result.p:.2g}"
    )
    if result.detectable is None:
        sight = "no drop that is possible here would fail 8 times in 10"
    else:
        sight = f"a true drop of {result.detectable:.1f} points would fail at least 8 times in 10"
    second = (
        f"alpha {result.alpha:.2g} to fail, {result.pass_alpha:.2g} to pass{over_looks(result)}; "
        f"{sight}"
    )
    if result.verdict == "inconclusive":
        second += f"; {_remedy(result)}"
    return f"{first}\n{second}"


def flips(counts: Paired) -> str:
    """``61 lost, 14 won of 960 cases``"""
    return f"{counts.b:,} lost, {counts.c:,} won of {counted(counts.n, 'case')}"


def over_looks(result: CheckResult) -> str:
    """For behind a p-value or an alpha: at how many looks it holds; empty for a fixed number."""
    if result.looks is None:
        return ""
    return f" over {counted(result.looks, 'look')}"


_FINDING: dict[CheckVerdict, str] = {
    "pass": "shown to be within it",
    "fail": "shown to be beyond it",
    "inconclusive": "not shown to be on either side of it",
}


def _remedy(result: CheckResult) -> str:
    if result.cases_needed is None:
        return f"so near its limit, not even {MOST_CASES:,} cases would decide"
    return f"{counted(result.cases_needed, 'case')} would decide if these rates are the true ones"
