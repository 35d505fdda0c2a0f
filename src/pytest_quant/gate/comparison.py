"""The same level measured twice: what is different, shown case by case and with bounds.

Neither side is the reference of the other, so nothing is allowed or forbidden here: the counts,
the score bounds and the p-value are two-sided, and no verdict follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_quant.gate.statistics import mcnemar_p, tango_bounds
from pytest_quant.gate.tolerance_check import Paired, count_pairs

# What each of the two bounds leaves out, so that together they are a 95 % interval.
_TAIL = 0.025
OVERALL = "overall"

# A case: its probe and its number in it.
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Side:
    """What one side knows of a case; ``response`` is ``None`` if only the outcome was recorded.

    ``digest`` identifies the case, or is the beginning of what does.
    """

    category: str
    digest: str
    correct: bool
    pattern: str
    response: str | None
    prompt: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The cases of a category, or all of them: the first side is before, the second is now.

    ``drop``, ``lower`` and ``upper`` are percentage points, positive where the second side is
    worse; the bounds are a 95 % interval, ``p`` is the exact two-sided McNemar p-value, and both
    are for all comparisons together. ``by_probe`` is what the cases of each probe lost, 100, 0 or
    -100 points. ``differ`` counts the responses that are not the same text, ``None`` if a side has
    no texts.
    """

    subject: str
    counts: Paired
    drop: float
    lower: float
    upper: float
    p: float
    by_probe: tuple[tuple[float, ...], ...]
    differ: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One level on both sides: a row for each category, the one over all last.

    ``gone`` cases only the first side has, ``new`` ones only the second; ``changed`` have another
    prompt or expectation, and are not compared. ``flips`` are the compared cases of which only
    one side was right, those that were lost first.
    """

    rows: tuple[Row, ...]
    gone: int
    new: int
    changed: int
    flips: tuple[tuple[Key, Side, Side], ...]

    @property
    def overall(self) -> Row:
        return self.rows[-1]


def compare(
    first: Mapping[Key, Side], second: Mapping[Key, Side], comparisons: int = 1
) -> Comparison:
    """Compare what both sides have: the same case, told by its digest.

    Of so many ``comparisons`` the bounds hold together, and so do the p-values (Bonferroni).
    """
    shared = [key for key in first if key in second]
    same = [key for key in shared if _same_case(first[key], second[key])]
    pairs = [(key, first[key], second[key]) for key in same]
    categories = sorted({before.category for _, before, _ in pairs})
    rows = [
        _row(name, [pair for pair in pairs if pair[1].category == name], comparisons)
        for name in categories
    ]
    flips = [pair for pair in pairs if pair[1].correct != pair[2].correct]
    return Comparison(
        rows=(*rows, _row(OVERALL, pairs, comparisons)),
        gone=len(first) - len(shared),
        new=len(second) - len(shared),
        changed=len(shared) - len(same),
        flips=tuple(sorted(flips, key=lambda flip: not flip[1].correct)),
    )


def _same_case(one: Side, other: Side) -> bool:
    length = min(len(one.digest), len(other.digest))
    return one.digest[:length] == other.digest[:length]


def _row(subject: str, pairs: Iterable[tuple[Key, Side, Side]], comparisons: int) -> Row:
    losses: dict[str, list[float]] = {}
    known: list[tuple[Side, Side]] = []
    for (probe, _), before, now in pairs:
        losses.setdefault(probe, []).append(100.0 * (before.correct - now.correct))
        known.append((before, now))
    counts = count_pairs((before.correct, now.correct) for before, now in known)
    lower, upper = tango_bounds(counts.b, counts.c, counts.n, _TAIL / comparisons)
    texts = [(before.response, now.response) for before, now in known]
    comparable = all(None not in pair for pair in texts)
    p = 2 * min(mcnemar_p(counts.b, counts.c), mcnemar_p(counts.c, counts.b))
    return Row(
        subject=subject,
        counts=counts,
        drop=100 * (counts.b - counts.c) / counts.n if counts.n else 0.0,
        lower=100 * lower,
        upper=100 * upper,
        p=min(1.0, p * comparisons),
        by_probe=tuple(tuple(of) for of in losses.values()),
        differ=sum(before != now for before, now in texts) if comparable else None,
    )
