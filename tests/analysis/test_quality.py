"""Instructions kept and loops, beside the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.reports.records import measured

from pytest_quant.analysis.quality import degeneration, instructions_kept
from pytest_quant.metrics.measurement import Answer, Measurement

PROSE = (
    "one two three four five six seven eight nine ten eleven twelve one red fox ran to a big den"
)


def composed(kept: Sequence[tuple[int, int]], asked: int = 5) -> Measurement:
    found = measured("story", "q4", right=len(kept), n=len(kept))
    cases = []
    for case, (before, now) in zip(found.cases, kept, strict=True):
        assert case.level is not None
        cases.append(
            replace(
                case,
                reference=replace(case.reference, kept=before, asked=asked),
                level=replace(case.level, kept=now, asked=asked),
            )
        )
    return replace(found, cases=tuple(cases))


def test_instructions_are_counted_over_compositions() -> None:
    (row,) = instructions_kept([composed([(5, 1), (4, 4), (3, 4)] * 20)])
    assert (row.compositions, row.asked) == (60, 300)
    assert (row.reference.value, row.own.value) == (80, 60)
    assert row.change.lower < row.change.value < 0 < row.own.value
    assert row.change.upper < 0


def test_without_a_flip_nothing_is_certain() -> None:
    (row,) = instructions_kept([composed([(5, 5)] * 6)])
    assert row.change.value == 0
    assert row.change.lower < -5 < 5 < row.change.upper


def test_answers_to_other_tasks_are_no_compositions() -> None:
    assert instructions_kept([measured("sums", "q4", right=10)]) == ()


def test_loops_are_counted_in_responses_of_some_length() -> None:
    def response(answer: Answer, text: str) -> Answer:
        return replace(answer, response=text)

    found = measured("story", "q4", right=3, n=3)
    texts = [(PROSE, PROSE), (PROSE, "on and on " * 20), ("a short one", "another")]
    cases = tuple(
        replace(
            case,
            reference=response(case.reference, before),
            level=response(case.reference, now),
        )
        for case, (before, now) in zip(found.cases, texts, strict=True)
    )
    (row,) = degeneration([replace(found, cases=cases)])
    assert (row.responses, row.reference_looping, row.looping) == (2, 0, 1)
    assert row.reference_distinct.value == 1
    assert row.distinct.value < 0.6
    assert row.distinct_change.value < 0
