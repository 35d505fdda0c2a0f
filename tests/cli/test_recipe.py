"""``pytest-quant recipe``: a file of the wanted size that is nearer than the stock one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_quant.base.library import CALIBRATION_TEXT, EMBEDDED_MODEL, HELD_TEXT
from pytest_quant.cli.main import USAGE_ERROR, main
from pytest_quant.levels import parse_level, parse_recipes
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.quantize import quantize


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_finds_a_better_file_of_the_same_size(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["recipe", "--size=q3", "--types=q2_k,q3_k,q4_k", "--tokens=300"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    (against,) = re.findall(
        r"best against q3, at ([\d.]+) % of its size: ([\d.]+) \[[\d.]+, ([\d.]+)\]", out
    )
    size, ratio, upper = map(float, against)
    assert size <= 100.5
    assert ratio < 0.75
    assert upper < 1
    assert "best against q4" in out
    line = lines[lines.index("quant_recipes =") + 1].strip()
    recipe = parse_recipes([line])["best"]
    made = here / "made.gguf"
    quantize(EMBEDDED_MODEL, made, recipe, threads=1)
    stock = here / "stock.gguf"
    quantize(EMBEDDED_MODEL, stock, parse_level("q3").recipe, threads=1)
    assert made.stat().st_size <= stock.stat().st_size
    assert {tensor.kind for tensor in inspect(made).tensors} <= {
        "F32",
        "Q2_K",
        "Q3_K",
        "Q4_K",
        "Q5_K",
    }
    assert lines[-1] == "judge it: pytest --quant-levels=best,q3,q4"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--size=1kB", "--types=q2_k"],
            "--size 1kB: no file of 1,000 bytes can be made of embedded-f16.gguf",
        ),
        (["--size=huge"], "--size: found 'huge', expected 100MB, 1.5GiB or the like, or a level"),
        (["--bits=0"], "--bits: found 0, expected more than 0, at most 32"),
        (["--types=q4_k,q99"], "--types: this llama.cpp has no tensor type Q99"),
        (["--types=f16"], "--types: found f16, expected quantized types"),
        (["--types=iq2_xxs"], "--types: iq2_xxs needs an importance matrix"),
        (["--name=My Best"], "--name: "),
        (["--name=q4"], "--name: "),
        (["--name=all"], "--name: "),
        (["--name=con"], "--name: "),
        (["--imatrix=my dir/im.gguf"], "--imatrix: my dir/im.gguf has a space"),
        (["--text=short.txt"], "--text: short.txt has "),
        (["--text=."], "--text: .: cannot be read"),
        (["--text=again.txt"], "--text: 100 % of again.txt stands in calibration.txt"),
        (["--text=half.txt"], "--text: 100 % of half.txt stands in calibration.txt"),
        (
            [f"--search-text={HELD_TEXT}"],
            "--text: 75 % of the library's held text stands in held_text.jsonl",
        ),
        (["--tokens=0"], "--tokens: found 0, expected at least 1"),
        (["q.gguf"], "MODEL: q.gguf is quantized"),
        ([f"--text={CALIBRATION_TEXT}"], "--text: 100 % of calibration.txt stands in"),
    ],
)
def test_refuses_in_words(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    quantize(EMBEDDED_MODEL, here / "q.gguf", parse_level("q4").recipe, threads=1)
    text = CALIBRATION_TEXT.read_text("utf-8")
    (here / "short.txt").write_text("Too few words.")
    (here / "again.txt").write_text(f"\ufeff{text.upper()}\n", "utf-8", newline="\r\n")
    (here / "half.txt").write_text(text[: len(text) // 2], "utf-8")
    assert main(["recipe", *arguments]) == USAGE_ERROR
    assert any(line.startswith(said) for line in capsys.readouterr().err.splitlines())
