"""``pytest-quant explain``: the tensor that a level's rise comes from, of those that differ."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.sessions import Project

pytest.importorskip("gguf")
from benchmarks.faults.catalogue import fault_named

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.cli.main import USAGE_ERROR, main
from pytest_quant.levels import parse_level
from pytest_quant.runtimes.llamacpp.quantize import quantize


@pytest.fixture(scope="module")
def record(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a session with a sound q4, which is the level of every damaged file here."""
    project = Project(tmp_path_factory.mktemp("session"), shared_cache)
    run = project.run("--quant-levels=q4", "--quant-cases=8", "-k", "doubling")
    assert run.record is not None
    (path,) = project.path.glob("*.json")
    return path


@pytest.fixture(scope="module")
def q4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "q4.gguf"
    quantize(EMBEDDED_MODEL, path, parse_level("q4").recipe, threads=1)
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def explained(record: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[str]:
    assert main(["explain", str(record), "--artifact=q4=bad.gguf", "--tokens=700", *more]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("name", "dose", "culprit"),
    [
        ("wrong scale", 0.2, r"blk.2.ffn_down.weight (feed-forward down)"),
        ("perturbed scales", 0.2, r"blk.2.ffn_down.weight (feed-forward down)"),
    ],
)
def test_finds_the_one_among_others_that_differ_a_little(
    name: str,
    dose: float,
    culprit: str,
    here: Path,
    record: Path,
    q4: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault_named(name).plant(q4, dose, here / "worse.gguf")
    fault_named("wrong norm").plant(here / "worse.gguf", 0.01, here / "bad.gguf")
    lines = explained(record, capsys)
    assert "2 tensors of 48 differ" in lines
    assert f"The culprit is {culprit}: by itself it explains " in " ".join(
        line.strip() for line in lines
    )


@pytest.mark.parametrize(
    ("name", "dose", "tensor"),
    [("wrong norm", 0.5, "attn_norm"), ("output noise", 0.2, "output.weight")],
)
def test_finds_what_was_damaged_before_quantizing(
    name: str,
    dose: float,
    tensor: str,
    here: Path,
    record: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault_named(name).plant(EMBEDDED_MODEL, dose, here / "model.gguf")
    quantize(here / "model.gguf", here / "bad.gguf", parse_level("q4").recipe, threads=1)
    lines = explained(record, capsys)
    assert any(line.startswith("The culprit is") and tensor in line for line in lines), lines


def test_a_sound_file_has_no_culprit(
    here: Path, record: Path, q4: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copyfile(q4, here / "bad.gguf")
    assert explained(record, capsys) == [
        "every tensor of bad.gguf is what q4 has if it is made here anew"
    ]


def test_what_is_no_rise_is_not_explained(
    here: Path, record: Path, q4: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fault_named("wrong norm").plant(q4, 0.0001, here / "bad.gguf")
    assert explained(record, capsys)[-1] == ("no rise is shown: the weights explain nothing here")


def test_metadata_that_differ_are_named(
    here: Path, record: Path, q4: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fault_named("rope base").plant(q4, 1.05, here / "bad.gguf")
    lines = explained(record, capsys)
    assert lines[0].startswith("note: bad.gguf is not the file that ")
    assert lines[1] == "other metadata: llama.rope.freq_base"
    assert lines[-1].startswith("every tensor of bad.gguf is what q4 has")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--artifact=q4"], "--artifact: found 'q4', expected LEVEL=FILE"),
        (["--artifact=q4=no.gguf"], "--artifact: no.gguf: no such file"),
        ([f"--artifact=q5={EMBEDDED_MODEL}"], "--artifact: found 'q5', expected a level of "),
        ([f"--artifact=q4={EMBEDDED_MODEL}", "--tokens=0"], "--tokens: found 0"),
    ],
)
@pytest.mark.usefixtures("here")
def test_refuses_in_words(
    record: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["explain", str(record), *arguments]) == USAGE_ERROR
    assert capsys.readouterr().err.splitlines()[-1].startswith(said)
