"""Is a file what its level's name says?

llama.cpp replaces a type silently where a tensor's rows do not fill its blocks, and keeps the
nominal name. A level that is not what it says must be reported, or a comparison of levels
compares names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from pytest_quant.levels import Recipe
from pytest_quant.runtimes.llamacpp import tensor_types
from pytest_quant.runtimes.llamacpp.gguf_file import GgufInfo
from pytest_quant.runtimes.llamacpp.gguf_header import Tensor
from pytest_quant.runtimes.llamacpp.tensor_types import FLOAT_TYPES

# File types that mix tensor types, and the one that most weights get.
_MIXTURES = {
    "Q5_K_M": "Q5_K", "Q5_K_S": "Q5_K", "Q4_K_M": "Q4_K", "Q4_K_S": "Q4_K",
    "Q3_K_L": "Q3_K", "Q3_K_M": "Q3_K", "Q3_K_S": "Q3_K", "Q2_K_S": "Q2_K",
    "IQ3_M": "IQ3_S", "IQ3_XS": "IQ3_S", "IQ2_M": "IQ2_S", "MXFP4_MOE": "MXFP4",
}  # fmt: skip
# Lower types that llama.cpp's own mixtures use beside the promised one.
_LOWER_BY_DESIGN = {
    "IQ3_S": ("IQ3_XXS", "IQ2_S"), "IQ3_XXS": ("IQ2_S",), "IQ2_S": ("IQ2_XS",),
}  # fmt: skip


def promised_types(ftype: str) -> tuple[str, ...]:
    """The tensor type that a file type's name promises, then lower ones that come with it."""
    base = _MIXTURES.get(ftype, ftype)
    return (base, *_LOWER_BY_DESIGN.get(base, ()))


def shortfall(info: GgufInfo, recipe: Recipe) -> str | None:
    """A sentence when a file is not what the recipe says; ``None`` when it is.

    A weight matrix is off when it holds fewer bits than promised, when its rows do not fill the
    promised type's blocks and it fell back to another type, or when it ignores an override. The
    file is off as a whole when it calls itself something else, or is mostly of a higher type.
    """
    off = [tensor for tensor in info.matrices if _is_off(tensor, recipe)]
    label = "" if info.file_type in ("", recipe.ftype) else f"; the file says {info.file_type}"
    if not off and (label or _mostly_higher(info, recipe)):
        base = promised_types(recipe.ftype)[0]
        off = [t for t in info.matrices if not _override(t, recipe) and t.kind != base]
    if not off:
        return None
    promise = promised_types(recipe.ftype)[0]
    if recipe.tensor_types:
        promise += " and " + ", ".join(f"{p}={kind}" for p, kind in recipe.tensor_types)
    uneven = sum(1 for t in off if not _fills_blocks(t, _wanted(t, recipe)))
    why = f" ({uneven} because their rows do not fill its blocks)" if uneven else ""
    return (
        f"{recipe.ftype} promises {promise}, but {len(off)} of {len(info.matrices)} weight "
        f"matrices are {_histogram(off)}{why}: {info.bits_per_weight:.2f} bits per weight in "
        f"all{label}"
    )


def _override(tensor: Tensor, recipe: Recipe) -> str | None:
    """The type that the recipe names for this very tensor."""
    return next((k for pattern, k in recipe.tensor_types if re.search(pattern, tensor.name)), None)


def _wanted(tensor: Tensor, recipe: Recipe) -> str:
    return _override(tensor, recipe) or promised_types(recipe.ftype)[0]


def _is_off(tensor: Tensor, recipe: Recipe) -> bool:
    override = _override(tensor, recipe)
    if override:
        return tensor.kind != override
    promised = promised_types(recipe.ftype)
    # Small matrices such as an expert router stay in F32 at every level.
    if tensor.kind in (*promised, "F32"):
        return False
    if promised[0] in FLOAT_TYPES:
        return True
    return _bits(tensor.kind) < _bits(promised[0]) or not _fills_blocks(tensor, promised[0])


def _mostly_higher(info: GgufInfo, recipe: Recipe) -> bool:
    """Whether most weights are well above the promise: mixtures go up by less than two bits."""
    base = promised_types(recipe.ftype)[0]
    limit = _bits(base) + (0 if base in FLOAT_TYPES else 2)
    plain = [tensor for tensor in info.matrices if not _override(tensor, recipe)]
    higher = sum(tensor.elements for tensor in plain if _bits(tensor.kind) > limit)
    return 2 * higher > sum(tensor.elements for tensor in plain)


def _bits(kind: str) -> float:
    return tensor_types.by_name(kind).bits


def _fills_blocks(tensor: Tensor, kind: str) -> bool:
    return tensor.shape[0] % tensor_types.by_name(kind).block == 0


def _histogram(tensors: Iterable[Tensor]) -> str:
    counts = Counter(tensor.kind for tensor in tensors).most_common()
    return ", ".join(f"{kind} ({count})" for kind, count in counts)
