"""ggml's tensor types and what a weight costs in each.

Asked of the engine itself: package gguf's table runs behind it and knows no ``Q2_0``.
"""

from __future__ import annotations

import difflib
import functools
import re
from dataclasses import dataclass

from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import KvTypes
from pytest_quant.runtimes.llamacpp import ggml

FLOAT_TYPES = ("F32", "BF16", "F16")
# Numbers of other kinds, and what a product rounds one of its sides to while it is worked out.
_NOT_KEPT = re.compile(r"I\d+|F64|Q8_1|Q8_K")


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
    if name in all_types():
        return all_types()[name]
    raise _unknown(name)


def numbers_of(kv: KvTypes | None) -> tuple[int, int] | None:
    """ggml's numbers of the types of keys and values; raises ``QuantUsageError``."""
    return (by_name(kv.keys).number, by_name(kv.values).number) if kv else None


def check_kept(name: str) -> None:
    """Raises ``QuantUsageError`` for what no weights, keys or values can be kept in."""
    if name not in all_types() or _NOT_KEPT.fullmatch(name):
        raise _unknown(name)


def _unknown(name: str) -> QuantUsageError:
    known = [kind for kind in all_types() if not _NOT_KEPT.fullmatch(kind)]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return QuantUsageError(
        f"this llama.cpp has no tensor type {name}.{hint} It has {', '.join(known)}"
    )
