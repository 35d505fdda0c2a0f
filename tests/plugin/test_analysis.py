"""What a real session tells besides its verdicts, in its record and in its summary."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sessions import Project, Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Run:
    """A level that is hardly damaged, and one that is enough to show it."""
    project = Project(tmp_path_factory.mktemp("analysis"), shared_cache)
    return project.run(
        "--quant-levels=q8,tq2_0",
        "--quant-cases=16",
        *("-k", "doubling or opposite or capital_letters"),
        divergence=True,
    )


def test_written_answers_have_a_confidence(run: Run) -> None:
    assert run.record is not None, run.output + run.errors
    answers = [c["level"] for m in run.record["measurements"] for c in m["cases"] if c["level"]]
    assert len(answers) > 60
    assert all(a["logprob"] <= 0 < a["tokens"] for a in answers)
    rows = run.record["analysis"]["calibration"]
    assert [(row["level"], row["source"]) for row in rows] == [
        ("q8", "written"),
        ("tq2_0", "written"),
    ]
    for row in rows:
        assert 0 <= row["own"]["expected_error"]["lower"] <= row["own"]["expected_error"]["upper"]
        assert 0 < row["own"]["confidence"] <= 1
    # The closer level is calibrated like the reference, to within what ternary weights change.
    changes = [abs(row["brier_change"]["value"]) for row in rows]
    assert changes[0] <= changes[1]


def test_levels_are_compared_with_each_other(run: Run) -> None:
    assert run.record is not None
    found = run.record["analysis"]["sensitivity"]
    steps = [(s["higher"], s["lower"]) for s in found["steps"] if s["category"] is None]
    assert steps == [("f16", "q8"), ("q8", "tq2_0")]
    assert (found["steepest"]["higher"], found["steepest"]["lower"]) == ("q8", "tq2_0")
    assert [p["level"] for p in run.record["analysis"]["frontier"]] == ["f16", "q8", "tq2_0"]


def test_the_summary_tells_it(run: Run) -> None:
    said = " ".join(line.strip() for line in run.section)
    assert said.count("calibration error, % (f16 in brackets): written answers") == 2
    assert "steepest: q8 to tq2_0" in said
    assert "smallest level that passed: " in said
    assert all(len(line) <= 80 for line in run.section)


def test_the_reference_reads_what_the_levels_composed(run: Run) -> None:
    assert run.record is not None
    q8, q2 = run.record["likelihoods"]
    assert (q8["level"], q2["level"]) == ("q8", "tq2_0")
    assert q8["responses"] == q2["responses"] >= 4
    # Read in other batches, to within rounding.
    assert q8["reference"]["value"] == pytest.approx(q2["reference"]["value"], abs=0.02)
    assert q2["change"]["value"] < min(q8["change"]["value"] + 0.01, 0)
    assert q2["own"]["value"] < 0


def test_a_level_writes_nothing_for_it(project: Project) -> None:
    """Where the reference keeps no instruction, the level is not asked, then or later."""
    run = project.run(
        *("--quant-levels=q8", "--quant-cases=8", "-k", "watch_without"), divergence=True
    )
    (measurement,) = run.measurements.values()
    assert measurement["uninformative"]
    assert measurement["level_effort"] is None
    assert run.record is not None
    assert run.record["likelihoods"] == []
