"""How much less likely a level finds the right answers than the reference does, by category.

It takes a few cases where right and wrong takes hundreds, so it tells early where damage sits and
where more cases are worth their time. It is another quantity than a drop in accuracy, and decides
no tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_quant.metrics.measurement import Measurement
from pytest_quant.metrics.targets import Mean, against_reference, log_odds_lost, points_lost


@dataclass(frozen=True, slots=True)
class LikelihoodDrop:
    """The drop of a level in a category, over all of them where ``category`` is ``None``.

    ``log_odds`` are lost log-odds of a token of the right answer, ``points`` lost probability of
    the whole of it in percentage points; both reference less level, so that a loss is positive.
    ``silent`` of the probes tell nothing by accuracy, as the reference only guesses.
    """

    level: str
    category: str | None
    probes: int
    targets: int
    silent: int
    log_odds: Mean
    points: Mean


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
    pairs = {m.nodeid: known for m in members if (known := against_reference(m.targets))}
    if not pairs:
        return None
    return LikelihoodDrop(
        level,
        category,
        probes=len(pairs),
        targets=sum(map(len, pairs.values())),
        silent=sum(bool(m.uninformative) for m in members if m.nodeid in pairs),
        log_odds=log_odds_lost(pairs.values()),
        points=points_lost(pairs.values()),
    )
