"""From the type of each tensor to a recipe that people can read, and that llama.cpp can follow."""

from __future__ import annotations

import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_quant.levels import Recipe

_BLOCK = re.compile(r"blk\.(\d+)\.(.+)\.weight")
# The type that a recipe is called by, from so many bits per weight on.
_CALLED = ((7.5, "Q8_0"), (6.2, "Q6_K"), (5.2, "Q5_K_M"), (4.2, "Q4_K_M"), (3.2, "Q3_K_M"))
_LOWEST = "Q2_K"


def recipe_of(kinds: Mapping[str, str], bits: float, imatrix: Path | None = None) -> Recipe:
    """A recipe in which each tensor has its type, whatever llama.cpp would give it by itself.

    ``bits`` per weight say which level the recipe counts as.
    """
    called = next((name for least, name in _CALLED if bits >= least), _LOWEST)
    return Recipe(called, tuple(_patterns(kinds)), imatrix=imatrix)


def ini_line(name: str, recipe: Recipe) -> str:
    """The line for ``quant_recipes``."""
    words = [f"{pattern}={kind.lower()}" for pattern, kind in recipe.tensor_types]
    if recipe.imatrix:
        words.append(f"imatrix={recipe.imatrix}")
    return " ".join([f"{name}: {recipe.ftype.lower()}", *words])


def quantize_arguments(recipe: Recipe) -> str:
    """The same for llama.cpp's own tool, ``llama-quantize``, in a shell."""
    words = [f"--tensor-type '{pattern}={kind}'" for pattern, kind in recipe.tensor_types]
    if recipe.imatrix:
        words.insert(0, f"--imatrix {shlex.quote(str(recipe.imatrix))}")
    return " ".join(words)


def _patterns(kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Of tensors that blocks have alike: those of other types by their blocks, then the rest."""
    alike: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for name, kind in kinds.items():
        if match := _BLOCK.fullmatch(name):
            alike[match[2]][int(match[1])] = kind
        else:
            # Else "output" would be found in "attn_output".
            yield f"^{re.escape(name)}", kind
    for name, by_block in sorted(alike.items()):
        usual = Counter(by_block.values()).most_common(1)[0][0]
        others: defaultdict[str, list[int]] = defaultdict(list)
        for block, kind in sorted(by_block.items()):
            if kind != usual:
                others[kind].append(block)
        for kind, blocks in others.items():
            places = "|".join(map(str, blocks))
            yield rf"blk\.({places})\.{re.escape(name)}\.weight", kind
        yield rf"\.{re.escape(name)}\.weight", usual
