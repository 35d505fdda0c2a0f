"""``pytest-quant levels``: what each level's name stands for."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from pytest_quant.cli.tables import table
from pytest_quant.levels import NEEDS_IMATRIX, SHORT_NAMES, known_types, parse_level

_HEADS = ("level", "type", "tensors", "bits/weight", "tolerance of", "made here")


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "levels",
        help="the levels that --quant-levels knows",
        description="Every level: its llama.cpp type and what one weight takes in it.",
    )
    parser.set_defaults(command=_levels)


def _levels(_: argparse.Namespace) -> Iterator[str]:
    others = [name for name in known_types() if name not in SHORT_NAMES.values()]
    names = [*SHORT_NAMES, *(name.lower() for name in others)]
    yield from table(_HEADS, [_row(name) for name in names], right=["bits/weight"])
    yield ""
    yield "Bits are nominal: those of the tensor type that most weights get. A run reports"
    yield "what its files really take. Recipes of your own are levels too: quant_recipes."
    yield "With other types of keys and values a level is a level of its own: q4+kv:q8_0."


def _row(name: str) -> tuple[str, ...]:
    from pytest_quant.runtimes.llamacpp.promise import promised_types
    from pytest_quant.runtimes.llamacpp.quantizer import makes
    from pytest_quant.runtimes.llamacpp.tensor_types import all_types

    level = parse_level(name)
    kind = promised_types(level.recipe.ftype)[0]
    known = all_types().get(kind)
    bits = f"{known.bits:.2f}" if known else "?"
    made = "yes" if makes(level.recipe.ftype) else "no: only read"
    if level.recipe.ftype in NEEDS_IMATRIX:
        made = "with --quant-imatrix"
    return name, level.recipe.describe(), kind, bits, level.guide_level, made
