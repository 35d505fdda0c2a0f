"""From types of tensors to a recipe: short, and what llama.cpp makes of it is what was meant."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from pytest_quant.analysis.recipes import ini_line, quantize_arguments, recipe_of
from pytest_quant.levels import Recipe, parse_recipes

KINDS = ("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_0")
NAMES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


def drawn(seed: int, blocks: int = 24) -> dict[str, str]:
    draw = random.Random(seed)
    names = [f"blk.{block}.{name}.weight" for block in range(blocks) for name in NAMES]
    return {name: draw.choice(KINDS) for name in ["token_embd.weight", *names, "output.weight"]}


def followed(recipe: Recipe, name: str) -> str:
    """What llama.cpp does: the first pattern that is found anywhere in the name."""
    return next(kind for pattern, kind in recipe.tensor_types if re.search(pattern, name))


@pytest.mark.parametrize("seed", range(5))
def test_every_tensor_gets_its_own_type(seed: int) -> None:
    kinds = drawn(seed)
    recipe = recipe_of(kinds, 4.5)
    assert {name: followed(recipe, name) for name in kinds} == kinds


def test_what_blocks_have_alike_is_said_once() -> None:
    kinds = {f"blk.{block}.attn_q.weight": "Q4_K" for block in range(30)}
    kinds |= {"blk.0.attn_q.weight": "Q6_K", "blk.29.attn_q.weight": "Q6_K"}
    assert recipe_of(kinds, 4.5).tensor_types == (
        (r"blk\.(0|29)\.attn_q\.weight", "Q6_K"),
        (r"\.attn_q\.weight", "Q4_K"),
    )


@pytest.mark.parametrize(
    ("bits", "called"),
    [
        (8.5, "Q8_0"),
        (6.6, "Q6_K"),
        (5.5, "Q5_K_M"),
        (4.5, "Q4_K_M"),
        (3.4, "Q3_K_M"),
        (2.6, "Q2_K"),
    ],
)
def test_a_recipe_counts_as_the_level_of_its_bits(bits: float, called: str) -> None:
    assert recipe_of({}, bits).ftype == called


def test_the_line_is_read_back_as_the_recipe() -> None:
    recipe = recipe_of(drawn(7), 4.5, Path("m.gguf"))
    assert parse_recipes([ini_line("best", recipe)]) == {"best": recipe}


def test_the_arguments_of_llama_quantize() -> None:
    recipe = recipe_of({"output.weight": "Q6_K"}, 4.5, Path("my matrix.gguf"))
    assert quantize_arguments(recipe) == (
        r"--imatrix 'my matrix.gguf' --tensor-type '^output\.weight=Q6_K'"
    )
