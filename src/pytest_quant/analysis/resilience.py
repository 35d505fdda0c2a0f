"""What the guide's three lists lost in this run, and in which order, where it is shown.

The guide lists what is most resilient, moderately affected and most sensitive. Probes stand for
each entry; what those of one list lost is held against those of another, for probes like these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from pytest_quant.analysis.abilities import (
    difference_for_probes_like,
    for_probes_like,
    for_these,
)
from pytest_quant.analysis.estimates import Estimate
from pytest_quant.analysis.guide import ListEntry
from pytest_quant.metrics.measurement import Measurement, outcomes

ListOrder = Literal["as the guide says", "against the guide", "not shown"]

# Of all orders that a session may claim together.
_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class ListDrop:
    """What one level lost over the probes of one list, in percentage points.

    The bounds are for probes like these, in which each probe counts the same; of a single probe
    they are for this one. ``entries`` of the list's five were asked in at least one probe.
    """

    level: str
    name: str
    entries: int
    probes: int
    n: int
    drop: Estimate


@dataclass(frozen=True, slots=True)
class ListComparison:
    """How much more one level lost in the list ``more`` than in ``less``, as the guide expects.

    The bounds of ``excess`` count probes and allow for all comparisons of the session. ``found``
    follows from them: an order is claimed only where they leave 0 out.
    """

    level: str
    more: str
    less: str
    excess: Estimate
    found: ListOrder


@dataclass(frozen=True, slots=True)
class Resilience:
    """The lists in the guide's order, by level; and each pair of them that can be compared."""

    drops: tuple[ListDrop, ...] = ()
    comparisons: tuple[ListComparison, ...] = ()


def resilience(
    measurements: Iterable[Measurement], lists: Mapping[str, Sequence[ListEntry]]
) -> Resilience:
    """``lists`` stand from the most resilient to the most sensitive.

    Probes that say nothing about quantization take no part, nor do those in no list.
    """
    place = {
        probe: (name, entry.name)
        for name, entries in lists.items()
        for entry in entries
        for probe in entry.probes
    }
    asked = [m for m in measurements if m.informative and m.probe in place and outcomes(m)]
    levels = list(dict.fromkeys(m.level for m in asked))
    drops: list[ListDrop] = []
    pairs: list[tuple[str, str, str, list[list[float]], list[list[float]]]] = []
    for level in levels:
        losses: dict[str, list[list[float]]] = {}
        for name in lists:
            mine = [m for m in asked if m.level == level and place[m.probe][0] == name]
            if not mine:
                continue
            losses[name] = [[100.0 * (was - now) for was, now in outcomes(m)] for m in mine]
            drops.append(
                ListDrop(
                    level=level,
                    name=name,
                    entries=len({place[m.probe][1] for m in mine}),
                    probes=len(mine),
                    n=sum(map(len, losses[name])),
                    drop=for_probes_like(losses[name]) or for_these(losses[name]),
                )
            )
        several = [name for name, of in losses.items() if len(of) > 1]
        pairs += [
            (level, more, less, losses[more], losses[less])
            for less, more in combinations(several, 2)
        ]
    return Resilience(
        tuple(drops), tuple(_compared(*pair, alpha=_ALPHA / len(pairs)) for pair in pairs)
    )


def _compared(
    level: str,
    more: str,
    less: str,
    first: Sequence[Sequence[float]],
    second: Sequence[Sequence[float]],
    alpha: float,
) -> ListComparison:
    excess = difference_for_probes_like(first, second, alpha)
    assert excess is not None, "a list of one probe is compared with none"
    found: ListOrder = "not shown"
    if excess.lower > 0:
        found = "as the guide says"
    elif excess.upper < 0:
        found = "against the guide"
    return ListComparison(level, more, less, excess, found)
