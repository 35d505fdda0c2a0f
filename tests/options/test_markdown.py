"""``--quant-markdown FILE``: a summary for a pull request or a job."""

from __future__ import annotations

import pytest
from tests.sessions import ONE_PROBE, Project

from pytest_quant.cli.main import main


def test_writes_what_the_record_alone_gives(project: Project) -> None:
    project.ini("quant_markdown = unused.md")  # the command line beats it
    run = project.run(*ONE_PROBE, "--quant-markdown=new/summary.md")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    written = (project.path / "new" / "summary.md").read_text("utf-8")
    assert written.startswith("## Quantization of `pytest-quant embedded`\n")
    assert not (project.path / "unused.md").exists()
    again = project.path / "again.md"
    assert main(["report", str(project.path / "record.json"), "--markdown", str(again)]) == 0
    assert again.read_text("utf-8") == written


def test_a_path_of_the_ini_file(project: Project) -> None:
    project.ini("quant_markdown = r.md", f"quant_cache_dir = {project.cache}", "quant_threads = 1")
    run = project.run_bare(*ONE_PROBE)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert (project.path / "r.md").read_text("utf-8").startswith("## Quantization of ")


@pytest.mark.parametrize("given", ["", ".", "file/r.md"])
def test_refuses_before_anything_runs(project: Project, given: str) -> None:
    project.write("file", "a regular file")
    run = project.run(*ONE_PROBE, f"--quant-markdown={given}")
    assert run.mistake().startswith("ERROR: --quant-markdown: ")
    assert "test session starts" not in run.output
