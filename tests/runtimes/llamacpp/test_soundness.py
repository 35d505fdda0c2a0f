"""Damaged numbers are found wherever they sit, in every type."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from pytest_quant.levels import Recipe
from pytest_quant.runtimes.llamacpp import ggml
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.quantize import quantize
from pytest_quant.runtimes.llamacpp.soundness import damage
from pytest_quant.runtimes.llamacpp.tensor_types import all_types

# Whole numbers, and NVFP4: every byte is a scale there.
WITHOUT_NAN = {"I8", "I16", "I32", "I64", "NVFP4"}
# What ggml knows only between two operations.
NOT_STORED = {"Q8_1"}


@pytest.mark.parametrize("name", all_types())
def test_every_type_is_looked_at(name: str) -> None:
    kind = all_types()[name]
    if name in NOT_STORED:
        assert not ggml.can_check(kind.number)
        return
    blocks = np.zeros((3, kind.block_bytes), np.uint8)
    assert ggml.is_sound(kind.number, blocks.ctypes.data, blocks.size)
    blocks[2] = 0xFF
    assert ggml.is_sound(kind.number, blocks.ctypes.data, blocks.size) == (name in WITHOUT_NAN)
    assert ggml.is_sound(kind.number, blocks.ctypes.data, 2 * kind.block_bytes)


@pytest.fixture(scope="session")
def q4(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny-Q4_K_M.gguf"
    quantize(tiny, path, Recipe("Q4_K_M"), threads=1)
    return path


# Where a scale's two bytes lie in a block: ggml-common.h.
@pytest.mark.parametrize(
    ("tensor", "kind", "row", "scale"),
    [
        ("token_embd.weight", "Q4_K", 599, 0),
        ("blk.1.ffn_down.weight", "Q6_K", 7, 208),
        ("blk.1.ffn_up.weight", "Q4_K", 511, 2),
        ("output.weight", "Q6_K", 0, 208),
    ],
)
@pytest.mark.parametrize("value", [np.nan, -np.inf], ids=["nan", "inf"])
def test_names_the_tensor_and_its_row(
    tensor: str, kind: str, row: int, scale: int, value: float, q4: Path, tmp_path: Path
) -> None:
    path = tmp_path / "q4.gguf"
    path.write_bytes(q4.read_bytes())
    data = gguf.GGUFReader(path, "r+").get_tensor(names(path).index(tensor)).data
    data[row, scale : scale + 2] = np.array([value], np.float16).view(np.uint8)
    data.flush()
    told = damage([path])
    blocks = data.shape[1] // all_types()[kind].block_bytes
    assert f"damaged: a scale of block {row * blocks} in row {row} of" in told.replace(",", "")
    assert f"tensor '{tensor}' ({kind}) is NaN or infinite;" in told


def test_finds_single_weights_and_counts_tensors(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(tiny.read_bytes())
    reader = gguf.GGUFReader(path, "r+")
    for name, place in (("output_norm.weight", 200), ("token_embd.weight", (333, 5))):
        data = reader.get_tensor(names(path).index(name)).data
        data[place] = np.inf
        data.flush()
    assert "damaged: a weight in row 333 of tensor 'token_embd.weight' (F16) is" in damage([path])
    assert "(and in 1 more tensor)" in damage([path])


def test_looks_at_every_part(build_model) -> None:
    first = build_model(split_tensors=8).with_name("tiny-00001-of-00003.gguf")
    parts = inspect(first).parts
    assert damage(parts) == ""
    data = gguf.GGUFReader(parts[2], "r+").get_tensor(0).data
    data[3] = np.nan
    data.flush()
    assert damage(parts).startswith(f"{parts[2]}: damaged: ")


def test_finds_nothing_in_sound_models(tiny: Path, tiny_f32: Path, q4: Path) -> None:
    assert [damage([path]) for path in (tiny, tiny_f32, q4)] == ["", "", ""]


def names(path: Path) -> list[str]:
    return [tensor.name for tensor in gguf.GGUFReader(path).tensors]
