"""The likelihood of right answers in whole sessions: damage of one tensor, and none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.sessions import Project, Run

pytest.importorskip("gguf")
from benchmarks.faults.catalogue import fault_named

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.session.targets import MOST_TARGETS

# Probes that the embedded model can do, and one of which it only guesses.
NAMES = (
    *("doubling", "opposite", "animal_class", "larger_with_homophones", "word_repeated"),
    *("countdown", "comparison", "which_city", "urn", "word_sense", "another_kind"),
)
SELECTED = ("--quant-levels=q8", "-k", " or ".join(NAMES))
CASES = "--quant-cases=4"


@pytest.fixture(scope="module")
def recording(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    project = Project(tmp_path_factory.mktemp("recorded"), shared_cache)
    return project.run(*SELECTED, CASES, "--quant-update-baselines")


def run_with(artifact: Path, project: Project, recording: Run, *more: str) -> Run:
    shutil.copytree(recording.directory / "baselines", project.path / "baselines")
    model = f"--quant-model={EMBEDDED_MODEL}"
    return project.run(*SELECTED, model, f"--quant-artifact=q8={artifact}", *more)


def verdicts(run: Run) -> dict[str, str]:
    """Of the likelihood checks, by what they are about."""
    assert run.record is not None, run.output + run.errors
    checks = run.record["likelihood_checks"]
    return {check["subject"]: check["result"]["verdict"] for check in checks}


def test_one_damaged_tensor_shows_by_a_few_right_answers_and_by_no_wrong_one(
    project: Project, recording: Run, q8_file: Path, tmp_path: Path
) -> None:
    fault_named("wrong scale").plant(q8_file, 1.0, tmp_path / "damaged.gguf")
    run = run_with(tmp_path / "damaged.gguf", project, recording, "--quant-max-cases=4")
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    assert verdicts(run)["overall"] == "fail"
    assert run.record is not None
    assert all(check["result"]["verdict"] != "fail" for check in run.record["checks"])
    (overall,) = (c for c in run.record["likelihood_checks"] if c["scope"] == "pooled")
    assert overall["result"]["targets"] <= MOST_TARGETS * 2 * len(NAMES)
    assert run.level("q8")["verdict"] == "fail"
    assert "FAILED q8 overall (likelihood)" in run.section
    assert "overall-likelihood-regression[q8]" in run.output
    assert any(line.startswith("Hold q8 back: worse than the recorded") for line in run.section)


def test_the_same_file_read_otherwise_loses_nothing(
    project: Project, recording: Run, q8_file: Path
) -> None:
    run = run_with(q8_file, project, recording, CASES, "--quant-parallel=2", "-n2")
    assert "fail" not in verdicts(run).values(), run.output
    assert verdicts(run)["overall"] == "pass"
    # What the reference cannot do is read as well, and said to say nothing by accuracy.
    silent = [m for m in run.measurements.values() if m["uninformative"]]
    assert silent
    assert all(len(m["targets"]) == MOST_TARGETS for m in silent)
    assert any(line.startswith("in brackets: of which f16 only guesses") for line in run.section)
    drops = {row["category"]: row for row in (run.record or {})["likelihood_drops"]}
    assert drops[None]["silent"] == len(silent)
    assert any(line.startswith("overall") and "±" in line for line in run.section)
    by_reference = {target["reference"]["log_odds"] for m in silent for target in m["targets"]}
    assert len(by_reference) > 1
