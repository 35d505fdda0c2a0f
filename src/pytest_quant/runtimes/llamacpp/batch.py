"""One batch of tokens for llama.cpp, filled through numpy slices.

A Python loop over ctypes fields would take longer than a small model's whole step.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.prefixes import Tokens


def native_batch(
    tokens: npt.NDArray[np.int32],
    positions: npt.NDArray[np.int32],
    sequence_counts: npt.NDArray[np.int32],
    sequence_lists: npt.NDArray[np.uintp],
    wants_logits: npt.NDArray[np.int8],
) -> Any:
    """A ``NativeBatch`` over the caller's arrays, which must outlive it; set its ``n_tokens``."""

    def pointer(array: npt.NDArray[Any], kind: Any) -> Any:
        return array.ctypes.data_as(ctypes.POINTER(kind))

    return library.NativeBatch(
        n_tokens=0,
        token=pointer(tokens, ctypes.c_int32),
        pos=pointer(positions, ctypes.c_int32),
        n_seq_id=pointer(sequence_counts, ctypes.c_int32),
        seq_id=pointer(sequence_lists, ctypes.POINTER(ctypes.c_int32)),
        logits=pointer(wants_logits, ctypes.c_int8),
    )


class TokenBatch:
    """Up to ``capacity`` tokens of up to ``sequences`` sequences; ``rows`` of logits asked for."""

    def __init__(self, capacity: int, sequences: int) -> None:
        self.capacity = capacity
        self.rows = 0
        self._tokens = np.zeros(capacity, np.int32)
        self._positions = np.zeros(capacity, np.int32)
        self._sequence_counts = np.ones(capacity, np.int32)
        self._wants_logits = np.zeros(capacity, np.int8)
        # A token's sequence list is a pointer: into 0, 1, 2, ... for a single one, else into an
        # array that has to stay alive while llama.cpp reads it.
        self._sequences = np.arange(sequences, dtype=np.int32)
        self._first_sequence = self._sequences.ctypes.data
        self._kept: list[Tokens] = []
        self._sequence_lists = np.zeros(capacity, np.uintp)
        self.native = native_batch(
            self._tokens,
            self._positions,
            self._sequence_counts,
            self._sequence_lists,
            self._wants_logits,
        )

    @property
    def size(self) -> int:
        return int(self.native.n_tokens)

    @property
    def room(self) -> int:
        return self.capacity - self.size

    def clear(self) -> None:
        self.native.n_tokens = 0
        self.rows = 0
        self._kept.clear()

    def add_steps(self, tokens: Tokens, positions: Tokens, slots: npt.NDArray[np.intp]) -> None:
        """One token for each of several sequences, each asking for logits."""
        part = self._extend(len(tokens))
        self._tokens[part] = tokens
        self._positions[part] = positions
        self._sequence_counts[part] = 1
        self._sequence_lists[part] = self._first_sequence + 4 * slots
        self._wants_logits[part] = 1
        self.rows += len(tokens)

    def add_run(self, tokens: Tokens, position: int, slots: Sequence[int], *, rows: int) -> None:
        """Consecutive tokens that ``slots`` have in common, with logits after the last ``rows``."""
        part = self._extend(len(tokens))
        self._tokens[part] = tokens
        self._positions[part] = np.arange(position, position + len(tokens))
        self._sequence_counts[part] = len(slots)
        self._sequence_lists[part] = self._list(slots)
        self._wants_logits[part] = 0
        self._wants_logits[part.stop - rows : part.stop] = 1
        self.rows += rows

    def _list(self, slots: Sequence[int]) -> int:
        """The address of a list of sequences, valid until ``clear``."""
        if len(slots) == 1:
            return self._first_sequence + 4 * slots[0]
        listed = np.array(slots, np.int32)
        self._kept.append(listed)
        return int(listed.ctypes.data)

    def _extend(self, count: int) -> slice:
        start = self.size
        if start + count > self.capacity:
            raise ValueError(f"{count} tokens do not fit beside {start} of {self.capacity}")
        self.native.n_tokens = start + count
        return slice(start, start + count)
