"""ggml's tensor types and what a weight costs in each.

Asked of the engine itself: package gguf's table runs behind it and knows no ``Q2_0``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp import ggml

FLOAT_TYPES = ("F32", "BF16", "F16")


@dataclass(frozen=True, slots=True)
class TensorType:
    """A type such as ``Q4_K``; a block of ``block`` weights takes ``block_bytes``."""

    number: int
    name: str
    block: int
    block_bytes: int

    @property
    def bits(self) -> float:
        """Bits per weight."""
        return 8 * self.block_bytes / self.block


@functools.cache
def all_types() -> dict[str, TensorType]:
    """Every type that this llama.cpp can read, by name."""
    numbers = range(ggml.TYPE_COUNT)
    found = ((number, ggml.describe_type(number)) for number in numbers)
    return {kind[0]: TensorType(number, *kind) for number, kind in found if kind}


@functools.cache
def by_number(number: int) -> TensorType | None:
    """The type with ggml's number, ``None`` if this llama.cpp cannot read it."""
    return next((kind for kind in all_types().values() if kind.number == number), None)


def by_name(name: str) -> TensorType:
    """The type of this name; raises ``QuantUsageError``."""
    try:
        return all_types()[name]
    except KeyError:
        raise QuantUsageError(
            f"this llama.cpp has no tensor type {name}; it has {', '.join(all_types())}"
        ) from None
