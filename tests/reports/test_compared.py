"""What two runs are compared by."""

from __future__ import annotations

from dataclasses import replace

from tests.reports.records import measured, record

from pytest_quant.metrics.measurement import recorded_answer
from pytest_quant.reports.compared import of_record


def test_what_was_not_asked_is_not_compared() -> None:
    """Of a probe that the recorded reference could not do, neither model was asked anything."""
    asked = measured("sums", "q4", right=60)
    silent = measured("riddles", "q4", right=0, uninformative="as recorded")
    known = replace(
        silent,
        cases=tuple(replace(case, reference=recorded_answer(False)) for case in silent.cases),
    )
    run = of_record(record(asked, known))
    assert {probe for probe, _ in run.answers["f16"]} == {"sums"}
    found_out = of_record(record(asked, silent))
    assert {probe for probe, _ in found_out.answers["f16"]} == {"sums", "riddles"}
