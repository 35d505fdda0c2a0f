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
    """And has not been there: a link to nowhere."""
    (project.path / "kept").symlink_to("nowhere")
    run = project.run(*ONE_PROBE, "--quant-baselines=kept", "--quant-update-baselines")
    message = run.mistake()
    assert message.startswith("ERROR: --quant-update-baselines: q8 is not recorded: ")
    assert "q8.json cannot be written: File exists" in message
    assert "q8: not recorded: --quant-baselines: " in run.output


def test_one_that_cannot_be_read_is_not_recorded_either(project: Project) -> None:
    project.write("kept", "a file")
    run = project.run(*ONE_PROBE, "--quant-baselines=kept", "--quant-update-baselines")
    assert "q8.json: the baseline cannot be read: Not a directory" in run.mistake()
    assert run.record is None
