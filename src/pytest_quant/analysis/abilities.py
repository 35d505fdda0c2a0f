"""What an ability lost: of the probes that were asked, and of others like them.

Two questions, two intervals. *For these probes* the cases are what is drawn, and the probes are
what they are: that is what the gate decides by. *For probes like these* the probes themselves are
drawn, from all that one might have written for the same ability: that is what "numerical reasoning
lost 4 points" means to a person. The cases of one probe come from one template and fall together,
so the second interval counts probes, not cases.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_quant.analysis.estimates import Estimate
from pytest_quant.gate.statistics import tango_bounds
from pytest_quant.metrics.measurement import Measurement, outcomes

_ALPHA = 0.05

Kind = Literal["all", "category", "difficulty"]


@dataclass(frozen=True, slots=True)
class Ability:
    """What one level lost in one ability, in percentage points, over ``n`` cases of ``probes``.

    ``kind`` says what ``name`` is: a category, a difficulty ("1" to "5"), or all probes
    ("overall"). ``these`` bounds the drop for these probes, ``alike`` for probes like these, in
    which each probe counts the same; ``None``: a single probe says nothing of others.
    """

    level: str
    kind: Kind
    name: str
    probes: int
    n: int
    these: Estimate
    alike: Estimate | None


def abilities(measurements: Iterable[Measurement]) -> tuple[Ability, ...]:
    """By level: all probes together, each category, each difficulty.

    Probes that say nothing about quantization take no part.
    """
    asked = [m for m in measurements if m.informative and outcomes(m)]
    rows: list[Ability] = []
    for level in dict.fromkeys(m.level for m in asked):
        here = [m for m in asked if m.level == level]
        rows.append(_ability(level, "all", "overall", here))
        for category in sorted({m.category for m in here}):
            mine = [m for m in here if m.category == category]
            rows.append(_ability(level, "category", category, mine))
        for difficulty in sorted({m.difficulty for m in here}):
            mine = [m for m in here if m.difficulty == difficulty]
            rows.append(_ability(level, "difficulty", str(difficulty), mine))
    return tuple(rows)


def _ability(level: str, kind: Kind, name: str, members: Sequence[Measurement]) -> Ability:
    losses = [[100.0 * (before - now) for before, now in outcomes(m)] for m in members]
    return Ability(
        level=level,
        kind=kind,
        name=name,
        probes=len(losses),
        n=sum(map(len, losses)),
        these=for_these(losses),
        alike=for_probes_like(losses),
    )


def for_these(losses: Sequence[Sequence[float]], alpha: float = _ALPHA) -> Estimate:
    """The mean loss of the cases of these probes, two-sided at ``alpha``.

    ``losses`` hold, by probe, what each case lost, between -100 and 100 percentage points. The
    bounds are Tango's: unlike those of a standard error they do not close where no case flipped.
    A loss of half a case, one that some levels lost and others did not, counts as half a flip;
    that overstates its variance, never the other way.
    """
    cases = [loss for of in losses for loss in of]
    lost = math.fsum(max(0.0, loss) for loss in cases) / 100
    won = math.fsum(max(0.0, -loss) for loss in cases) / 100
    lower, upper = tango_bounds(lost, won, len(cases), alpha / 2)
    return Estimate(100 * (lost - won) / len(cases), 100 * lower, 100 * upper)


def for_probes_like(losses: Sequence[Sequence[float]], alpha: float = _ALPHA) -> Estimate | None:
    """The mean loss of probes like these, two-sided at ``alpha``; ``None`` for less than two.

    Every probe counts the same, however many cases it was asked: so the mean of ``g`` probes has
    Student's t with ``g - 1`` degrees of freedom, and the small-sample correction CR2 of clustered
    errors (Bell and McCaffrey, "Bias reduction in standard errors for linear regression with
    multi-stage samples", 2002) is ``g / (g - 1)``, exactly. What probes have in common by luck
    cannot make others more alike than their cases are certain: the interval is never narrower than
    the one for these probes, so it does not close where few probes flipped, or none.
    """
    count = len(losses)
    if count < 2:
        return None
    from scipy.special import stdtrit

    means = [math.fsum(of) / len(of) for of in losses]
    mean = math.fsum(means) / count
    squares = math.fsum((value - mean) ** 2 for value in means)
    margin = float(stdtrit(count - 1, 1 - alpha / 2)) * math.sqrt(squares / (count - 1) / count)
    these = for_these(losses, alpha)
    return Estimate(
        mean,
        max(-100.0, min(mean - margin, these.lower)),
        min(100.0, max(mean + margin, these.upper)),
    )


def difference_for_probes_like(
    first: Sequence[Sequence[float]], second: Sequence[Sequence[float]], alpha: float
) -> Estimate | None:
    """What probes like the first lose more than those like the second, two-sided at ``alpha``.

    The bounds of both are put together as Zou and Donner do ("Construction of confidence limits
    about effect measures", Statistics in Medicine 27, 2008): unlike a standard error, they leave
    room for the flips of probes that have shown none. ``None``: one of the two is a single probe.
    """
    mine, other = for_probes_like(first, alpha), for_probes_like(second, alpha)
    if mine is None or other is None:
        return None
    value = mine.value - other.value
    below = math.hypot(mine.value - mine.lower, other.upper - other.value)
    above = math.hypot(mine.upper - mine.value, other.value - other.lower)
    return Estimate(value, value - below, value + above)
