"""The guide's case studies as text: the user's row, and the guide's row beneath it."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.analysis.case_studies import CaseStudy, Cell, StudyRow
from pytest_quant.analysis.guide import CASE_STUDIES
from pytest_quant.record.run import RunRecord

_LEVEL = 10
_CELL = 14


def table_lines(record: RunRecord, name: str) -> Iterator[str]:
    """One case study for the record's model; says what to run if nothing of it was measured."""
    study = next((s for s in record.analysis.case_studies if s.name == name), None)
    if study is None:
        yield f"{name}: no probe of this table's tasks was asked; {_HOW[name]}"
        return
    yield f"{study.title}, % (change against {record.reference} in points)"
    heads = "".join(f"{column.head:>{_CELL}.{_CELL - 1}}" for column in study.columns)
    yield f"{'':<{_LEVEL}}{heads}{'latency':>8}{'size':>6}"
    for row in study.rows:
        yield from _rows(row)
    yield from _notes(study)


def _rows(row: StudyRow) -> Iterator[str]:
    cells = "".join(f"{_own(cell):>{_CELL}}" for cell in row.cells)
    speed = _times(row.relative_latency.value if row.relative_latency else None)
    yield f"{row.level:<{_LEVEL}.{_LEVEL - 1}}{cells}{speed:>8}{_times(row.relative_size):>6}"
    guide = "".join(f"{_guide(cell):>{_CELL}}" for cell in row.cells)
    latency, memory = _times(row.guide_latency), _times(row.guide_memory)
    yield f"{'  guide':<{_LEVEL}}{guide}{latency:>8}{memory:>6}"


def _own(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    if cell.change.lower == cell.change.upper == 0:
        return f"{cell.share.value:.1f}"
    return f"{cell.share.value:.1f} ({cell.change.value:+.1f}){'*' if cell.shown else ' '}"


def _guide(cell: Cell | None) -> str:
    if cell is None or cell.guide is None:
        return "-"
    return f"{cell.guide:.1f} ({cell.guide_change:+.1f}) " if cell.guide_change else f"{cell.guide}"


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f}x"


def _notes(study: CaseStudy) -> Iterator[str]:
    counts = []
    for i, column in enumerate(study.columns):
        asked = [cell.n for row in study.rows if (cell := row.cells[i])]
        if asked:
            most = f" to {max(asked)}" if max(asked) > min(asked) else ""
            counts.append(f"{column.head} {min(asked)}{most}")
    yield f"cases: {', '.join(counts)}; * shown to differ (two-sided 95 %, each cell by itself)"
    yield "latency: time for a token on these probes, in this session; size: of the file"
    yield f"guide: its own models, {study.table}"
    for column in study.columns:
        if column.not_measured:
            yield f"{column.head}: not measured, {column.not_measured}"


_HOW = {
    name: f"ask it with --quant-suite {name}=FILE"
    if name in ("mmlu", "gsm8k", "humaneval")
    else f"write probes with task: {name}:..., as docs/analysis.md shows"
    for name in CASE_STUDIES
}
