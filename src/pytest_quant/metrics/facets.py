"""Results by facet: how accuracy depends on the length of a passage or the depth of a fact."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_quant.metrics.measurement import Measurement

_AMOUNT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<thousand>k?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FacetRow:
    """The cases of one level that share the ``value`` of a ``facet``, such as length 4k.

    Of ``n`` cases the reference had ``reference_correct`` right and the level ``level_correct``;
    ``b`` were right at the reference and wrong at the level, ``c`` the other way round.
    """

    level: str
    facet: str
    value: str
    n: int
    reference_correct: int
    level_correct: int
    b: int
    c: int


def by_facet(measurements: Iterable[Measurement]) -> tuple[FacetRow, ...]:
    """Counts by level, facet and value, for the cases that reference and level both answered.

    Levels and facets come in the order in which they were measured; values in order of size if
    they are amounts (``256``, ``1k``, ``0.5``), else by name and behind them.
    """
    groups: dict[tuple[str, str], dict[str, list[tuple[bool, bool]]]] = {}
    for measurement in measurements:
        for case in measurement.cases:
            if case.level is None:
                continue
            for facet, value in case.facets.items():
                values = groups.setdefault((measurement.level, facet), {})
                values.setdefault(value, []).append((case.reference.correct, case.level.correct))
    return tuple(
        _row(level, facet, value, values[value])
        for (level, facet), values in groups.items()
        for value in sorted(values, key=_order)
    )


@dataclass(frozen=True, slots=True)
class FacetGrid:
    """The cases of one level by two facets at once, such as length and depth.

    ``rows`` and ``columns`` are the values of the one and the other, in order of size; ``cells``
    holds the counts of each pair of values that occurs.
    """

    level: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], FacetRow]


def by_two_facets(
    measurements: Iterable[Measurement], rows: str, columns: str
) -> tuple[FacetGrid, ...]:
    """A grid for each level that has cases with both facets, in the order measured."""
    groups: dict[str, dict[tuple[str, str], list[tuple[bool, bool]]]] = {}
    for measurement in measurements:
        for case in measurement.cases:
            if case.level is None or not {rows, columns} <= case.facets.keys():
                continue
            place = case.facets[rows], case.facets[columns]
            cells = groups.setdefault(measurement.level, {})
            cells.setdefault(place, []).append((case.reference.correct, case.level.correct))
    return tuple(
        FacetGrid(
            level,
            rows=tuple(sorted({row for row, _ in cells}, key=_order)),
            columns=tuple(sorted({column for _, column in cells}, key=_order)),
            cells={
                place: _row(level, f"{rows}, {columns}", ", ".join(place), pairs)
                for place, pairs in cells.items()
            },
        )
        for level, cells in groups.items()
    )


def _row(level: str, facet: str, value: str, pairs: Sequence[tuple[bool, bool]]) -> FacetRow:
    return FacetRow(
        level,
        facet,
        value,
        n=len(pairs),
        reference_correct=sum(before for before, _ in pairs),
        level_correct=sum(now for _, now in pairs),
        b=sum(before and not now for before, now in pairs),
        c=sum(now and not before for before, now in pairs),
    )


def _order(value: str) -> tuple[bool, float, str]:
    amount = _AMOUNT.fullmatch(value)
    if amount is None:
        return True, 0.0, value
    return False, float(amount["number"]) * (1000 if amount["thousand"] else 1), value
