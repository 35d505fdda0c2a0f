"""Broken and mended pairs are told from cases that were wrong, or right, either way."""

from __future__ import annotations

from dataclasses import replace

from tests.reports.records import answer, measured

from pytest_quant.checkers.outcome import Verdict
from pytest_quant.metrics.measurement import Answer, Measurement
from pytest_quant.metrics.pairs import PairCounts, pair_counts

# Verdict on the clean prompt, and whether the disturbed one was answered right.
REFERENCE: list[tuple[Verdict | None, bool]] = [
    ("correct", True), ("correct", False), ("incorrect", True), ("incorrect", False),
    ("unparsable", True), (None, True), (None, False),
]  # fmt: skip
LEVEL: list[tuple[Verdict | None, bool]] = [
    ("correct", False), ("correct", False), ("correct", False), ("unparsable", False),
    ("incorrect", False), (None, False), (None, True),
]  # fmt: skip


def answers(rows: list[tuple[Verdict | None, bool]]) -> list[Answer]:
    return [answer(right, "text", clean) for clean, right in rows]


def pairs() -> Measurement:
    measurement = measured("typos", "q4", right=0, n=len(REFERENCE))
    cases = zip(measurement.cases, answers(REFERENCE), answers(LEVEL), strict=True)
    return replace(
        measurement,
        cases=tuple(replace(case, reference=one, level=two) for case, one, two in cases),
    )


def test_the_pairs_of_both_are_counted() -> None:
    reference, level = pair_counts([pairs(), pairs()])
    assert reference == PairCounts(pairs=10, broken=2, mended=4)
    assert level == PairCounts(pairs=10, broken=6, mended=0)


def test_cases_that_the_level_was_not_asked_do_not_count() -> None:
    silent = measured("typos", "q4", right=3, n=8, clean="correct", uninformative="guessing")
    assert pair_counts([silent]) == (PairCounts(0, 0, 0), PairCounts(0, 0, 0))


def test_cases_without_a_clean_prompt_are_no_pairs() -> None:
    assert pair_counts([measured("sums", "q4", right=3)])[1] == PairCounts(0, 0, 0)
