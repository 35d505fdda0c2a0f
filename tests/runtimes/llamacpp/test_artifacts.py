"""Artifacts are made once, reused, and never trusted when they might be broken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import Level, Recipe, parse_level
from pytest_quant.runtimes.artifact import Artifact
from pytest_quant.runtimes.llamacpp.artifacts import adopt, prepare
from pytest_quant.runtimes.llamacpp.digests import digest

Q8 = parse_level("q8")


@pytest.fixture(scope="module")
def cache(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that has an artifact."""
    path = tmp_path_factory.mktemp("cache")
    prepare(Q8, tiny, path, threads=2)
    return path


@pytest.fixture
def made(cache: Path, tiny: Path, tmp_path: Path) -> Artifact:
    """It, in a cache of the test's own."""
    shutil.copytree(cache, tmp_path, dirs_exist_ok=True)
    return prepare(Q8, tiny, tmp_path, threads=2)


def identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def test_describes_what_was_made(made: Artifact, tmp_path: Path) -> None:
    assert made.path.parent == tmp_path / "artifacts"
    assert made.digest == digest(made.path, tmp_path)
    assert (made.level, made.recipe, made.made_here, made.warning) == ("q8", "Q8_0", True, "")
    assert made.tensor_types == {"F32": 5, "Q8_0": 16}
    assert made.size == made.path.stat().st_size
    assert made.bits_per_weight == pytest.approx(8.5, abs=0.1)


def test_is_made_only_once(made: Artifact, tiny: Path, tmp_path: Path) -> None:
    before = identity(made.path)
    assert prepare(Q8, tiny, tmp_path, threads=1) == made
    assert identity(made.path) == before


def test_a_copy_of_the_source_shares_its_artifacts(
    made: Artifact, tiny: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.gguf"
    shutil.copy(tiny, copy)
    before = identity(made.path)
    assert prepare(Q8, copy, tmp_path, threads=2).path == made.path
    assert identity(made.path) == before


def test_recipes_and_sources_have_artifacts_of_their_own(
    made: Artifact, tiny: Path, build_model, tmp_path: Path
) -> None:
    mixed = Level("mixed", Recipe("Q8_0", (("attn_q", "Q6_K"),)))
    other = build_model(seed=1)
    paths = {
        made.path,
        prepare(mixed, tiny, tmp_path, threads=2).path,
        prepare(Q8, other, tmp_path, threads=2).path,
    }
    assert len(paths) == 3


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-7] ^= 1
    path.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "file cut": _cut,
    "bit flipped": _flip,
    "file gone": Path.unlink,
    "record gone": lambda path: path.with_suffix(".json").unlink(),
    "record cut": lambda path: _cut_record(path.with_suffix(".json")),
    "record empty": lambda path: path.with_suffix(".json").write_text("{}") and None,
}


def _cut_record(path: Path) -> None:
    path.write_text(path.read_text()[:20])


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_may_be_broken_is_made_again(
    damage: str, made: Artifact, tiny: Path, tmp_path: Path
) -> None:
    leftover = made.path.with_name(f"{made.path.name}.x1.partial")
    leftover.touch()
    DAMAGE[damage](made.path)
    assert prepare(Q8, tiny, tmp_path, threads=2) == made
    record = json.loads(made.path.with_suffix(".json").read_text())
    assert (record["sha256"], record["size"]) == (made.digest, made.path.stat().st_size)
    assert not leftover.exists()


def test_the_source_itself_serves_its_own_level(tiny: Path, tmp_path: Path) -> None:
    artifact = prepare(parse_level("f16"), tiny, tmp_path, threads=2)
    assert (artifact.path, artifact.made_here, artifact.warning) == (tiny, False, "")
    assert not (tmp_path / "artifacts").exists()


def test_adopts_a_file_and_says_what_is_wrong_with_it(made: Artifact, tmp_path: Path) -> None:
    honest = adopt(Q8, made.path, tmp_path)
    assert (honest.path, honest.made_here, honest.warning) == (made.path, False, "")
    mistaken = adopt(parse_level("q4"), made.path, tmp_path)
    assert "the file says Q8_0" in mistaken.warning
    assert mistaken.digest == honest.digest


def test_refuses_a_quantized_source(made: Artifact, tmp_path: Path) -> None:
    with pytest.raises(QuantUsageError, match="already quantized"):
        prepare(parse_level("q4"), made.path, tmp_path, threads=2)


def test_an_unwritable_cache_is_explained(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(QuantUsageError, match=r"cannot be written.*\n?.*--quant-cache-dir"):
        prepare(Q8, tiny, tmp_path / "file" / "cache", threads=2)
