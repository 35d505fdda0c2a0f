"""The guide's case studies, measured on the user's model from the probes of their tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_quant.analysis.efficiency import efficiency
from pytest_quant.analysis.estimates import Estimate, share_of
from pytest_quant.analysis.guide import GuideColumn, GuideTable
from pytest_quant.analysis.ladder import Rung
from pytest_quant.analysis.sensitivity import drop_of
from pytest_quant.metrics.measurement import Answer, Measurement

_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Cell:
    """One level in one column: a share of ``n`` responses in per cent.

    ``change`` is level less reference on the same cases, in percentage points, with Tango's
    bounds; ``shown`` says whether they exclude 0. ``guide`` and ``guide_change`` are what the
    guide's table holds for a level of this kind, ``None`` where it has no row.
    """

    n: int
    share: Estimate
    change: Estimate
    shown: bool
    guide: float | None
    guide_change: float | None


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One level of a case study, the reference among them.

    ``cells`` stand in the order of the columns, ``None`` where nothing was asked.
    ``relative_latency`` is the time for a token on these probes, ``relative_size`` the size of the
    file, both as multiples of the reference's; ``guide_latency`` and ``guide_memory`` are the
    guide's for a level of this kind.
    """

    level: str
    guide_level: str
    cells: tuple[Cell | None, ...]
    relative_latency: Estimate | None
    relative_size: float | None
    guide_latency: float | None
    guide_memory: float | None


@dataclass(frozen=True, slots=True)
class StudyColumn:
    """``better`` says which way is better; ``not_measured`` why it is empty, or nothing."""

    head: str
    better: Literal["higher", "lower"]
    not_measured: str


@dataclass(frozen=True, slots=True)
class CaseStudy:
    """One of the guide's tables for this session's model; ``table`` is where the guide has it."""

    name: str
    title: str
    table: str
    columns: tuple[StudyColumn, ...]
    rows: tuple[StudyRow, ...]


def case_studies(
    measurements: Sequence[Measurement],
    reference: str,
    rungs: Sequence[Rung],
    tables: Iterable[GuideTable],
) -> tuple[CaseStudy, ...]:
    """Those tables of which at least one column was measured."""
    studies = [_study(measurements, reference, rungs, table) for table in tables]
    return tuple(study for study in studies if study.rows)


def _study(
    measurements: Sequence[Measurement],
    reference: str,
    rungs: Sequence[Rung],
    table: GuideTable,
) -> CaseStudy:
    tasks = {task for column in table.columns for task in column.tasks}
    mine = [m for m in measurements if m.task in tasks and m.informative]
    timings = {row.level: row for row in efficiency(mine, reference, rungs)}
    rows = []
    for rung in rungs:
        cells = tuple(_cell(column, rung, reference, mine) for column in table.columns)
        if any(cells):
            timing = timings[rung.level]
            rows.append(
                StudyRow(
                    level=rung.level,
                    guide_level=rung.guide_level,
                    cells=cells,
                    relative_latency=timing.relative_latency,
                    relative_size=timing.relative_size,
                    guide_latency=table.latency.get(rung.guide_level),
                    guide_memory=table.memory.get(rung.guide_level),
                )
            )
    columns = tuple(_column(column, measurements) for column in table.columns)
    return CaseStudy(table.name, table.title, table.table, columns, tuple(rows))


def _column(column: GuideColumn, measurements: Iterable[Measurement]) -> StudyColumn:
    asked = [m for m in measurements if m.task in column.tasks]
    reason = ""
    if not asked:
        reason = f"no probe with the task {' or '.join(column.tasks)} was asked"
    elif not any(m.informative for m in asked):
        reason = asked[0].uninformative or asked[0].skipped
    return StudyColumn(column.head, column.better, reason)


def _cell(
    column: GuideColumn, rung: Rung, reference: str, measurements: Iterable[Measurement]
) -> Cell | None:
    answers: dict[tuple[str, int], tuple[Answer, Answer]] = {}
    for m in measurements:
        if m.task in column.tasks and rung.level in (reference, m.level):
            for case in m.cases:
                own = case.reference if rung.level == reference else case.level
                if own is not None:
                    answers[m.probe, case.index] = case.reference, own
    if not answers:
        return None
    pairs = [(_counts(column, before), _counts(column, now)) for before, now in answers.values()]
    if rung.level == reference:
        change = Estimate(0.0, 0.0, 0.0)
    else:
        *_, drop = drop_of(pairs, _ALPHA / 2)
        change = Estimate(0 - drop.value, 0 - drop.upper, 0 - drop.lower)
    guide = column.scores.get(rung.guide_level)
    return Cell(
        n=len(pairs),
        share=share_of(sum(now for _, now in pairs), len(pairs)),
        change=change,
        shown=change.lower > 0 or change.upper < 0,
        guide=guide,
        guide_change=_guide_change(column.scores, rung.guide_level),
    )


def _guide_change(scores: Mapping[str, float], level: str) -> float | None:
    return round(scores[level] - scores["f16"], 1) if level in scores else None


def _counts(column: GuideColumn, answer: Answer) -> bool:
    """Whether a response is among those that a column counts."""
    if column.measure == "parses":
        return answer.verdict != "unparsable" and answer.pattern != "syntax error"
    if column.measure == "syntax errors":
        return answer.pattern == "syntax error"
    if column.measure == "vulnerabilities":
        return answer.pattern == "security finding" or "; security finding: " in answer.reason
    return answer.correct
