"""Are the numbers of a model numbers?

A scale that is NaN or infinite spoils a block of weights, and the logits may stay finite all the
same: in the row of a token that nobody writes, or where a processor's maximum passes it over.
ggml's own check of every type is asked, tensor by tensor, over all the parts of a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path

import numpy as np

from pytest_quant.base.amounts import counted
from pytest_quant.runtimes.llamacpp import ggml, tensor_types
from pytest_quant.runtimes.llamacpp.gguf_header import Tensor, read_header
from pytest_quant.runtimes.llamacpp.tensor_types import TensorType

# Read at once: what a processor's cache holds.
_CHUNK = 1 << 20


def damage(parts: Sequence[Path]) -> str:
    """What is wrong with the numbers of a model, ``""`` if nothing is.

    Each part is read through once. Raises ``QuantUsageError`` like ``read_header``.
    """
    found = [told for part in parts for told in _of_part(part)]
    more = f" (and in {counted(len(found) - 1, 'more tensor')})" if len(found) > 1 else ""
    return f"{found[0]}{more}; download or make it again" if found else ""


def _of_part(path: Path) -> Iterator[str]:
    header = read_header(path)
    with path.open("rb") as file:
        for tensor, (start, end) in zip(header.tensors, header.tensor_spans, strict=True):
            kind = tensor_types.by_name(tensor.kind)
            if not ggml.can_check(kind.number):
                yield (
                    f"{path}: tensor {tensor.name!r} is of type {kind.name}, of which this "
                    "llama.cpp cannot tell whether it is damaged"
                )
                continue
            file.seek(start)
            block = _first_bad_block(file, kind, (end - start) // kind.block_bytes)
            if block is not None:
                yield f"{path}: damaged: {_place(tensor, kind, block)} is NaN or infinite"


def _first_bad_block(file: BufferedReader, kind: TensorType, blocks: int) -> int | None:
    """The first of the next blocks of a file that is not sound, ``None`` if all are."""
    at_once = max(1, _CHUNK // kind.block_bytes)
    buffer = bytearray(at_once * kind.block_bytes)
    address = int(np.frombuffer(buffer, np.uint8).ctypes.data)
    for start in range(0, blocks, at_once):
        count = min(at_once, blocks - start)
        file.readinto(memoryview(buffer)[: count * kind.block_bytes])
        if not ggml.is_sound(kind.number, address, count * kind.block_bytes):
            return start + _search(address, kind, count)
    return None


def _search(address: int, kind: TensorType, blocks: int) -> int:
    """The first of some blocks that is not sound, found by halves; one of them is not."""
    first, end = 0, blocks
    while end - first > 1:
        middle = (first + end) // 2
        size = (middle - first) * kind.block_bytes
        if ggml.is_sound(kind.number, address + first * kind.block_bytes, size):
            first = middle
        else:
            end = middle
    return first


def _place(tensor: Tensor, kind: TensorType, block: int) -> str:
    row = block * kind.block // max(1, tensor.shape[0])
    within = "a weight" if kind.block == 1 else f"a scale of block {block:,}"
    return f"{within} in row {row:,} of tensor {tensor.name!r} ({kind.name})"
