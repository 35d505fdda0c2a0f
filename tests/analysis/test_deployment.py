"""Advice that rests on what passed, and on nothing that was not measured."""

from __future__ import annotations

from tests.reports.records import measured, record

from pytest_quant.analysis.deployment import Advice, deployment
from pytest_quant.analysis.ladder import Rung
from pytest_quant.metrics.measurement import Measurement


def advice(scenario: str, *measurements: Measurement, category: str | None = None) -> Advice:
    rows = record(*measurements).analysis.deployment.advice
    (found,) = (row for row in rows if row.scenario == scenario and row.category == category)
    return found


Q8 = measured("sums", "q8", right=600, lost=2, n=640)
Q4 = measured("sums", "q4", right=600, lost=4, n=640)
Q2 = measured("sums", "q2", right=600, lost=300, n=640)


def test_the_smallest_level_that_passed() -> None:
    found = advice("edge", Q8, Q4, Q2)
    assert (found.level, found.candidates) == ("q4", ("q4", "q8"))
    assert found.evidence.startswith("640 cases, drop 0.6 [")
    assert found.evidence.endswith("points, limit 5")
    assert advice("edge", Q8, Q4, category="numerical_reasoning").level == "q4"


def test_smaller_levels_that_did_not_pass_are_named() -> None:
    found = advice("mobile", Q8, Q4, Q2)
    assert found.level == "q4"
    assert found.evidence.endswith("; smaller: q2 fail")


def test_nothing_is_advised_that_was_not_measured() -> None:
    found = advice("cloud", Q4)
    assert (found.level, found.size) == (None, None)
    assert found.evidence == "none of the levels that the guide names (f16, q8) was measured"


def test_nothing_is_advised_that_did_not_pass() -> None:
    found = advice("offline", Q2)
    assert found.level is None
    assert found.evidence.startswith("none passed: q2 fail, 640 cases, drop 46.9 [")


def test_levels_without_a_check_are_no_evidence() -> None:
    silent = measured("sums", "q8", right=0, n=8, uninformative="the reference cannot do it")
    found = advice("cloud", silent)
    assert found.evidence == "q8: no probe that tells anything was asked"


def test_a_level_that_fails_anywhere_is_not_advised() -> None:
    failing = measured("facts", "q4", right=60, lost=40, category="world_knowledge")
    run = record(Q8, Q4, measured("facts", "q8", right=60, category="world_knowledge"), failing)
    assert run.level("q4").verdict == "fail"
    passing = "numerical_reasoning"
    found = advice("mobile", Q4, failing, category=passing)
    assert found.level is None
    assert found.evidence.startswith("none passed: q4 fails another check, 640 cases, ")
    (row,) = (r for r in run.analysis.sensitivity.categories if r.category == passing)
    # For this category alone it may do.
    assert row.smallest_passed == "q4"


def test_a_level_that_only_diverges_is_not_advised() -> None:
    """Its verdict does not show in any check of answers."""
    run = record(Q8, Q4)
    rungs = [Rung(x.name, x.name, x.size, x.bits_per_weight) for x in run.levels]
    told = deployment(run.checks, ["q4"], "f16", rungs, {"edge": ("q4", "q8")})
    assert [(row.category, row.level) for row in told.advice] == [
        (None, "q8"),
        ("numerical_reasoning", "q8"),
    ]
