"""``pytest-quant run``: the summary, the reports and the exit code of a session without pytest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_quant.cli.main import USAGE_ERROR, main

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
    assert "1 of 2: p.yaml::opposite[q8]" in said.err
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
    ],
)
def test_mistakes_are_told(
    arguments: list[str], said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert here.is_dir()
    assert main(["run", *arguments]) == USAGE_ERROR
    assert said in capsys.readouterr().err
