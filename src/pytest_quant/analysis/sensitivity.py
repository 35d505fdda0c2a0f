"""Where quality falls off, which categories give way first, and which level each one needs.

Nothing here fails a session. Each family of statements keeps a chance of 5 % that any of them is
wrong, whatever the gate's own budget is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_quant.analysis.abilities import (
    difference_for_probes_like,
    for_probes_like,
    for_these,
)
from pytest_quant.analysis.estimates import Estimate
from pytest_quant.analysis.guide import Guide
from pytest_quant.analysis.ladder import Ladder
from pytest_quant.gate.statistics import tango_bounds
from pytest_quant.gate.verdicts import Check, is_within

Found = Literal["sensitive", "resilient", "like the rest", "too few probes"]

_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Step:
    """From one level to the next lower one, over the ``n`` cases that both answered.

    ``drop`` is what the lower one lost, in percentage points; ``b`` cases were right at the
    higher one only, ``c`` at the lower one only. ``category`` ``None``: all probes.
    """

    higher: str
    lower: str
    bits_saved: float
    category: str | None
    n: int
    b: int
    c: int
    drop: Estimate


@dataclass(frozen=True, slots=True)
class Cliff:
    """The steepest step over all probes; ``shown`` says whether it is shown to lose anything.

    ``guide_higher`` and ``guide_lower`` are the levels between which the guide expects it.
    """

    higher: str
    lower: str
    drop: Estimate
    shown: bool
    guide_higher: str
    guide_lower: str


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """How one category bears quantization.

    ``mean_drop`` is its loss against the reference, averaged over the levels, ``excess`` what it
    loses more than the other categories together, both in percentage points and for probes like
    these; the bounds of ``excess`` allow for as many comparisons as there are categories, and
    ``found`` follows from them. Of a single probe ``excess`` is ``None``, and the bounds of
    ``mean_drop`` are for this one. ``guide`` is what the guide expects of it, ``None`` if it has no
    such category.

    ``gives_way_at`` is the highest level that is shown to have lost anything, ``lost`` how much,
    ``None`` if none is. ``smallest_passed`` is the smallest level whose check of this category
    passed, with its ``size`` in bytes, of those that are still what was recorded; ``None`` if there
    is none.
    """

    category: str
    n: int
    mean_drop: Estimate
    excess: Estimate | None
    found: Found
    guide: str | None
    gives_way_at: str | None
    lost: Estimate | None
    smallest_passed: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """``steps`` lead down the levels, over all probes and by category; ``categories`` stand in
    the order in which they give way, those that do not at the end.
    """

    steps: tuple[Step, ...]
    steepest: Cliff | None
    categories: tuple[CategoryRow, ...]


def sensitivity(
    ladder: Ladder, checks: Sequence[Check], diverged: Collection[str], guide: Guide
) -> Sensitivity:
    """What the levels and the categories lose, beside what the guide expects of them.

    ``diverged`` are the levels that a check of their divergence fails.
    """
    steps = tuple(_steps(ladder))
    rows = [
        _category(
            ladder,
            name,
            passed_levels(checks, name, _spoilt(checks, name).union(diverged)),
            guide.sensitivity.get(name),
        )
        for name in ladder.categories
    ]
    place = {level: i for i, level in enumerate(ladder.levels)}
    last = len(place)
    rows.sort(key=lambda row: (place.get(row.gives_way_at or "", last), -row.mean_drop.value))
    return Sensitivity(steps, _steepest(steps, guide.cliff), tuple(rows))


def _spoilt(checks: Iterable[Check], category: str) -> set[str]:
    """The levels that fail in the category, or are no longer what was recorded.

    One that loses too much in other categories alone may well be good enough for this one.
    """
    return {
        check.level
        for check in checks
        if check.result.verdict == "fail"
        and (check.category == category or (check.scope, check.kind) == ("pooled", "regression"))
    }


def passed_levels(
    checks: Iterable[Check], category: str | None, failed: Collection[str]
) -> set[str]:
    """The levels shown to be within their limit in the category, ``None``: in every category.

    Those that ``failed`` in whatever counts there are not among them.
    """
    mine = [c for c in checks if c.kind == "tolerance" and c.scope in ("pooled", "category")]
    if category is None:
        by_level = {
            level: [c for c in mine if c.level == level] for level in {c.level for c in mine}
        }
        shown = {level for level, found in by_level.items() if is_within(found)}
    else:
        here = [c for c in mine if c.scope == "category" and c.category == category]
        shown = {c.level for c in here if c.result.verdict == "pass"}
    return shown.difference(failed)


def drop_of(pairs: Sequence[tuple[bool, bool]], alpha: float) -> tuple[int, int, Estimate]:
    """``b``, ``c`` and the drop in percentage points, each bound one-sided at ``alpha``."""
    b = sum(before and not now for before, now in pairs)
    c = sum(now and not before for before, now in pairs)
    lower, upper = tango_bounds(b, c, len(pairs), alpha)
    return b, c, Estimate(100 * (b - c) / len(pairs), 100 * lower, 100 * upper)


def _steps(ladder: Ladder) -> Iterable[Step]:
    for category in (None, *ladder.categories):
        for higher, lower in zip(ladder.rungs, ladder.rungs[1:], strict=False):
            if pairs := ladder.pairs(higher.level, lower.level, category):
                b, c, drop = drop_of(pairs, _ALPHA / 2)
                saved = higher.bits_per_weight - lower.bits_per_weight
                yield Step(higher.level, lower.level, saved, category, len(pairs), b, c, drop)


def _steepest(steps: Iterable[Step], expected: tuple[str, str]) -> Cliff | None:
    whole = [step for step in steps if step.category is None]
    if len(whole) < 2:
        return None
    step = max(whole, key=lambda step: step.drop.value)
    # The greatest of several: as many chances to be seen by accident.
    lower, _ = tango_bounds(step.b, step.c, step.n, _ALPHA / len(whole))
    return Cliff(step.higher, step.lower, step.drop, lower > 0, *expected)


def _category(
    ladder: Ladder, category: str, passed: Collection[str], guide: str | None
) -> CategoryRow:
    mine, rest = _mean_losses(ladder, category)
    alpha = _ALPHA / len(ladder.categories)
    excess = difference_for_probes_like(mine, rest, alpha)
    found: Found = "like the rest"
    if excess is None:
        found = "too few probes"
    elif excess.lower > 0:
        found = "sensitive"
    elif excess.upper < 0:
        found = "resilient"
    gives_way_at, lost = _gives_way(ladder, category)
    smallest = min(
        (rung for rung in ladder.rungs if rung.level in passed), key=lambda r: r.size, default=None
    )
    return CategoryRow(
        category=category,
        n=sum(map(len, mine)),
        mean_drop=for_probes_like(mine) or for_these(mine),
        excess=excess,
        found=found,
        guide=guide,
        gives_way_at=gives_way_at,
        lost=lost,
        smallest_passed=smallest.level if smallest else None,
        size=smallest.size if smallest else None,
    )


def _mean_losses(ladder: Ladder, category: str) -> tuple[list[list[float]], list[list[float]]]:
    """What each case lost, in percentage points, averaged over the levels that answered it.

    By probe: those of the category, and all others.
    """
    mine: dict[str, list[float]] = {}
    rest: dict[str, list[float]] = {}
    for key, before in ladder.right[ladder.reference].items():
        now = [ladder.right[level][key] for level in ladder.levels if key in ladder.right[level]]
        side = mine if ladder.category[key] == category else rest
        side.setdefault(key[0], []).append(100 * (before - sum(now) / len(now)))
    return [*mine.values()], [*rest.values()]


def _gives_way(ladder: Ladder, category: str) -> tuple[str | None, Estimate | None]:
    alpha = _ALPHA / (len(ladder.levels) * len(ladder.categories))
    for level in ladder.levels:
        if pairs := ladder.pairs(ladder.reference, level, category):
            *_, drop = drop_of(pairs, alpha)
            if drop.lower > 0:
                return level, drop
    return None, None
