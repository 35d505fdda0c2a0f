"""``pytest-quant run``: the summary, the reports and the exit code of a session without pytest."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.sessions import COLOURS

from pytest_quant.cli.main import USAGE_ERROR, main
from pytest_quant.session.session import Session

PROBES = """
category: world_knowledge
probes:
  - id: opposite
    subcategory: opposites
    difficulty: 1
    cases: 4
    prompt: "What is the opposite of {word}?"
    parameters: {word: {choice: [hot, big, old, wet]}}
    expect: "none"
    check: {kind: text}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_compared_is_no_success(
    here: Path, shared_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reference knows none of it, so nothing is shown of the level."""
    (here / "p.yaml").write_text(PROBES, "utf-8")
    files = ("--json", "run.json", "--html", "run.html", "--baselines", "none")
    code = main(
        ["run", "q8", "--probes", "p.yaml", "--cache-dir", str(shared_cache), "--cases=2", *files]
    )
    said = capsys.readouterr()
    assert code == 1, said
    assert said.out.splitlines()[1].startswith("q8: NOTHING COMPARED")
    assert "2 of 3: p.yaml::opposite[q8]" in said.err
    record = json.loads((here / "run.json").read_text("utf-8"))
    assert record["levels"][1]["verdict"] == "not compared"
    assert (here / "run.html").read_text("utf-8").startswith("<!doctype html>")


def test_what_was_compared_is_a_success(
    here: Path, shared_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = PROBES.replace("[hot, big, old, wet]", "[hot]").replace("cases: 4", "cases: 1")
    (here / "p.yaml").write_text(words.replace('"none"', '"cold"'), "utf-8")
    code = main(["run", "q8", "--probes", "p.yaml", "--cache-dir", str(shared_cache)])
    said = capsys.readouterr()
    assert code == 0, said
    assert "q8: undecided" in said.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["q99"], "unknown quantization level 'q99'"),
        (["q8", "--artifact", "q8"], "--artifact: found 'q8', expected LEVEL=FILE"),
        (["q8", "--json", "."], "--json: . cannot be written"),
        (["q8", "--model", "no.gguf"], "no.gguf: no such file"),
        (["q8", "--model", "hf://x"], "model: found 'hf://x', expected hf://OWNER/REPOSITORY/FILE"),
        (["q8", "--gpu-layers", "some"], "--gpu-layers: found 'some', expected a whole number"),
        (["q8", "--main-gpu", "x"], "--main-gpu: found 'x', expected a whole number from 0"),
        (["q8", "--tensor-split", "3:1"], "--tensor-split: found '3:1', expected the share"),
        (["q8", "--flash-attn", "yes"], "--flash-attn: found 'yes', expected auto, on or off"),
        (["q8", "--context", "0"], "context: found 0, expected a whole number from 1"),
        (["q8", "--artifact", "q8=a", "--artifact", "q8=b"], "level 'q8' is given twice"),
    ],
)
def test_mistakes_are_told(
    arguments: list[str], said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert here.is_dir()
    assert main(["run", *arguments]) == USAGE_ERROR
    assert said in capsys.readouterr().err


@pytest.fixture
def scripts(here: Path) -> list[str]:
    """The arguments of a session of a bad level, and all that it needs."""
    (here / "p.yaml").write_text(textwrap.dedent(COLOURS).replace("cases: 2", "cases: 12"), "utf-8")
    for level, answer in (("f16", "red"), ("q8", "It is red."), ("q2", "It is blue.")):
        script = {"runtime": "scripted", "model": "toy", "default": answer}
        (here / f"{level}.json").write_text(json.dumps(script), "utf-8")
    artifacts = [f"--artifact={level}={level}.json" for level in ("f16", "q8", "q2")]
    return ["run", "q2", "--probes=p.yaml", "--cache-dir=cache", "--baselines=none", *artifacts]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["--html=p.yaml"], "--html: p.yaml is a probe file"),
        (["--json=q2.json"], "--json: q2.json is a model of this session, and would be replaced"),
        (["--json=link"], "--json: link is a model of this session, and would be replaced"),
        (["--json=out", "--html=out"], "is also what --json writes"),
    ],
)
def test_no_report_takes_the_place_of_what_is_needed(
    files: list[str], said: str, here: Path, scripts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "link").symlink_to("q2.json")
    before = {path: path.read_bytes() for path in here.iterdir()}
    assert main([*scripts, *files]) == USAGE_ERROR
    assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in here.iterdir()} == before


def test_a_report_that_cannot_be_written_costs_no_other(
    here: Path, scripts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*scripts, "--json=/dev/full", "--markdown=run.md"])
    said = capsys.readouterr()
    assert code == USAGE_ERROR
    assert said.out.splitlines()[1].startswith("q2: FAIL")
    assert said.err.splitlines()[-1].startswith("--json: /dev/full cannot be written: No space")
    assert "FAIL" in (here / "run.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("redirected", "code"),
    [
        ("| true", 1),
        ("| head -1", 1),
        # The progress goes nowhere, and the session on.
        ("2>&1 >out | true", 1),
        ("2>/dev/full", 1),
        ("2>&-", 1),
        (">&-", 1),
        (">/dev/full", USAGE_ERROR),
    ],
)
def test_who_reads_changes_no_verdict(
    redirected: str, code: int, here: Path, scripts: list[str]
) -> None:
    program = [sys.executable, "-c", "import sys; from pytest_quant.cli.main import main; "
               "sys.exit(main())", *scripts]  # fmt: skip
    command = f"set -o pipefail; {shlex.join(program)} {redirected}"
    ended = subprocess.run(
        ["bash", "-c", command], cwd=here, capture_output=True, text=True, check=False
    )
    assert ended.returncode == code, ended
    assert "Traceback" not in ended.stderr + ended.stdout


def test_stopping_it_by_hand_is_no_error_of_ours(
    scripts: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(_session: Session, _level: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "open_level", stop)
    assert main(scripts) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "stopped"
