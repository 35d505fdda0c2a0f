"""How likely the right answers are at each level, by category, and where none was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_quant.gate.likelihood_regression import LikelihoodCheck, explain_likelihood
from pytest_quant.metrics.likelihood_drop import LikelihoodDrop, likelihood_drops
from pytest_quant.metrics.targets import Mean
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.failures import changed
from pytest_quant.reports.plain_text import counted, shown

OVERALL = "overall"
# Levels side by side in a terminal.
_ABREAST = 3
_MOST_REASONS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """A category, or all of them, at each level; ``None`` where nothing was read."""

    name: str
    cells: tuple[LikelihoodDrop | None, ...]


def rows(record: RunRecord, levels: Sequence[str]) -> list[Row]:
    """A row for each category of which anything was read at one of the levels, and one for all."""
    drops = {(d.category, d.level): d for d in likelihood_drops(record.measurements)}
    names = sorted({category for category, _ in drops if category is not None})
    table = [
        Row(category or OVERALL, tuple(drops.get((category, level)) for level in levels))
        for category in (*names, None)
    ]
    return [row for row in table if any(row.cells)]


def table_lines(record: RunRecord) -> Iterator[str]:
    """The table in a terminal, in blocks of a few levels; nothing if nothing was read."""
    levels = [level.name for level in record.levels if level.verdict is not None]
    for first in range(0, len(levels), _ABREAST):
        some = levels[first : first + _ABREAST]
        if table := rows(record, some):
            yield f"right answers: log-odds lost against {record.reference}, ± standard error"
            yield f"{'':<19} {'probes':>10}" + "".join(f" {name:>15.15}" for name in some)
            for row in table:
                told = next(cell for cell in row.cells if cell)
                cells = (f" {in_log_odds(cell):>15}" for cell in row.cells)
                yield f"{shown(row.name, 19):<19} {probes(told):>10}" + "".join(cells)
            points = (f" {in_points(cell):>15}" for cell in table[-1].cells)
            yield f"{'overall, points of probability':<30}" + "".join(points)
    if silent := _silent(record):
        yield (
            f"in brackets: of which {record.reference} only guesses, so that accuracy says nothing "
            f"({silent} in all)"
        )


def _silent(record: RunRecord) -> int:
    return len({m.probe for m in record.measurements if m.uninformative and m.targets})


def probes(drop: LikelihoodDrop) -> str:
    """``17 (6)``: how many were read, and of how many accuracy says nothing."""
    return f"{drop.probes} ({drop.silent})" if drop.silent else f"{drop.probes}"


def in_points(drop: LikelihoodDrop | None) -> str:
    """``5.1 ± 0.8``"""
    return "-" if drop is None else _mean(drop.points, ".1f")


def in_log_odds(drop: LikelihoodDrop | None) -> str:
    """``0.123 ± 0.021``"""
    return "-" if drop is None else _mean(drop.log_odds, ".3f")


def _mean(mean: Mean, form: str) -> str:
    error = "" if mean.error is None else f" ± {mean.error:{form}}"
    return f"{mean.value:z{form}}{error}"


def unread_lines(record: RunRecord) -> Iterator[str]:
    """The probes of which no right answer was read, by reason."""
    reasons: dict[str, set[str]] = {}
    for measurement in record.measurements:
        if measurement.untargeted:
            reasons.setdefault(measurement.untargeted, set()).add(measurement.probe)
    if not reasons:
        return
    total = len({probe for names in reasons.values() for probe in names})
    yield f"of {counted(total, 'probe')} no right answer was read:"
    most = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    for reason, names in most[:_MOST_REASONS]:
        yield f"  {shown(', '.join(sorted(names)), 100)}: {shown(reason, 160)}"
    if len(most) > _MOST_REASONS:
        yield f"  and others, for {counted(len(most) - _MOST_REASONS, 'more reason')}"


def likelihood_text(record: RunRecord, check: LikelihoodCheck) -> str:
    """Why right answers are less likely than recorded."""
    use = next(use for use in record.baselines if use.level == check.level)
    worst = f"most in   {check.result.worst}"
    return "\n".join([explain_likelihood(check.result), worst, *changed(use.changes)])
