"""Keys and values in other types: one file, other answers; or llama.cpp's words why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import KvTypes, parse_level, parse_recipes
from pytest_quant.runtimes.backend import Conditions, backend_of
from pytest_quant.runtimes.hardware import Hardware
from pytest_quant.runtimes.llamacpp import quantizer
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.protocol import PlainText

CONDITIONS = Conditions(threads=1, parallel=2)
TEXT = PlainText("a text", "One two three, and four of five. " * 60)


def test_two_levels_of_one_file_share_it_and_nothing_else(tiny: Path, tmp_path: Path) -> None:
    backend = backend_of(tiny)
    plain, kept = (
        backend.prepare(parse_level(name), tiny, tmp_path, 1) for name in ("q4", "q4+kv:q8_0/q4_0")
    )
    assert plain.path == kept.path
    assert (plain.kv, kept.kv) == (None, KvTypes("Q8_0", "Q4_0"))
    assert (plain.recipe, kept.recipe) == ("Q4_K_M", "Q4_K_M kv=Q8_0/Q4_0")
    keys = [backend.origin(one, CONDITIONS) for one in (plain, kept)]
    assert keys[1] == (*keys[0], "kv Q8_0/Q4_0")
    assert len([*tmp_path.rglob("*.gguf")]) == 1


def test_the_reference_file_can_be_a_level_with_another_cache(tiny: Path, tmp_path: Path) -> None:
    artifact = backend_of(tiny).prepare(parse_level("f16+kv:q4_0"), tiny, tmp_path, 1)
    assert artifact.path == tiny
    with (
        LlamaCppRuntime.open(tiny, threads=1, parallel=2) as reference,
        LlamaCppRuntime.open(tiny, threads=1, parallel=2, kv=artifact.kv) as level,
    ):
        found = reference.diverge(level, TEXT)
        told = level.describe()
        assert reference.describe().kv == "f16/f16"
    assert found is not None
    assert found.statistics["Mean KLD"].value > 0
    assert (told.kv, told.flash_attention) == ("q4_0/q4_0", "enabled")


@pytest.mark.parametrize(
    ("level", "hardware", "said"),
    [
        ("f16+kv:q4_k", Hardware(), "K cache type q4_K with block size 256 does not divide"),
        ("f16+kv:f16/nvfp4", Hardware(flash_attention="off"), "quantized V cache requires flash"),
        ("f16+kv:q8_0", Hardware(flash_attention="off"), "quantized V cache requires flash_attn"),
    ],
)
def test_llama_cpp_says_why_it_cannot(
    level: str, hardware: Hardware, said: str, tiny: Path, tmp_path: Path
) -> None:
    """Heads of 64 numbers."""
    backend = backend_of(tiny)
    artifact = backend.adopt(parse_level(level), tiny, tmp_path)
    with pytest.raises(QuantUsageError) as raised:
        backend.check_asking([artifact], replace(CONDITIONS, hardware=hardware), tmp_path)
    message = str(raised.value)
    assert message.startswith(f"level {level}: {tiny}: llama.cpp cannot hold")
    assert said in message
    assert len(message.splitlines()) <= 5


def test_what_works_is_tried_once(tiny: Path, tmp_path: Path) -> None:
    backend = backend_of(tiny)
    for level in ("f16+kv:q8_0", "f16+kv:q8_0/f16"):
        artifact = backend.adopt(parse_level(level), tiny, tmp_path)
        backend.check_asking([artifact], CONDITIONS, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "tried").iterdir()}
    backend.check_asking([artifact], CONDITIONS, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "tried").iterdir()} == before


@pytest.mark.parametrize(
    ("recipe", "kind", "near"),
    [
        ("m: q4 kv=q8", "Q8", "Q8_0"),
        ("m: q4 kv=q8_0/q8_k", "Q8_K", "Q8_0"),
        ("m: q4 attn_.*=q4_k_m", "Q4_K_M", "Q4_K"),
        ("m: q4 output=i8", "I8", ""),
    ],
)
def test_types_that_it_does_not_have(
    recipe: str, kind: str, near: str, tiny: Path, tmp_path: Path
) -> None:
    level = parse_level("m", parse_recipes([recipe]))
    for make in (
        lambda: backend_of(tiny).adopt(level, tiny, tmp_path),
        lambda: backend_of(tiny).prepare(level, tiny, tmp_path, 1),
    ):
        with pytest.raises(QuantUsageError) as raised:
            make()
        message = str(raised.value)
        assert message.startswith(f"level m ({level.recipe.describe()}): this llama.cpp has no ")
        assert f"no tensor type {kind}." in message
        assert f"Did you mean {near}?" in message if near else "Did you mean" not in message


def test_a_type_that_only_the_library_knows(tiny: Path, tmp_path: Path) -> None:
    """It reads files of the type, and makes tensors of it, though no whole file."""
    assert quantizer.makes("Q4_K_M")
    assert not quantizer.makes("NVFP4")
    backend = backend_of(tiny)
    with pytest.raises(QuantUsageError, match=r"NVFP4: this llama\.cpp reads such files, and its"):
        backend.prepare(parse_level("nvfp4"), tiny, tmp_path, 1)
    made = parse_level("m", parse_recipes(["m: q4 .*=nvfp4"]))
    artifact = backend.prepare(made, tiny, tmp_path, 1)
    assert artifact.tensor_types["NVFP4"] >= 14
    adopted = backend.adopt(parse_level("nvfp4"), artifact.path, tmp_path)
    assert adopted.bits_per_weight < 8
