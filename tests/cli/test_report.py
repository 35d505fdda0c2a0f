"""``pytest-quant report``: what a session showed can be shown again from its record alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.reports.allure_results import results
from tests.sessions import EASY, Project, Run

from pytest_quant.cli.main import USAGE_ERROR, main
from pytest_quant.record import SCHEMA_VERSION


@pytest.fixture(scope="module")
def session(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A session over levels of all sorts of verdicts."""
    return Project(tmp_path_factory.mktemp("session"), shared_cache).run(
        *("--quant-levels=q8,q2", "--quant-cases=16", "-q", "-k", EASY)
    )


def test_the_summary_reads_as_the_session_printed_it(
    session: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(session.directory / "record.json")]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading in session.lines
    assert lines == session.section


def test_allure_results(session: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = str(session.directory / "record.json")
    assert main(["report", record, "--allure", str(tmp_path / "new")]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{tmp_path / 'new'} written")
    assert "overall[q2]" in results(tmp_path / "new")


def test_allure_results_that_cannot_be_written(
    session: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("a regular file", "utf-8")
    record = str(session.directory / "record.json")
    assert main(["report", record, "--allure", str(tmp_path / "file")]) == USAGE_ERROR
    assert "--allure: " in capsys.readouterr().err


def test_the_schema_of_records(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["properties"]["schema"]["const"] == SCHEMA_VERSION


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report"], "no run record given"),
        (["report", "nowhere.json"], "nowhere.json: No such file"),
        (["report", __file__], "not JSON"),
    ],
)
def test_a_mistake(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == USAGE_ERROR
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err


def test_a_console_that_cannot_show_a_name(session: Run) -> None:
    record = json.loads((session.directory / "record.json").read_text("utf-8"))
    path = session.directory / "renamed.json"
    path.write_text(json.dumps(record | {"model": "\u901a\u4e49 \u00e9"}), "utf-8")
    code = "import sys; from pytest_quant.cli.main import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", code, "report", str(path)],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert r"quantization: \u901a\u4e49 \xe9" in ended.stdout
