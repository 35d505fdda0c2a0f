"""Faults of the numbers in a file. Each is deterministic: the same dose gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable

import gguf
import numpy as np

from .model_file import Array, ModelFile, Tensor

_SEED = 20_261_125
# Where a block of a quantized type holds the 16-bit factors of its weights.
_SCALE_OFFSETS = {
    gguf.GGMLQuantizationType.Q8_0: (0,),
    gguf.GGMLQuantizationType.Q6_K: (208,),
    gguf.GGMLQuantizationType.Q5_K: (0, 2),
    gguf.GGMLQuantizationType.Q4_K: (0, 2),
    gguf.GGMLQuantizationType.Q3_K: (108,),
    gguf.GGMLQuantizationType.Q2_K: (80, 82),
}
_BY_BITS = {2: "Q2_K", 3: "Q3_K_M", 4: "Q4_K_M", 5: "Q5_K_M", 6: "Q6_K"}


def quantize_block_lower(model: ModelFile, bits: int) -> None:
    """The matrices of one block in a lower type; the file goes on calling itself what it was."""
    _take_over(model, model.quantized(_BY_BITS[bits]), model.matrices(model.middle))


def quantize_embedding_lower(model: ModelFile, bits: int) -> None:
    """The token embedding in a lower type."""
    lower = model.quantized("Q8_0", embedding=_BY_BITS[bits].removesuffix("_M"))
    _take_over(model, lower, ["token_embd.weight"])


def requantize(model: ModelFile, bits: int) -> None:
    """All matrices as a file of a lower level has them."""
    lower = model.quantized(_BY_BITS[bits]).dequantized()
    _take_over(model, lower, [n for n, tensor in model.tensors.items() if tensor.data.ndim > 1])


def swap_rows(model: ModelFile, share: float) -> None:
    """The first rows of two blocks' feed-forward matrices exchanged."""
    names = [f"blk.{model.middle + step}.ffn_up.weight" for step in (-1, 0)]
    one, other = (model.tensors[name].data for name in names)
    rows = max(1, round(share * len(one)))
    swapped = (
        np.concatenate([other[:rows], one[rows:]]),
        np.concatenate([one[:rows], other[rows:]]),
    )
    for name, data in zip(names, swapped, strict=True):
        model.tensors[name] = Tensor(data, model.tensors[name].kind)


def perturb_scales(model: ModelFile, spread: float) -> None:
    """Every block scale of one matrix times ``1 + spread * noise``."""
    _change_scales(model, lambda count: 1 + spread * _random().standard_normal(count))


def misscale(model: ModelFile, error: float) -> None:
    """Every block scale of one matrix too large by the same share."""
    _change_scales(model, lambda count: np.full(count, 1 + error))


def _change_scales(model: ModelFile, factors: Callable[[int], Array]) -> None:
    name = f"blk.{model.middle}.ffn_down.weight"
    tensor = model.tensors[name]
    block_bytes = gguf.GGML_QUANT_SIZES[tensor.kind][1]
    blocks = tensor.data.copy().reshape(-1, block_bytes)
    factor = factors(len(blocks))
    for offset in _SCALE_OFFSETS[tensor.kind]:
        scales = np.ascontiguousarray(blocks[:, offset : offset + 2]).view(np.float16)[:, 0]
        changed = (scales.astype(np.float32) * factor).astype(np.float16)
        blocks[:, offset : offset + 2] = changed[:, np.newaxis].view(np.uint8)
    model.tensors[name] = Tensor(blocks.reshape(tensor.data.shape), tensor.kind)


def add_output_noise(model: ModelFile, share: float) -> None:
    """Noise on the output layer, ``share`` of the spread of its weights."""
    name = "output.weight" if "output.weight" in model.tensors else "token_embd.weight"
    values = model.tensors[name].values
    noise = _random().standard_normal(values.shape, dtype=np.float32)
    model.set_values(name, values + share * values.std() * noise)


def misscale_norm(model: ModelFile, error: float) -> None:
    """The weights of one block's attention norm too large by a share."""
    name = f"blk.{model.middle}.attn_norm.weight"
    model.set_values(name, model.tensors[name].values * (1 + error))


def zero_heads(model: ModelFile, heads: int) -> None:
    """What the first attention heads of one block found is thrown away."""
    name = f"blk.{model.middle}.attn_output.weight"
    values = model.tensors[name].values
    values[:, : heads * values.shape[1] // model["attention.head_count"]] = 0
    model.set_values(name, values)


def unpermute_heads(model: ModelFile, blocks: int) -> None:
    """Queries and keys of some blocks in the order of halves instead of pairs."""
    for block in range(model.middle, model.middle - blocks, -1):
        for part in ("attn_q", "attn_k"):
            name = f"blk.{block}.{part}.weight"
            values = model.tensors[name].values
            heads = values.reshape(model["attention.head_count"], -1, 2, values.shape[1])
            model.set_values(name, heads.swapaxes(1, 2).reshape(values.shape))


def drop_block(model: ModelFile, blocks: int) -> None:
    """Some blocks missing, those behind them moved up."""
    kept = [b for b in range(model.blocks) if not 0 <= b - model.middle < blocks]
    moved = {}
    for name, tensor in model.tensors.items():
        match = re.fullmatch(r"blk\.(\d+)\.(.+)", name)
        if match is None:
            moved[name] = tensor
        elif int(match[1]) in kept:
            moved[f"blk.{kept.index(int(match[1]))}.{match[2]}"] = tensor
    model.tensors = moved
    model["block_count"] = len(kept)


def repeat_block(model: ModelFile, blocks: int) -> None:
    """Some blocks overwritten by copies of the one before them."""
    original = f"blk.{model.middle - 1}."
    for block in range(model.middle, model.middle + blocks):
        for name in [name for name in model.tensors if name.startswith(original)]:
            copy = name.replace(original, f"blk.{block}.", 1)
            model.tensors[copy] = model.tensors[name]


def cut_towards_zero(model: ModelFile, bits: int) -> None:
    """Weights of all blocks on a grid of so many bits, cut towards zero instead of rounded."""
    for name in _block_matrices(model):
        values = model.tensors[name].values
        groups = values.reshape(-1, 32)
        step = np.abs(groups).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
        steps = np.divide(groups, step, out=np.zeros_like(groups), where=step > 0)
        model.set_values(name, (np.trunc(steps) * step).reshape(values.shape))


def clip_outliers(model: ModelFile, deviations: float) -> None:
    """Weights of all blocks clipped at so many standard deviations of their matrix."""
    for name in _block_matrices(model):
        values = model.tensors[name].values
        limit = deviations * values.std()
        model.set_values(name, values.clip(-limit, limit))


def zero_bytes(model: ModelFile, count: int) -> None:
    """A hole in one matrix: so many bytes of the file are zero."""
    name = f"blk.{model.middle}.ffn_gate.weight"
    tensor = model.tensors[name]
    content = bytearray(tensor.data.tobytes())
    start = len(content) // 4
    content[start : start + count] = bytes(count)
    data = np.frombuffer(bytes(content), tensor.data.dtype).reshape(tensor.data.shape)
    model.tensors[name] = Tensor(data, tensor.kind)


def _take_over(model: ModelFile, other: ModelFile, names: list[str]) -> None:
    model.tensors |= {name: other.tensors[name] for name in names}


def _block_matrices(model: ModelFile) -> list[str]:
    return [name for block in range(model.blocks) for name in model.matrices(block)]


def _random() -> np.random.Generator:
    return np.random.default_rng(_SEED)
