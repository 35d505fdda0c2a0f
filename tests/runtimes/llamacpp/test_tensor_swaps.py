"""Each part of the weights by itself: what is swapped is what is told, and nothing else changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf.quants import dequantize

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import Recipe, parse_recipes
from pytest_quant.metrics.swaps import Swap, Swaps
from pytest_quant.runtimes.llamacpp import kept_text
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.kept_text import Limits
from pytest_quant.runtimes.llamacpp.quantize import quantize
from pytest_quant.runtimes.llamacpp.swapping import Pair, SwapFile
from pytest_quant.runtimes.llamacpp.tensor_swaps import measure_swaps
from pytest_quant.runtimes.llamacpp.weight_values import data_of, values_of
from pytest_quant.runtimes.protocol import Dialogues
from pytest_quant.session.held_text import held_text

KINDS = ("Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q3_K", "Q2_K", "Q5_0", "Q4_1", "Q4_0", "F16", "BF16")


def made(directory: Path, recipe: str) -> Path:
    """The embedded model in a recipe of tensor types."""
    path = directory / "level.gguf"
    (found,) = parse_recipes([f"mine: {recipe}"]).values()
    quantize(EMBEDDED_MODEL, path, found, threads=1)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_those_of_package_gguf(kind: str) -> None:
    number = gguf.GGMLQuantizationType[kind]
    block, size = gguf.GGML_QUANT_SIZES[number]
    random = np.random.default_rng(3)
    count = 64 * block
    if kind in ("F16", "BF16"):
        data = data_of(kind, random.normal(0, 1, count).astype(np.float32))
    else:
        blocks = random.integers(0, 256, (count // block, size), np.uint8)
        # A scale that is no number tells nothing: keep the exponents of all of them small.
        blocks[:, 1::2] &= 0x3B
        data = blocks.tobytes()
    raw = np.frombuffer(data, np.uint8).reshape(64, -1)
    expected = dequantize(raw, number).astype(np.float32).ravel()
    found = values_of(kind, data)
    same = np.isfinite(expected)
    assert same.mean() > 0.5
    np.testing.assert_array_equal(found[same], expected[same])


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16"])
def test_what_a_type_holds_goes_there_and_back(kind: str) -> None:
    values = np.array([0.0, 1.0, -0.5, 2.0**-10, 1.5, -3.0], np.float32)
    np.testing.assert_array_equal(values_of(kind, data_of(kind, values)), values)


def test_bf16_is_rounded_as_package_gguf_rounds_it() -> None:
    values = np.random.default_rng(0).normal(0, 1, 512).astype(np.float32)
    expected = gguf.quants.quantize(values, gguf.GGMLQuantizationType.BF16)
    assert data_of("BF16", values) == expected.tobytes()


def test_a_swap_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = made(tmp_path, "q4_k_m")
    pair = Pair.of(EMBEDDED_MODEL, path)
    file = SwapFile(EMBEDDED_MODEL, tmp_path / "copy.gguf")
    before = file.path.read_bytes()
    assert before == EMBEDDED_MODEL.read_bytes()
    name = "blk.1.ffn_down.weight"
    file.put(pair.after([name]))
    reader = gguf.GGUFReader(file.path)
    level = gguf.GGUFReader(path)
    for tensor in reader.tensors:
        theirs = next(t for t in level.tensors if t.name == tensor.name)
        if tensor.name == name:
            expected = dequantize(theirs.data, theirs.tensor_type).astype(np.float16)
            np.testing.assert_array_equal(tensor.data.ravel(), expected.ravel())
    assert file.path.read_bytes() != before
    file.put(pair.before([name]))
    assert file.path.read_bytes() == before


LIMITS = Limits(tokens=900, threads=1, memory=1 << 33)


def swaps(level: Path, limits: Limits = LIMITS, parts: Sequence[str] = ()) -> Swaps:
    pair = Pair.of(EMBEDDED_MODEL, level)
    names = parts or tuple(pair.changed)
    told: list[tuple[int, int]] = []
    found = measure_swaps(
        pair,
        {name: [name] for name in names},
        held_text(None),
        limits,
        lambda *done: told.append(done),
    )
    assert told == [(done, len(names)) for done in range(1, len(names) + 1)]
    return found


def mean(values: Sequence[float], found: Swaps) -> float:
    return float(np.average(values, weights=found.tokens[: len(values)]))


def test_one_bad_tensor_is_found_and_the_others_are_harmless(tmp_path: Path) -> None:
    bad = "blk.2.ffn_up.weight"
    found = swaps(made(tmp_path, f"q8_0 {bad.removesuffix('.weight')}=q2_k"))
    worst = max(found.parts, key=lambda part: mean(part.alone, found))
    assert (worst.part, worst.types) == (bad, ("Q2_K",))
    assert worst.error.rms > 20 * min(part.error.rms for part in found.parts)
    assert worst.kept is not None
    # Kept by itself it takes nearly all of the divergence away.
    assert mean(worst.kept, found) < 0.1 * mean(found.whole, found)
    harmless = [part for part in found.parts if part.kept is None]
    assert len(harmless) >= 8
    assert all(len(part.alone) < len(found.tokens) for part in harmless)


def test_alone_is_what_a_file_shows_in_which_it_alone_is_quantized(tmp_path: Path) -> None:
    """By the path that the gate takes, with the kernels of the type."""
    name = "blk.0.attn_output.weight"
    level = tmp_path / "level.gguf"
    recipe = Recipe("Q8_0", ((name, "Q3_K"), (".*", "F16")), token_embedding="F16", output="F16")
    quantize(EMBEDDED_MODEL, level, recipe, threads=1)
    pair = Pair.of(EMBEDDED_MODEL, level)
    assert [*pair.changed] == [name]
    found = swaps(level)
    (part,) = found.parts
    assert part.alone == found.whole
    assert part.kept is not None
    assert max(part.kept) < 1e-9
    with (
        LlamaCppRuntime.open(EMBEDDED_MODEL, threads=1) as reference,
        LlamaCppRuntime.open(level, threads=1) as own,
    ):
        text = held_text(None)
        assert isinstance(text, Dialogues)
        read = reference.diverge(own, text)
    assert read is not None
    gate = np.average([c.kld for c in read.chunks], weights=[c.tokens for c in read.chunks])
    assert mean(part.alone, found) == pytest.approx(gate, rel=0.35)


def test_neither_threads_nor_lanes_change_what_is_told(tmp_path: Path) -> None:
    level = made(tmp_path, "q4_k_m")
    names = ("token_embd.weight", "blk.0.attn_v.weight", "blk.3.ffn_gate.weight")
    one = swaps(level, parts=names)
    two = swaps(level, Limits(900, 2, 1 << 33), names)
    for alone, other in zip(one.parts, two.parts, strict=True):
        np.testing.assert_allclose(alone.alone, other.alone, rtol=1e-6, atol=1e-9)


def test_of_a_large_vocabulary_less_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_text, "MOST_BYTES", 300 * 4 * 640)
    found = swaps(made(tmp_path, "q2_k"), parts=("output.weight",))
    assert len(found.tokens) >= 2
    assert sum(found.tokens) <= 300


def test_another_model_is_refused(tiny: Path) -> None:
    with pytest.raises(QuantUsageError, match=r"has no tensor .* give the file that the level was"):
        Pair.of(EMBEDDED_MODEL, tiny)


def test_a_swap_is_plain(tmp_path: Path) -> None:
    found = swaps(made(tmp_path, "q2_k"), parts=("output.weight",))
    (part,) = found.parts
    assert isinstance(part, Swap)
    assert all(type(value) is float for value in (*part.alone, *found.whole))
