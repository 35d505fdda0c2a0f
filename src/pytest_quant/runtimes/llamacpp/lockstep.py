"""Two models read the same text in step, and their predictions are compared as they come.

The logits of both are looked at where llama.cpp left them and overwritten by the next batch, so
nothing is approximated and nothing of size is kept. What is decoded together follows from the
passages alone, whichever lane reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from queue import SimpleQueue
from typing import TypeVar

import numpy as np

from pytest_quant.errors import RuntimeFailed
from pytest_quant.metrics.distributions import (
    Logits,
    TokenStatistics,
    compare_logits,
    joined,
    split,
)
from pytest_quant.runtimes.llamacpp import library, native_log
from pytest_quant.runtimes.llamacpp.batch import TokenBatch
from pytest_quant.runtimes.llamacpp.lanes import count_lanes
from pytest_quant.runtimes.llamacpp.layout import CELL_BLOCK
from pytest_quant.runtimes.llamacpp.passages import Passage
from pytest_quant.runtimes.llamacpp.prefixes import Tokens
from pytest_quant.runtimes.llamacpp.scoring import ROW_BYTES

NOT_NUMBERS = "the model's logits are not numbers (NaN or infinite): its file is damaged"

_Seen = TypeVar("_Seen")


@dataclass(frozen=True, slots=True)
class LockstepPlan:
    """``waves`` are the ranges of passages that are read together; of one that does not fit into a
    batch, or has more targets than ``rows``, there is one in its wave. A context needs ``cells``,
    ``sequences`` and ``outputs`` rows of logits.
    """

    waves: tuple[range, ...]
    batch: int
    rows: int
    cells: int
    sequences: int

    @property
    def outputs(self) -> int:
        # llama.cpp wants to give every sequence of a context a row.
        return max(self.rows, self.sequences)


def plan_lockstep(passages: Sequence[Passage], *, batch: int, vocabulary_size: int) -> LockstepPlan:
    """Lay out one comparison; ``batch`` is the most tokens in one decode. There are passages."""
    rows = max(1, min(batch, ROW_BYTES // (4 * vocabulary_size)))
    waves: list[range] = []
    first = tokens = targets = most_tokens = most_sequences = 0
    for index, passage in enumerate(passages):
        tokens += passage.longest
        targets += len(passage.targets)
        full = tokens > batch or targets > rows or index - first == library.max_sequences()
        if index > first and full:
            waves.append(range(first, index))
            first, tokens, targets = index, passage.longest, len(passage.targets)
        most_tokens = max(most_tokens, tokens)
        most_sequences = max(most_sequences, index + 1 - first)
    waves.append(range(first, len(passages)))
    cells = -(-most_tokens // CELL_BLOCK) * CELL_BLOCK
    return LockstepPlan(tuple(waves), batch, rows, cells, most_sequences)


def count_pairs_of_contexts(
    plan: LockstepPlan, *, threads: int, cell_bytes: int, vocabulary_size: int, memory: int
) -> int:
    """How many pairs of contexts read at once; ``cell_bytes`` are those of one token in both
    caches.
    """
    # llama.cpp works out the rows of logits in one place and hands them out in another.
    lane = plan.cells * cell_bytes + 2 * 2 * 4 * plan.outputs * vocabulary_size
    return count_lanes(len(plan.waves), threads=threads, lane_bytes=lane, memory=memory)


def compare(
    lanes: Sequence[tuple[library.Context, library.Context]],
    passages: Sequence[Passage],
    plan: LockstepPlan,
    threads: int,
) -> list[TokenStatistics]:
    """What every scored token of every passage shows.

    A lane is a context of the reference and one of the level; ``threads`` are those of a lane.
    Raises ``RuntimeFailed`` when llama.cpp fails, or a model's logits are not numbers.
    """
    idle: SimpleQueue[_Lane] = SimpleQueue()
    for reference, level in lanes:
        idle.put(_Lane(Side(reference, plan), Side(level, plan), threads))

    def read(wave: range) -> list[TokenStatistics]:
        lane = idle.get()
        try:
            return lane.compare([passages[index] for index in wave])
        finally:
            idle.put(lane)

    with ThreadPoolExecutor(len(lanes)) as pool:
        try:
            return [*chain.from_iterable(pool.map(read, plan.waves))]
        except BaseException:
            # Otherwise a keyboard interrupt would wait for what is being decoded.
            for context in chain.from_iterable(lanes):
                context.abort()
            raise


@dataclass(frozen=True, slots=True)
class _Lane:
    reference: Side
    level: Side
    threads: int

    def compare(self, members: Sequence[Passage]) -> list[TokenStatistics]:
        """Read a wave."""
        counts = [len(passage.targets) for passage in members]
        read = zip(
            self.reference.read([passage.reference for passage in members], counts),
            self.level.read([passage.level for passage in members], counts),
            strict=True,
        )
        targets = np.concatenate([passage.targets for passage in members])
        parts: list[TokenStatistics] = []
        done = 0
        for base, own in read:
            wanted = targets[done : done + len(base)]
            parts.append(_compared(base, own, wanted, self.threads))
            done += len(base)
        return split(joined(parts), counts)


def read_alone(
    context: library.Context,
    passages: Sequence[Passage],
    plan: LockstepPlan,
    look: Callable[[Logits, slice], _Seen],
) -> list[_Seen]:
    """Let one model read as a reference does.

    ``look`` is given logits and which places they are, counted over all passages; it is told all
    places in order. Raises ``RuntimeFailed`` when llama.cpp fails.
    """
    side = Side(context, plan)
    found: list[_Seen] = []
    done = 0
    for wave in plan.waves:
        members = [passages[index] for index in wave]
        wanted = [len(passage.targets) for passage in members]
        for logits in side.read([passage.reference for passage in members], wanted):
            found.append(look(logits, slice(done, done + len(logits))))
            done += len(logits)
    return found


def _compared(base: Logits, own: Logits, targets: Tokens, threads: int) -> TokenStatistics:
    try:
        return compare_logits(base, own, targets, threads)
    except ValueError:
        raise RuntimeFailed(NOT_NUMBERS) from None


class Side:
    """A model that reads the passages of a wave."""

    def __init__(self, context: library.Context, plan: LockstepPlan) -> None:
        self._context = context
        self._plan = plan
        self._batch = TokenBatch(plan.batch, context.sequences)
        context.rearm()

    def read(self, sequences: Sequence[Tokens], rows: Sequence[int]) -> Iterator[Logits]:
        """The logits after the last ``rows`` tokens of each, in order and in pieces.

        A piece is valid until the next one is asked for. Both sides of a wave cut alike.
        """
        self._context.clear()
        self._batch.clear()
        if len(sequences) > 1:
            for slot, (tokens, wanted) in enumerate(zip(sequences, rows, strict=True)):
                self._batch.add_run(tokens, 0, [slot], rows=wanted)
            yield self._decode()
            return
        yield from self._read_alone(sequences[0], rows[0])

    def _read_alone(self, tokens: Tokens, wanted: int) -> Iterator[Logits]:
        position, scored = 0, len(tokens) - wanted
        # What comes before the first piece is read with it, as far as there is room.
        while scored + min(wanted, self._plan.rows) - position > self._plan.batch:
            position = self._add(tokens, position, min(scored, position + self._plan.batch), 0)
            self._decode()
        for start in range(scored, len(tokens), self._plan.rows):
            end = min(start + self._plan.rows, len(tokens))
            position = self._add(tokens, position, end, end - start)
            yield self._decode()

    def _add(self, tokens: Tokens, start: int, end: int, rows: int) -> int:
        self._batch.add_run(tokens[start:end], start, [0], rows=rows)
        return end

    def _decode(self) -> Logits:
        """Decode the batch and empty it; returns the logits that it asked for."""
        status = self._context.decode(self._batch.native)
        if status != library.DECODE_OK:
            raise RuntimeFailed(
                f"llama.cpp failed to read a batch (status {status}):\n{native_log.last_lines()}"
            )
        rows = self._batch.rows
        self._batch.clear()
        return self._context.logits(rows)
