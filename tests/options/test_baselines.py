"""``--quant-baselines`` and ``quant_baselines``: where baselines are kept."""

from __future__ import annotations

import pytest
from tests.sessions import ONE_PROBE, Project, Run

BARE = ("--quant-threads=1", "--quant-json=record.json", *ONE_PROBE)


def found(run: Run) -> tuple[bool, str]:
    assert run.record is not None, run.output + run.errors
    (use,) = run.record["baselines"]
    return use["found"], use["path"]


def test_the_local_directory_is_the_default(project: Project) -> None:
    cache = f"--quant-cache-dir={project.cache}"
    run = project.run_bare(*BARE, cache, "--quant-update-baselines")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    local = "baselines/pytest-quant-embedded/q8.json"
    assert (project.path / local).is_file()
    assert found(project.run_bare(*BARE, cache)) == (True, local)


def test_a_directory_of_the_ini_file_and_one_that_beats_it(project: Project) -> None:
    project.ini("quant_baselines = kept", f"quant_cache_dir = {project.cache}")
    run = project.run_bare(*BARE, "--quant-update-baselines")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    kept = "kept/pytest-quant-embedded/q8.json"
    assert found(project.run_bare(*BARE)) == (True, kept)
    elsewhere = project.run_bare(*BARE, "--quant-baselines=elsewhere")
    assert found(elsewhere) == (False, kept.replace("kept", "elsewhere"))


def test_one_that_cannot_be_written(project: Project) -> None:
    """Found before anything runs."""
    (project.path / "kept" / "pytest-quant-embedded" / "q8.json").mkdir(parents=True)
    run = project.run(*ONE_PROBE, "--quant-baselines=kept", "--quant-update-baselines")
    assert "q8.json" in run.mistake()
    assert "s a directory" in run.mistake()
    assert "test session starts" not in run.output


def test_a_link_to_a_directory_that_is_yet_to_be(project: Project) -> None:
    (project.path / "kept").symlink_to("elsewhere")
    run = project.run(*ONE_PROBE, "--quant-baselines=kept", "--quant-update-baselines")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert (project.path / "elsewhere" / "pytest-quant-embedded" / "q8.json").is_file()
    assert (project.path / "kept").is_symlink()


def test_one_that_cannot_be_read_is_not_recorded_either(project: Project) -> None:
    project.write("kept", "a file")
    run = project.run(*ONE_PROBE, "--quant-baselines=kept", "--quant-update-baselines")
    assert "q8.json: the baseline cannot be read: Not a directory" in run.mistake()
    assert run.record is None
