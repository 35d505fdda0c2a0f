"""``pytest-quant sensitivity``: tables, files, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.cli.main import USAGE_ERROR, main
from pytest_quant.levels import parse_level
from pytest_quant.runtimes.llamacpp.quantize import quantize


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_tells_which_kinds_suffer(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--json=s.json", "--plot=s.svg"]
    assert main(["sensitivity", "--by=group", "--tokens=400", *files]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0].startswith("q4 against f16: 9 parts, ")
    assert any(line.startswith("embedding ") for line in lines)
    assert lines[-2:] == ["s.json written", "s.svg written"]
    assert said.err.splitlines()[0] == "quantizing embedded-f16.gguf to q4"
    told = json.loads((here / "s.json").read_text())
    assert {part["part"] for part in told["parts"]} >= {"embedding", "attention q", "output"}
    assert (here / "s.svg").read_text().startswith("<?xml")


@pytest.mark.usefixtures("here")
def test_by_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["sensitivity", str(EMBEDDED_MODEL), "--level=q2", "--by=layer", "--tokens=300"]) == 0
    )
    out = capsys.readouterr().out
    assert "block 4" in out
    # A block holds several kinds: no sum of kinds is told.
    assert "weights, %" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.gguf"], "none.gguf: no such file; give the path of a GGUF model"),
        (["--level=q99"], "--level: unknown quantization level 'q99'"),
        (["--level=f16"], "--level: f16 changes no tensor of embedded-f16.gguf"),
        (["q.gguf"], "MODEL: q.gguf is quantized; give the file of 16 or 32 bits"),
        (["--tokens=0"], "--tokens: found 0, expected at least 1"),
        (["--plot=a.gif"], "--plot: found a.gif, expected a name that ends in .svg, .png or .pdf"),
        (["--json=."], "--json: . cannot be written"),
        (["--text=none.txt"], "--text: none.txt: cannot be read"),
    ],
)
def test_refuses_in_words(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    quantize(EMBEDDED_MODEL, here / "q.gguf", parse_level("q4").recipe, threads=1)
    assert main(["sensitivity", *arguments]) == USAGE_ERROR
    assert any(line.startswith(said) for line in capsys.readouterr().err.splitlines())


def test_a_program_that_is_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    environment = os.environ | {"TMPDIR": str(kept), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [Path(sys.executable).parent / "pytest-quant", "sensitivity", "--tokens=5000"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 60
        while not any(kept.rglob("*.gguf")) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert any(kept.rglob("*.gguf"))
        running.terminate()
        assert running.wait(60) == 143
    assert not any(kept.iterdir())
