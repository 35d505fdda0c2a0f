"""``--quant-json`` and ``quant_json``: the run record as a file."""

from __future__ import annotations

import json

import pytest
from tests.sessions import ONE_PROBE, Project


def test_writes_the_record(project: Project, mode: tuple[str, ...]) -> None:
    project.ini("quant_json = unused.json")  # the command line beats it
    target = project.write("new/deep/r.json", "from an earlier run")
    run = project.run(*ONE_PROBE, "--quant-json=new/deep/r.json", *mode)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    record = json.loads(target.read_text("utf-8"))
    assert record["schema"] == 1
    assert [m["probe"] for m in record["measurements"]] == ["capital"]
    assert record["missing"] == 0
    assert not (project.path / "unused.json").exists()


def test_a_path_of_the_ini_file_starts_from_there(project: Project) -> None:
    project.ini("quant_json = r.json", f"quant_cache_dir = {project.cache}", "quant_threads = 1")
    (project.path / "below").mkdir()
    run = project.run_bare(*ONE_PROBE, cwd="below")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert json.loads((project.path / "r.json").read_text("utf-8"))["schema"] == 1


@pytest.mark.parametrize("given", ["", ".", "file/r.json"])
def test_refuses_before_anything_runs(project: Project, given: str) -> None:
    project.write("file", "a regular file")
    run = project.run(*ONE_PROBE, f"--quant-json={given}")
    assert run.mistake().startswith("ERROR: --quant-json: ")
    assert "test session starts" not in run.output


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_json =")
    message = project.run_bare(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: quant_json in pytest.ini: found an empty path")
