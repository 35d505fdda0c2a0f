"""``pytest-quant imatrix``: a matrix is made, whole, and where it may be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_quant.base.library import CALIBRATION_TEXT, EMBEDDED_MODEL
from pytest_quant.cli.main import USAGE_ERROR, main
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.importance import left_out, matrix_of

MODEL = str(EMBEDDED_MODEL)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = CALIBRATION_TEXT.read_text("utf-8")[:6000]
    (tmp_path / "mine.txt").write_text(text, "utf-8")
    return tmp_path


def test_makes_the_matrix_of_a_model(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["imatrix", MODEL, "--text=mine.txt", "-o", "m.gguf"]) == 0
    said = capsys.readouterr()
    matrices = inspect(EMBEDDED_MODEL).matrices
    assert said.out.startswith(f"m.gguf written: {len(matrices)} weights, ")
    assert "--quant-imatrix=m.gguf" in said.out
    assert said.err.splitlines()[0] == "embedded-f16.gguf reads mine.txt"
    chunks = matrix_of(here / "m.gguf", inspect(EMBEDDED_MODEL)).chunks
    assert said.err.splitlines()[-1] == f"chunk {chunks} of {chunks}, about 0 s left"
    assert left_out(matrix_of(here / "m.gguf", inspect(EMBEDDED_MODEL)), matrices) == []
    first = (here / "m.gguf").read_bytes()
    assert main(["imatrix", MODEL, "--text=mine.txt", "-o", "m.gguf"]) == USAGE_ERROR
    assert capsys.readouterr().err == (
        "--output: m.gguf is there; choose another file, or add --force\n"
    )
    (here / "m.gguf").write_bytes(b"another")
    assert main(["imatrix", MODEL, "--text=mine.txt", "-o", "m.gguf", "--force"]) == 0
    assert (here / "m.gguf").read_bytes() == first
    assert not [path for path in here.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.gguf"], "none.gguf: no such file; give the path of a GGUF model"),
        (["mine.txt"], "mine.txt: not a GGUF file"),
        ([""], "MODEL: found an empty path"),
        (["hf://nobody"], "MODEL: found 'hf://nobody', expected hf://OWNER/REPOSITORY/FILE"),
        ([MODEL, "--text=none.txt"], "--text: none.txt: cannot be read: No such file"),
        ([MODEL, "--text=bytes.txt"], "--text: bytes.txt: found byte 0 that is not UTF-8"),
        ([MODEL, "--text=short.txt"], "short.txt: has "),
        ([MODEL, "--text=empty.txt"], "empty.txt: has "),
        ([MODEL, "--chunks=0"], "--chunks: found 0, expected at least 1"),
        ([MODEL, "--output=."], "--output: . cannot be written: it is a directory"),
        ([MODEL, "--output=mine.txt"], "--output: mine.txt is there"),
        (
            [MODEL, "--text=mine.txt", "--output=mine.txt", "--force"],
            "--output: mine.txt is also mine.txt; give it a file of its own",
        ),
        (["copy.gguf", "--output=link.gguf", "--force"], "link.gguf is also copy.gguf"),
    ],
)
def test_mistakes_are_told_before_anything_is_written(
    arguments: list[str], said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "bytes.txt").write_bytes(b"\xff\xfe")
    (here / "short.txt").write_text("A few words.")
    (here / "empty.txt").touch()
    (here / "copy.gguf").write_bytes(EMBEDDED_MODEL.read_bytes())
    (here / "link.gguf").symlink_to("copy.gguf")
    before = {path: path.read_bytes() for path in here.iterdir() if path.is_file()}
    assert main(["imatrix", "-o", "m.gguf", *arguments]) == USAGE_ERROR
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) <= 5
    assert {path: path.read_bytes() for path in here.iterdir() if path.is_file()} == before
