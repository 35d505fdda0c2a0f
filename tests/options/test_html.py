"""``--quant-html FILE``: a report to read in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sessions import ONE_PROBE, Project

from pytest_quant.cli.main import main


def test_writes_what_the_record_alone_gives(project: Project) -> None:
    project.ini("quant_html = unused.html")  # the command line beats it
    run = project.run(*ONE_PROBE, "--quant-html=new/report.html")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    written = (project.path / "new" / "report.html").read_text("utf-8")
    assert not (project.path / "unused.html").exists()
    again = project.path / "again.html"
    assert main(["report", str(project.path / "record.json"), "--html", str(again)]) == 0
    assert again.read_text("utf-8") == written


def test_a_path_of_the_ini_file(project: Project) -> None:
    project.ini("quant_html = r.html", f"quant_cache_dir = {project.cache}", "quant_threads = 1")
    run = project.run_bare(*ONE_PROBE)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert (project.path / "r.html").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize("given", ["", ".", "file/r.html"])
def test_refuses_before_anything_runs(project: Project, given: str) -> None:
    project.write("file", "a regular file")
    run = project.run(*ONE_PROBE, f"--quant-html={given}")
    assert run.mistake().startswith("ERROR: --quant-html: ")
    assert "test session starts" not in run.output


def test_a_report_that_cannot_be_written(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.run(*ONE_PROBE)
    assert main(["report", str(project.path / "record.json"), "--html", str(tmp_path)]) == 4
    assert capsys.readouterr().err.startswith(f"--html: {tmp_path} cannot be written: ")
