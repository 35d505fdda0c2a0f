"""Notes on responses in which thinking and answer could not be told apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.reports.records import measured, record

from pytest_quant.checkers import check
from pytest_quant.metrics.measurement import Answer, Measurement
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.html.view import view
from pytest_quant.reports.markdown import markdown
from pytest_quant.reports.terminal import summary
from pytest_quant.reports.thinking import thinking_notes

UNKNOWN = "hold a mark that may enclose thinking, such as <mull>; no known model family uses it"
ENDLESS = "never ended their thinking and have no answer; give it more room (--quant"


def judged(response: str) -> Answer:
    """What the real checker says to a response."""
    outcome = check("text", response, "Paris")
    told = outcome.verdict, outcome.answer, outcome.pattern, outcome.reason
    return Answer(*told, response, "end")


def written(probe: str, level: str, response: str) -> Measurement:
    """Three of sixteen cases in which the level wrote this."""
    measurement = measured(probe, level, right=16, n=16)
    spoilt = (replace(case, level=judged(response)) for case in measurement.cases[:3])
    return replace(measurement, cases=(*spoilt, *measurement.cases[3:]))


def test_a_level_with_an_unknown_mark() -> None:
    (note,) = thinking_notes(record(written("p", "q4", "<mull>Rome</mull>Paris")))
    assert note.startswith(f"q4: 3 of 16 responses {UNKNOWN}")


def test_a_level_that_never_ends_its_thinking() -> None:
    (note,) = thinking_notes(record(written("p", "q4", "<think>Rome")))
    assert note.startswith(f"q4: 3 of 16 responses {ENDLESS}")


def test_answers_of_the_reference_count_once() -> None:
    both = [measured("p", level, right=0, n=4) for level in ("q8", "q4")]
    spoilt = [
        replace(m, cases=tuple(replace(c, reference=judged("<think>x")) for c in m.cases))
        for m in both
    ]
    (note,) = thinking_notes(record(*spoilt))
    assert note.startswith("f16: 4 of 4 responses never ended")


def test_nothing_is_said_where_all_is_told_apart() -> None:
    assert [*thinking_notes(record(written("p", "q4", "<think>Rome</think>Paris")))] == []


def test_a_level_that_thinks() -> None:
    found = measured("p", "q4", right=4, n=4)
    thoughts = [(100, 40), (200, 60), (0, 300), (100, 2000)]
    cases = (
        replace(
            case,
            reference=replace(case.reference, thought=theirs),
            level=replace(case.level, thought=own) if case.level else None,
        )
        for case, (theirs, own) in zip(found.cases, thoughts, strict=True)
    )
    thinking = record(replace(found, cases=tuple(cases)))
    (note,) = thinking_notes(thinking)
    assert note == (
        "q4: thinks before 100 % of its answers (75 %), 600 tokens in the mean (133), and never "
        "ends it in 0.0 % (0.0 %); right in per cent with no more thinking than "
        "128 tokens 50.0 (75.0), "
        "256 tokens 50.0 (100.0), 512 tokens 75.0 (100.0), 1,024 tokens 75.0 (100.0), "
        "2,000 tokens 100.0 (100.0)"
    )
    raw = thinking.to_json()
    assert RunRecord.from_json(json.loads(json.dumps(raw))).to_json()["thinking"] == raw["thinking"]


def terminal(of: RunRecord) -> str:
    return " ".join(" ".join(line.text.split()) for line in summary(of))


@pytest.mark.parametrize("report", [terminal, markdown, lambda of: " ".join(view(of)["together"])])
def test_every_report_tells_it(report: Callable[[RunRecord], str]) -> None:
    told = report(record(written("p", "q4", "<mull>Rome"))).replace("\\", "").replace("`", "")
    assert "such as" in told
    assert "mull" in told
