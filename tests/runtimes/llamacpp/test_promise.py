"""A level that is not what its name says is noticed, and only such a level."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_quant.levels import Recipe
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.promise import promised_types, shortfall
from pytest_quant.runtimes.llamacpp.quantize import quantize


def made(source: Path, recipe: Recipe, directory: Path) -> Path:
    path = directory / f"{recipe.ftype}.gguf"
    quantize(source, path, recipe, threads=2)
    return path


@pytest.mark.parametrize("ftype", ["Q6_K", "Q5_K_M", "Q3_K_L", "Q2_K", "IQ4_XS", "TQ1_0", "Q4_0"])
def test_an_honest_file_has_no_shortfall(ftype: str, tiny: Path, tmp_path: Path) -> None:
    assert shortfall(inspect(made(tiny, Recipe(ftype), tmp_path)), Recipe(ftype)) is None


def test_rows_that_do_not_fill_blocks_are_named(build_model, tmp_path: Path) -> None:
    narrow = build_model(width=192, heads=3)
    info = inspect(made(narrow, Recipe("Q4_K_M"), tmp_path))
    # Of each layer's seven matrices only ffn_down has rows of 512.
    assert shortfall(info, Recipe("Q4_K_M")) == (
        "Q4_K_M promises Q4_K, but 12 of 14 weight matrices are Q5_0 (11), Q8_0 (1) (12 because "
        f"their rows do not fill its blocks): {info.bits_per_weight:.2f} bits per weight in all"
    )


def test_a_file_below_its_label_is_named(tiny: Path, tmp_path: Path) -> None:
    """One matrix far below the rest, as a broken recipe would leave it."""
    damaged = Recipe("Q4_K_M", (("blk.1.ffn_up", "Q2_K"),))
    info = inspect(made(tiny, damaged, tmp_path))
    assert shortfall(info, damaged) is None
    assert "1 of 14 weight matrices are Q2_K (1): " in str(shortfall(info, Recipe("Q4_K_M")))


def test_another_level_s_file_is_named(tiny: Path, tmp_path: Path) -> None:
    info = inspect(made(tiny, Recipe("Q8_0"), tmp_path))
    sentence = str(shortfall(info, Recipe("Q4_K_M")))
    assert "14 of 14 weight matrices are Q8_0 (14)" in sentence
    assert sentence.endswith("; the file says Q8_0")


def test_an_unquantized_level_allows_nothing_else(tiny: Path, tiny_f32: Path) -> None:
    assert shortfall(inspect(tiny), Recipe("F16")) is None
    assert "are F16 (14)" in str(shortfall(inspect(tiny), Recipe("BF16")))
    assert "are F32 (14)" in str(shortfall(inspect(tiny_f32), Recipe("F16")))


def test_an_override_that_was_not_followed_is_named(tiny: Path, tmp_path: Path) -> None:
    info = inspect(made(tiny, Recipe("Q4_K_M"), tmp_path))
    sentence = shortfall(info, Recipe("Q4_K_M", (("attn_q", "Q8_0"),)))
    assert "promises Q4_K and attn_q=Q8_0, but 2 of 14 weight matrices are Q4_K (2)" in str(
        sentence
    )


def test_a_dense_model_cannot_be_mxfp4(tiny: Path, tmp_path: Path) -> None:
    info = inspect(made(tiny, Recipe("MXFP4_MOE"), tmp_path))
    assert "MXFP4_MOE promises MXFP4, but 14 of 14" in str(shortfall(info, Recipe("MXFP4_MOE")))


def test_mixtures_promise_their_base_type() -> None:
    assert promised_types("Q4_K_M") == ("Q4_K",)
    assert promised_types("Q8_0") == ("Q8_0",)
    assert promised_types("IQ3_M") == ("IQ3_S", "IQ3_XXS", "IQ2_S")
