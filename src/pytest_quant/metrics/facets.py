"""Results by facet: how accuracy depends on the length of a passage or the depth of a fact."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_quant.gate.tolerance_check import Paired, count_pairs
from pytest_quant.measurement import CaseResult, Measurement

_AMOUNT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<thousand>k?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FacetRow:
    """The cases of one level that share the ``value`` of a ``facet``, such as length 4k."""

    level: str
    facet: str
    value: str
    counts: Paired


def by_facet(measurements: Iterable[Measurement]) -> tuple[FacetRow, ...]:
    """Counts by level, facet and value, for the cases that reference and level both answered.

    Levels and facets come in the order in which they were measured; values in order of size if
    they are amounts (``256``, ``1k``, ``0.5``), else by name and behind them.
    """
    groups: dict[tuple[str, str], dict[str, list[CaseResult]]] = {}
    for measurement in measurements:
        for case in measurement.cases:
            for facet, value in case.facets.items():
                values = groups.setdefault((measurement.level, facet), {})
                values.setdefault(value, []).append(case)
    rows = [
        FacetRow(level, facet, value, _counts(values[value]))
        for (level, facet), values in groups.items()
        for value in sorted(values, key=_order)
    ]
    return tuple(row for row in rows if row.counts.n)


def _counts(cases: Iterable[CaseResult]) -> Paired:
    return count_pairs((c.reference.correct, c.level.correct) for c in cases if c.level)


def _order(value: str) -> tuple[bool, float, str]:
    amount = _AMOUNT.fullmatch(value)
    if amount is None:
        return True, 0.0, value
    return False, float(amount["number"]) * (1000 if amount["thousand"] else 1), value
