"""``pytest-quant report``: what a session showed can be shown again from its record alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.reports.allure_results import results
from tests.sessions import EASY, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.cli.main import USAGE_ERROR, main
from pytest_quant.record.run import SCHEMA_VERSION


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


def test_how_a_session_was_asked_for_is_in_its_record(session: Run) -> None:
    record = json.loads((session.directory / "record.json").read_text("utf-8"))
    told = record["provenance"]
    threads = {"threads": "1", "baselines": "baselines"}  # as our own tests have it
    assert told["options"] == {"levels": "q8, q2", "cases": "16", **threads}
    assert told["selection"]["-k"] == EASY
    assert told["text"] == ""  # none was read
    asked = {level["name"]: (level["file"], level["prompt"]) for level in record["levels"]}
    form = asked["f16"][1]
    assert re.fullmatch(r"chat template sha256:[0-9a-f]{12}", form)
    assert asked == {
        "f16": (EMBEDDED_MODEL.name, form),
        "q8": ("", form),
        "q2": ("", form),
    }


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--html", "record.json"], "--html: record.json is also the run record"),
        (["--html", "hard.json"], "--html: hard.json is also the run record"),
        (["--html", "r", "--markdown", "link"], "--markdown: link is also --html"),
        (["--html", "."], "--html: . cannot be written: it is a directory"),
        (["--html", "ok.html", "--markdown", "."], "--markdown: . cannot be written"),
        (["--report", "nope=r"], "--report: unknown report 'nope'"),
        (["--report", "html"], "--report: found 'html', expected NAME=FILE"),
        (["--csv", "r", "--card", "r"], "--card: r is also --csv"),
        (["--html", "~nosuch/x"], "whose home '~nosuch' stands for"),
        (["--markdown", "/dev/full"], "/dev/full cannot be written: No space left on device"),
    ],
)
def test_nothing_is_written_in_the_wrong_place(
    session: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (session.directory / "record.json").read_text("utf-8")
    Path("record.json").write_text(text, "utf-8")
    Path("hard.json").hardlink_to("record.json")
    Path("link").symlink_to("r")
    assert main(["report", "record.json", *arguments]) == USAGE_ERROR
    assert said in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"record.json", "hard.json", "link"}
    assert Path("record.json").read_text("utf-8") == text


def test_a_report_on_the_standard_output_stands_there_alone(session: Run) -> None:
    code = "import sys; from pytest_quant.cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", code, "report", "record.json", "--markdown", "/dev/stdout"]
    with (session.directory / "out.md").open("wb") as out:
        out.write(b"Before.\n")
        out.flush()
        subprocess.run(words, cwd=session.directory, stdout=out, check=True)
    lines = (session.directory / "out.md").read_text("utf-8").splitlines()
    assert lines[:2] == ["Before.", "## Quantization of `pytest-quant embedded`"]
    assert not any("written" in line for line in lines)


def test_a_standard_output_that_is_full(session: Run) -> None:
    code = "import sys; from pytest_quant.cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", code, "report", "record.json"]
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            words,
            cwd=session.directory,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == USAGE_ERROR
    assert ended.stderr == "standard output: No space left on device\n"


def test_a_current_directory_that_is_gone(session: Run, tmp_path: Path) -> None:
    code = "import os, sys; from pytest_quant.cli.main import main; os.rmdir(os.getcwd()); "
    code += "sys.exit(main(sys.argv[1:]))"
    gone = tmp_path / "gone"
    gone.mkdir()
    record = str(session.directory / "record.json")
    ended = subprocess.run(
        [sys.executable, "-c", code, "report", record],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == USAGE_ERROR
    assert "the current directory is no longer there" in ended.stderr


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
