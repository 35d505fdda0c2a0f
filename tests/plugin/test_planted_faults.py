"""Faults that move few answers or none, in whole sessions: the divergence from the record tells."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.sessions import Project, Run

pytest.importorskip("gguf")
from benchmarks.faults.catalogue import fault_named

from pytest_quant.base.library import EMBEDDED_MODEL

SELECTED = ("--quant-levels=q8", "--quant-cases=8", "-k", "doubling")


@pytest.fixture(scope="module")
def recording(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    project = Project(tmp_path_factory.mktemp("recorded"), shared_cache)
    return project.run(*SELECTED, "--quant-update-baselines", held_text=True)


REFERENCE = (f"--quant-model={EMBEDDED_MODEL}",)
FAULTS = [("wrong scale", 0.20), ("block below its label", 3), ("rope base", 1.05)]


def run_with(artifact: Path, project: Project, recording: Run, *more: str) -> Run:
    shutil.copytree(recording.directory / "baselines", project.path / "baselines")
    return project.run(*SELECTED, *more, f"--quant-artifact=q8={artifact}", held_text=True)


def failed(run: Run) -> set[str]:
    assert run.record is not None, run.output + run.errors
    return {
        check["source"]
        for check in run.record["divergence_checks"]
        if check["result"]["verdict"] == "fail"
    }


# What the divergence is measured on by the level's file alone, and with the reference at hand,
# which takes three times as long.
@pytest.mark.parametrize(
    ("name", "dose", "more", "source"),
    [*((*fault, (), "recorded") for fault in FAULTS), (*FAULTS[0], REFERENCE, "text")],
)
def test_a_fault_that_no_answer_shows_fails(
    name: str,
    dose: float,
    more: tuple[str, ...],
    source: str,
    project: Project,
    recording: Run,
    q8_file: Path,
    tmp_path: Path,
) -> None:
    fault_named(name).plant(q8_file, dose, tmp_path / "damaged.gguf")
    run = run_with(tmp_path / "damaged.gguf", project, recording, *more)
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output
    assert run.level("q8")["verdict"] == "fail"
    assert source in failed(run)
    assert any("FAILED q8" in line and "divergence" in line for line in run.section)


@pytest.mark.parametrize(("more", "source"), [(REFERENCE, "text"), ((), "recorded")])
def test_the_same_level_made_again_does_not(
    more: tuple[str, ...], source: str, project: Project, recording: Run, q8_file: Path
) -> None:
    run = run_with(q8_file, project, recording, *more)
    assert run.code == pytest.ExitCode.OK, run.output
    assert run.record is not None
    sources = {check["source"] for check in run.record["divergence_checks"]}
    assert source in sources
    assert ("depth" in sources) == (source == "text")
    assert failed(run) == set()


def test_a_fault_that_shows_only_at_depth_fails(
    project: Project, recording: Run, q8_file: Path, tmp_path: Path
) -> None:
    """The pieces of the text are as before; behind a thousand tokens positions are off."""
    fault_named("rope base").plant(q8_file, 1.005, tmp_path / "damaged.gguf")
    run = run_with(tmp_path / "damaged.gguf", project, recording, *REFERENCE)
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output
    assert failed(run) == {"depth"}
    assert "behind 1,024 to 2,048 tokens, all read in one go" in " ".join(run.output.split())
    # Of a file without a record it is told, too.
    assert "times as far as within the first 512" in " ".join(run.output.split())
