"""Calibration beside the reference, from choices and from written answers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.reports.records import measured

from pytest_quant.analysis.confidence import CalibrationRow, calibration_rows
from pytest_quant.metrics.measurement import Answer, Measurement


def sure(answer: Answer, confidence: float) -> Answer:
    """A written answer of two tokens, of the given mean probability."""
    return replace(answer, logprob=2 * math.log(confidence), tokens=2)


def written(level: str, *, lost: int, before: float, now: float) -> Measurement:
    """100 cases, 60 of them right at the reference."""
    found = measured("sums", level, right=60, lost=lost, n=100)
    cases = []
    for case in found.cases:
        assert case.level is not None
        own = sure(case.level, now if not case.level.correct else before)
        cases.append(replace(case, reference=sure(case.reference, before), level=own))
    return replace(found, cases=tuple(cases))


def only(*measurements: Measurement) -> CalibrationRow:
    (row,) = calibration_rows(measurements, "f16")
    return row


def test_an_unchanged_level_is_as_sure_as_the_reference() -> None:
    row = only(written("q8", lost=0, before=0.6, now=0.6))
    assert (row.source, row.n) == ("written", 100)
    assert row.own == row.reference
    assert row.own.expected_error.value == pytest.approx(0, abs=1e-9)
    assert row.own.brier.value == pytest.approx(0.24)
    assert row.own.expected_error.upper > 0.02  # 60 of 100 at 0.6 is partly luck
    assert (row.expected_error_change.lower, row.expected_error_change.upper) == (0, 0)
    assert not row.more_confidently_wrong
    assert row.finding == "q8 is confidently wrong where f16 is, and nowhere else"


def test_a_level_that_became_sure_of_what_is_wrong() -> None:
    row = only(written("q2", lost=20, before=0.6, now=0.95))
    assert (row.reference.confidently_wrong, row.own.confidently_wrong) == (0, 60)
    assert (row.b, row.c) == (60, 0)
    assert row.more_confidently_wrong
    assert "q2 is more often confidently wrong than f16: 60 answers became" in row.finding
    # (60 * 0.95 + 40 * 0.4) / 100
    assert row.own.expected_error.value == pytest.approx(0.73)
    assert row.expected_error_change.lower > 0.5
    assert row.brier_change.lower > 0


def test_more_levels_ask_for_more_evidence() -> None:
    def few(level: str) -> Measurement:
        found = written(level, lost=0, before=0.6, now=0.6)
        cases = list(found.cases)
        for i in range(90, 95):
            case = cases[i]
            assert case.level is not None
            cases[i] = replace(case, level=sure(case.level, 0.95))
        return replace(found, cases=tuple(cases))

    # Five to none: p is 1/32.
    assert only(few("q4")).more_confidently_wrong
    rows = calibration_rows([few("q4"), few("q3")], "f16")
    assert [row.more_confidently_wrong for row in rows] == [False, False]
    assert rows[0].finding.startswith("not shown that q4")


def test_too_few_answers_or_none_of_known_confidence_are_left_out() -> None:
    found = written("q4", lost=0, before=0.6, now=0.6)
    assert calibration_rows([replace(found, cases=found.cases[:19])], "f16") == ()
    assert calibration_rows([measured("sums", "q4", right=60)], "f16") == ()
