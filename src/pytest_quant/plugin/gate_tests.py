"""The checks over several probes as tests, so that JUnit and the exit code know of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_quant.gate.tolerance_check import CheckVerdict
from pytest_quant.record import RunRecord
from pytest_quant.reports.baselines import missing_text
from pytest_quant.reports.failures import divergence_text, failure_text


@dataclass(frozen=True, slots=True)
class GateTest:
    """A test ``quant-gate::NAME``; ``story`` says why it failed, else it is empty."""

    name: str
    verdict: CheckVerdict
    story: str


def gate_tests(record: RunRecord) -> Iterator[GateTest]:
    """Tolerance, regression, divergence, then the required baselines that are missing.

    The checks of single probes are those probes' own tests.
    """
    for check in record.checks:
        if check.scope != "probe":
            verdict = check.result.verdict
            story = failure_text(record, check) if verdict == "fail" else ""
            yield GateTest(f"{check.name}[{check.level}]", verdict, story)
    for divergence in record.divergence_checks:
        verdict = divergence.result.verdict
        story = divergence_text(record, divergence) if verdict == "fail" else ""
        yield GateTest(f"{divergence.name}[{divergence.level}]", verdict, story)
    for use in record.baselines:
        if use.required and not use.found:
            yield GateTest(f"baseline[{use.level}]", "fail", missing_text(use))
