"""Which weights suffer: each part of them is quantized by itself, and kept by itself.

The reference reads a text once and its logits are kept; then a copy of its file is read again and
again, in which only the values of some tensors change. So what is told is what the weights do, and
nothing of the kernels that a type has.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from pytest_quant.errors import RuntimeFailed
from pytest_quant.metrics.distributions import Logits, compare_logits
from pytest_quant.metrics.swaps import Swap, Swaps
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.engine import BATCH_TOKENS
from pytest_quant.runtimes.llamacpp.lanes import count_lanes
from pytest_quant.runtimes.llamacpp.lockstep import NOT_NUMBERS, plan_lockstep, read_alone
from pytest_quant.runtimes.llamacpp.passages import Passage, Reader, passages
from pytest_quant.runtimes.llamacpp.prompt import form_of
from pytest_quant.runtimes.llamacpp.swapping import Pair, SwapFile
from pytest_quant.runtimes.protocol import Reading

# Logits of the reference that are kept, in bytes: of a large vocabulary fewer tokens are scored.
MOST_BYTES = 1 << 30
# One chunk in so many is read first, but enough to know how they differ.
_FIRST = 4
_FEWEST_FIRST = 6
# A part is harmless if its divergence is shown, at so many standard errors, to be below this share
# of what each part would have if all had the same.
_ERRORS, HARMLESS = 3.0, 0.1


@dataclass(frozen=True, slots=True)
class Limits:
    """``tokens``: how many are scored; ``threads`` in all, ``memory`` in bytes."""

    tokens: int
    threads: int
    memory: int


def measure_swaps(
    pair: Pair,
    parts: Mapping[str, Sequence[str]],
    reading: Reading,
    limits: Limits,
    progress: Callable[[int, int], None],
    *,
    keep: bool = True,
) -> Swaps:
    """``parts`` are the names of changed tensors by part; ``progress`` is told how many parts of
    how many are done. Unless each is to be kept by itself, too, this takes half the time.

    Raises ``QuantUsageError`` for a text that is too short, ``RuntimeFailed``, and ``OSError`` if
    there is no room for a copy.
    """
    text = _Text.of(pair.reference, reading, limits)
    lanes = count_lanes(
        len(parts),
        threads=limits.threads,
        lane_bytes=2 * pair.reference.stat().st_size,
        memory=limits.memory,
    )
    everything = [name for names in parts.values() for name in names]
    with tempfile.TemporaryDirectory(prefix="pytest-quant-") as directory:
        files: SimpleQueue[tuple[SwapFile, SwapFile]] = SimpleQueue()
        for lane in range(lanes):
            alone, kept = (
                SwapFile(pair, Path(directory) / f"{name}-{lane}.gguf") for name in ("a", "k")
            )
            kept.put(everything, "level")
            files.put((alone, kept))
            whole_file = kept.path
        whole = text.read(whole_file, limits.threads)
        share = _mean(whole, text.counts)[0] / len(parts)
        threads = limits.threads // lanes

        def measure(part: str, names: Sequence[str]) -> Swap:
            mine = files.get()
            try:
                alone, kept = _measured(text, mine, names, share, threads, keep=keep)
            finally:
                files.put(mine)
            return _swap(pair, part, names, alone, kept)

        with ThreadPoolExecutor(lanes) as pool:
            waiting = {pool.submit(measure, *part): part[0] for part in parts.items()}
            found: dict[str, Swap] = {}
            try:
                for future in as_completed(waiting):
                    found[waiting[future]] = future.result()
                    progress(len(found), len(parts))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
    return Swaps(reading.title, tuple(text.counts), whole, tuple(found[part] for part in parts))


def measure_whole(pair: Pair, reading: Reading, limits: Limits) -> Swaps:
    """The same of all changed tensors together, and of no part. Raises as ``measure_swaps``."""
    text = _Text.of(pair.reference, reading, limits)
    with tempfile.TemporaryDirectory(prefix="pytest-quant-") as directory:
        file = SwapFile(pair, Path(directory) / "whole.gguf")
        file.put(pair.changed, "level")
        whole = text.read(file.path, limits.threads)
    return Swaps(reading.title, tuple(text.counts), whole, ())


def _measured(
    text: _Text,
    files: tuple[SwapFile, SwapFile],
    names: Sequence[str],
    share: float,
    threads: int,
    *,
    keep: bool,
) -> tuple[tuple[float, ...], tuple[float, ...] | None]:
    """The divergences alone and kept; of a harmless part the first chunks alone."""
    alone, kept = files
    alone.put(names, "level")
    try:
        first = text.first.read(alone.path, threads)
        mean, error = _mean(first, text.first.counts)
        if mean + _ERRORS * error < HARMLESS * share and len(first) < len(text.counts):
            return first, None
        found = (*first, *text.rest.read(alone.path, threads))
    finally:
        alone.put(names, "reference")
    if not keep:
        return found, None
    kept.put(names, "reference")
    try:
        return found, text.read(kept.path, threads)
    finally:
        kept.put(names, "level")


def _swap(
    pair: Pair,
    part: str,
    names: Sequence[str],
    alone: tuple[float, ...],
    kept: tuple[float, ...] | None,
) -> Swap:
    tensors = [pair.changed[name][1].tensor for name in names]
    weights = sum(tensor.elements for tensor in tensors)
    return Swap(
        part=part,
        tensors=tuple(names),
        weights=weights,
        types=tuple(sorted({tensor.kind for tensor in tensors})),
        bits=8 * sum(tensor.nbytes for tensor in tensors) / weights,
        error=pair.error(names),
        alone=alone,
        kept=kept,
    )


def _mean(values: Sequence[float], counts: Sequence[int]) -> tuple[float, float]:
    """The mean over tokens and its standard error, clustered by chunk; infinite for one chunk."""
    total = sum(counts[: len(values)])
    mean = sum(v * n for v, n in zip(values, counts, strict=False)) / total
    if len(values) < 2:
        return mean, math.inf
    spread = sum((n * (v - mean)) ** 2 for v, n in zip(values, counts, strict=False))
    return mean, math.sqrt(spread * len(values) / (len(values) - 1)) / total


@dataclass(frozen=True, slots=True)
class _Text:
    """Passages with what the reference predicts in them."""

    read_passages: Sequence[Passage]
    logits: Logits

    @classmethod
    def of(cls, reference: Path, reading: Reading, limits: Limits) -> _Text:
        """Passages spread over the text: every fourth of them first, so that these are, too."""
        with closing(library.Model(reference)) as model:
            reader = Reader(model, form_of(model), model.context_length)
            some = _spread(passages(reading, reader, reader), limits.tokens, model.vocabulary_size)
            logits = np.empty(
                (sum(len(p.targets) for p in some), model.vocabulary_size), np.float32
            )

            def keep(piece: Logits, places: slice) -> None:
                logits[places] = piece

            _read(model, some, limits.threads, keep)
        return cls(some, logits)

    @property
    def counts(self) -> list[int]:
        return [len(passage.targets) for passage in self.read_passages]

    @property
    def first(self) -> _Text:
        return self._part(slice(0, self._first))

    @property
    def rest(self) -> _Text:
        return self._part(slice(self._first, None))

    @property
    def _first(self) -> int:
        return max(_FEWEST_FIRST, -(-len(self.read_passages) // _FIRST))

    def _part(self, part: slice) -> _Text:
        ends = np.cumsum([0, *self.counts])
        mine = range(*part.indices(len(self.read_passages)))
        return _Text(self.read_passages[part], self.logits[ends[mine.start] : ends[mine.stop]])

    def read(self, path: Path, threads: int) -> tuple[float, ...]:
        """The mean KL divergence of a model in each passage."""
        if not self.read_passages:
            return ()
        targets = np.concatenate([passage.targets for passage in self.read_passages])
        kld = np.empty(len(targets))

        def compare(own: Logits, places: slice) -> None:
            try:
                found = compare_logits(self.logits[places], own, targets[places], threads)
            except ValueError:
                raise RuntimeFailed(NOT_NUMBERS) from None
            kld[places] = found.kld

        with closing(library.Model(path)) as model:
            _read(model, self.read_passages, threads, compare)
        pieces = np.split(kld, np.cumsum(self.counts)[:-1])
        return tuple(float(piece.mean()) for piece in pieces)


def _read(
    model: library.Model,
    some: Sequence[Passage],
    threads: int,
    look: Callable[[Logits, slice], None],
) -> None:
    plan = plan_lockstep(some, batch=BATCH_TOKENS, vocabulary_size=model.vocabulary_size)
    context = library.Context(
        model,
        cells=plan.cells,
        sequences=plan.sequences,
        batch=min(BATCH_TOKENS, plan.cells),
        threads=threads,
        outputs=plan.outputs,
    )
    with closing(context):
        read_alone(context, some, plan, look)


def _spread(read: Sequence[Passage], tokens: int, vocabulary_size: int) -> list[Passage]:
    """As many passages as hold so many scored tokens, from all over the text, in an order in which
    the first of them are so, too. At least two.
    """
    most = min(tokens, MOST_BYTES // (4 * vocabulary_size))
    scored = sum(len(passage.targets) for passage in read)
    step = max(1, scored // max(1, most))
    some = [*read[::step]]
    while len(some) > 2 and sum(len(p.targets) for p in some) > most:
        some.pop()
    return [passage for start in range(_FIRST) for passage in some[start::_FIRST]]
