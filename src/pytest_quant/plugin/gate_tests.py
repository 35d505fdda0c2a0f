"""The checks over several probes as tests, so that JUnit and the exit code know of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_quant.gate.tolerance_check import CheckVerdict
from pytest_quant.plugin.properties import Properties, findings, labels
from pytest_quant.record import RunRecord
from pytest_quant.reports.baselines import missing_text
from pytest_quant.reports.failures import divergence_text, failure_text


@dataclass(frozen=True, slots=True)
class GateTest:
    """A test ``quant-gate::NAME``; ``story`` says why it failed, else it is empty.

    ``properties`` are those of its report.
    """

    name: str
    verdict: CheckVerdict
    story: str
    properties: Properties


def gate_tests(record: RunRecord) -> Iterator[GateTest]:
    """Tolerance, regression, divergence, then the required baselines that are missing.

    The checks of single probes are those probes' own tests.
    """
    for check in record.checks:
        if check.scope != "probe":
            verdict = check.result.verdict
            yield GateTest(
                f"{check.name}[{check.level}]",
                verdict,
                failure_text(record, check) if verdict == "fail" else "",
                [
                    *labels(check.level, record.reference, check.category),
                    ("quant_kind", check.kind),
                    *findings(check.result),
                ],
            )
    for divergence in record.divergence_checks:
        verdict = divergence.result.verdict
        yield GateTest(
            f"{divergence.name}[{divergence.level}]",
            verdict,
            divergence_text(record, divergence) if verdict == "fail" else "",
            [
                *labels(divergence.level, record.reference, None),
                ("quant_kind", "regression"),
                ("quant_verdict", verdict),
            ],
        )
    for use in record.baselines:
        if use.required and not use.found:
            told = [*labels(use.level, record.reference, None), ("quant_verdict", "fail")]
            yield GateTest(f"baseline[{use.level}]", "fail", missing_text(use), told)
