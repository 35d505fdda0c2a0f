"""The guide's tables for another model: what fills a column, and what stands beneath it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.reports.records import measured, record

from pytest_quant.analysis.case_studies import CaseStudy, Cell
from pytest_quant.analysis.guide import CASE_STUDIES, read_guide
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.reports.terminal import COLUMNS, case_study

STEPS = ("1-2 steps", "3-4 steps")


def solved(task: str, level: str, *, right: int, lost: int) -> Measurement:
    return replace(measured(task, level, right=right, lost=lost, n=100), task=task)


def study(*measurements: Measurement) -> CaseStudy:
    (found,) = record(*measurements).analysis.case_studies
    return found


GSM8K = [
    solved(f"gsm8k:{steps}", level, right=90 - 10 * i, lost=lost)
    for i, steps in enumerate(STEPS)
    for level, lost in (("q8", 0), ("q2", 30))
]


def test_a_level_stands_beside_the_guide() -> None:
    found = study(*GSM8K)
    assert [row.level for row in found.rows] == ["f16", "q8", "q2"]
    q2 = found.rows[2]
    cells = [cell for cell in q2.cells if cell]
    assert [(c.n, c.share.value, c.change.value) for c in cells] == [
        (100, 60, -30),
        (100, 50, -30),
        (200, 55, -30),
    ]
    assert all(cell.shown and cell.change.upper < 0 for cell in cells)
    assert [(c.guide, c.guide_change) for c in cells] == [
        (38.7, -50.6),
        (21.6, -54.0),
        (24.2, -51.2),
    ]
    assert (q2.guide_latency, q2.guide_memory) == (0.19, None)
    assert q2.relative_latency is not None
    assert q2.relative_latency.value == 1  # as quick, in these records
    assert q2.relative_size == pytest.approx(3.14 / 16.01, abs=1e-3)
    assert found.columns[2].not_measured == "no probe with the task gsm8k:5+ steps was asked"
    assert not any(cell.shown for cell in found.rows[1].cells if cell)


def test_programs_are_counted_by_what_is_wrong_with_them() -> None:
    found = solved("humaneval", "q4", right=100, lost=0)
    wrong = {0: ("incorrect", "syntax error", "no"), 1: ("unparsable", "no code", "no")}
    cases = []
    for case in found.cases:
        assert case.level is not None
        verdict, pattern, reason = wrong.get(case.index, ("correct", "", "passed"))
        if case.index == 2:
            reason = "passed; security finding: use of eval"
        own = replace(case.level, verdict=verdict, pattern=pattern, reason=reason)
        cases.append(replace(case, level=own))
    run = record(replace(found, cases=tuple(cases)))
    code, humaneval = run.analysis.case_studies

    def values(of: CaseStudy) -> list[float | None]:
        return [cell and cell.share.value for cell in of.rows[1].cells]

    assert values(code) == [98, 98, None]
    assert values(humaneval) == [98, 1, 1]
    assert [column.better for column in humaneval.columns] == ["higher", "lower", "lower"]


def test_the_text_marks_differences_and_stays_narrow() -> None:
    lines = [line.text for line in case_study(record(*GSM8K), "gsm8k")]
    assert max(map(len, lines)) <= COLUMNS
    (q2,) = (i for i, line in enumerate(lines) if line.startswith("q2"))
    assert lines[q2].split()[1:3] == ["60.0", "(-30.0)*"]
    assert lines[q2 + 1].split()[:3] == ["guide", "38.7", "(-50.6)"]
    q8 = next(line for line in lines if line.startswith("q8"))
    assert q8.split()[1:3] == ["90.0", "(+0.0)"]
    said = " ".join(" ".join(lines).split())
    assert "5+ steps: not measured, no probe with the task gsm8k:5+ steps was asked" in said


@pytest.mark.parametrize("name", CASE_STUDIES)
def test_a_table_of_which_nothing_was_asked_says_what_to_do(name: str) -> None:
    (first, *_) = case_study(record(measured("sums", "q8", right=60)), name)
    assert first.text.startswith(f"{name}: no probe of this table's tasks was asked")


def test_the_guide_has_every_table_whole() -> None:
    for table in read_guide().tables:
        assert {"f16", "q8", "q6", "q4", "q3", "q2"} == set(table.latency)
        for column in table.columns:
            assert set(column.scores) == set(table.latency)


def test_a_cell_knows_its_bounds() -> None:
    cell = study(*GSM8K).rows[1].cells[0]
    assert isinstance(cell, Cell)
    assert cell.change.lower < 0 < cell.change.upper
    assert cell.share.lower < 90 < cell.share.upper
