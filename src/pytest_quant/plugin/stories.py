"""Why a probe failed at a level, for a person."""

from __future__ import annotations

from pytest_quant.gate.baseline_changes import coverage
from pytest_quant.gate.counting import Kind
from pytest_quant.gate.tolerance_check import CheckResult
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.reports.failures import describe_failure, news
from pytest_quant.session.baseline_uses import changes_since
from pytest_quant.session.session import Session


def story(
    session: Session,
    measurement: Measurement,
    tolerance: CheckResult,
    regression: CheckResult | None,
) -> str:
    """The story of each check that failed; empty if none did."""
    level, told = measurement.level, None
    both: list[tuple[CheckResult | None, Kind]] = [
        (tolerance, "tolerance"),
        (regression, "regression"),
    ]
    failed = [(found, kind) for found, kind in both if found and found.verdict == "fail"]
    if failed and (baseline := session.plan.baseline(level)):
        runtime, covered = session.bench.runtimes.get(level), coverage(baseline, [measurement])
        told = changes_since(session, baseline, runtime, covered)
    known: set[str] = set()
    stories = [
        describe_failure(session.plan.reference.name, level, result, [measurement], kind, told)
        for result, kind in failed
    ]
    return "\n\n".join("\n".join(news(text, known)) for text in stories)
