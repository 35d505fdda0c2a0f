"""``--quant-report NAME=FILE``: a report by its name, ours or another package's."""

from __future__ import annotations

import pytest
from tests.sessions import ONE_PROBE, Project

from pytest_quant.cli.main import USAGE_ERROR, main


def test_it_writes_what_the_option_of_the_same_name_does(
    project: Project, mode: tuple[str, ...]
) -> None:
    project.ini("quant_report =", "  html = unused.html")  # the command line beats it
    run = project.run(*ONE_PROBE, "--quant-report=markdown=new/r.md", "--quant-markdown=m.md",
                      "--quant-report=json=also.json", *mode)  # fmt: skip
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    written = (project.path / "new" / "r.md").read_text("utf-8")
    assert written == (project.path / "m.md").read_text("utf-8")
    assert (project.path / "also.json").read_bytes() == (project.path / "record.json").read_bytes()
    assert not (project.path / "unused.html").exists()
    given = ["report", str(project.path / "record.json"), "--report"]
    assert main([*given, f"markdown={project.path / 'again.md'}"]) == 0
    assert (project.path / "again.md").read_text("utf-8") == written


def test_the_ini_file_may_ask_for_several(project: Project) -> None:
    project.ini("quant_report =", "  html = page.html", "  markdown = r.md")
    run = project.run(*ONE_PROBE)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert (project.path / "page.html").exists()
    assert (project.path / "r.md").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["htm=x"], "--quant-report: unknown report 'htm' (did you mean 'html'?); there "),
        (["html"], "--quant-report: found 'html', expected NAME=FILE, as html=report.html"),
        (["html=a", "html=b"], "--quant-report: report 'html' is given twice; keep one file"),
        (["html=record.json"], "record.json is also what --quant-json writes; give each its own"),
        (["html=a", "markdown=a"], "is also what --quant-report html writes; give each its own"),
        (["html=pytest.ini"], "pytest.ini is the settings of this session, and would be replaced"),
        (["html=."], "--quant-report html: "),
    ],
)
def test_refuses_before_anything_runs(project: Project, given: list[str], message: str) -> None:
    project.ini("addopts =")
    run = project.run(*ONE_PROBE, *(f"--quant-report={text}" for text in given))
    assert message in run.mistake()
    assert "test session starts" not in run.output


@pytest.mark.parametrize("given", ["htm=x", "html"])
def test_the_command_refuses_what_is_no_report(
    project: Project, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the record is read, which may take its time."""
    words = ["report", str(project.path / "record.json"), "--report", given]
    assert main(words) == USAGE_ERROR
    assert capsys.readouterr().err.startswith("--report: ")
