"""Every case as a row, for a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest
from tests.reports.records import measured, record

from pytest_quant.reports.sheet import case_sheet, cell


def test_every_case_is_a_row() -> None:
    long = "=1+1 " + 5000 * "x"
    run = record(
        measured("sums", "q4", right=3, lost=1, n=4, response=long),
        measured("rare", "q4", right=0, n=2, uninformative="it guesses"),
    )
    rows = [*csv.DictReader(io.StringIO(case_sheet(run), newline=""))]
    assert [row["outcome"] for row in rows] == [
        *("lost", "kept", "kept", "wrong at both"),
        *("wrong", "wrong"),
    ]
    assert rows[0] == {
        "level": "q4",
        "category": "numerical_reasoning",
        "probe": "sums",
        "difficulty": "1",
        "case": "0",
        "digest": "0" * 16,
        "outcome": "lost",
        "prompt": "What is 0 + 1?",
        "expected": "1",
        "reference_verdict": "correct",
        "reference_answer": "17",
        "reference_response": f"'{long}",
        "level_verdict": "incorrect",
        "level_answer": "18",
        "level_pattern": "one-digit slip",
        "level_reason": f"18 in {long}",
        "level_response": f"'{long}",
    }
    assert rows[4]["level_verdict"] == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+a", "'+a"),
        ("-1.5", "-1.5"),
        ("@x", "'@x"),
        ("\t=1", "'\t=1"),
        ("a\nb", "a\nb"),
        ("a\x1b\u202e", r"a\x1b\u202e"),
    ],
)
def test_no_cell_is_a_formula_or_a_command(text: str, shown: str) -> None:
    assert cell(text) == shown
