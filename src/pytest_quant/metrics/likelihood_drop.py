"""How much less likely a level finds the right answers than the reference does, by category.

It takes a few cases where right and wrong takes hundreds, so it tells early where damage sits and
where more cases are worth their time. It is another quantity than a drop in accuracy, and decides
no tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_quant.metrics.measurement import Measurement
from pytest_quant.metrics.targets import Mean, present


@dataclass(frozen=True, slots=True)
class LikelihoodDrop:
    """The drop of a level in a category, over all of them where ``category`` is ``None``.

    ``points`` is lost probability of the whole right answer in percentage points, ``nats`` lost
    log-probability of a token of it; both reference less level, so that a loss is positive.
    ``silent`` of the probes tell nothing by accuracy, as the reference only guesses.
    """

    level: str
    category: str | None
    probes: int
    targets: int
    silent: int
    points: Mean
    nats: Mean


def likelihood_drops(measurements: Sequence[Measurement]) -> tuple[LikelihoodDrop, ...]:
    """By level, in the order of the measurements: each category, then all of them.

    What has no target of which the reference is known is left out.
    """
    drops = []
    for level in dict.fromkeys(m.level for m in measurements):
        here = [m for m in measurements if m.level == level and m.targets]
        for category in (*dict.fromkeys(m.category for m in here), None):
            members = [m for m in here if category in (None, m.category)]
            if found := _drop(level, category, members):
                drops.append(found)
    return tuple(drops)


def _drop(
    level: str, category: str | None, members: Sequence[Measurement]
) -> LikelihoodDrop | None:
    points = Mean.over(present(target.points for target in m.targets) for m in members)
    nats = Mean.over(present(target.nats for target in m.targets) for m in members)
    if points is None or nats is None:
        return None
    known = [m for m in members if any(target.nats is not None for target in m.targets)]
    return LikelihoodDrop(
        level,
        category,
        probes=len(known),
        targets=sum(len(present(target.nats for target in m.targets)) for m in known),
        silent=sum(bool(m.uninformative) for m in known),
        points=points,
        nats=nats,
    )
