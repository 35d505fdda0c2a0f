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
from pathlib import Path
from queue import SimpleQueue

from pytest_quant.metrics.swaps import Swap, Swaps
from pytest_quant.runtimes.llamacpp.kept_text import KeptText, Limits
from pytest_quant.runtimes.llamacpp.lanes import count_lanes
from pytest_quant.runtimes.llamacpp.swapping import Pair, SwapFile
from pytest_quant.runtimes.protocol import Reading

# A part is harmless if its divergence is shown, with this chance to be wrong, to be below this
# share of what each part would have if all had the same.
_CHANCE, HARMLESS = 0.001, 0.1


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
    text = KeptText.of(pair.reference, reading, limits)
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
                SwapFile(pair.reference, Path(directory) / f"{name}-{lane}.gguf")
                for name in ("a", "k")
            )
            kept.put(pair.after(everything))
            files.put((alone, kept))
            whole_file = kept.path
        whole = text.read(whole_file, limits.threads)
        share = _mean(whole, text.counts)[0] / len(parts)
        threads = limits.threads // lanes

        def measure(part: str, names: Sequence[str]) -> Swap:
            mine = files.get()
            try:
                alone, kept = _measured(pair, text, mine, names, share, threads, keep=keep)
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
    text = KeptText.of(pair.reference, reading, limits)
    with tempfile.TemporaryDirectory(prefix="pytest-quant-") as directory:
        file = SwapFile(pair.reference, Path(directory) / "whole.gguf")
        file.put(pair.after(pair.changed))
        whole = text.read(file.path, limits.threads)
    return Swaps(reading.title, tuple(text.counts), whole, ())


def _measured(
    pair: Pair,
    text: KeptText,
    files: tuple[SwapFile, SwapFile],
    names: Sequence[str],
    share: float,
    threads: int,
    *,
    keep: bool,
) -> tuple[tuple[float, ...], tuple[float, ...] | None]:
    """The divergences alone and kept; of a harmless part the first chunks alone."""
    alone, kept = files
    alone.put(pair.after(names))
    try:
        first = text.first.read(alone.path, threads)
        mean, error = _mean(first, text.first.counts)
        if len(first) < len(text.counts):
            from scipy.stats import t

            reach = t.ppf(1 - _CHANCE, len(first) - 1) * error
            if mean + reach < HARMLESS * share:
                return first, None
        found = (*first, *text.rest.read(alone.path, threads))
    finally:
        alone.put(pair.before(names))
    if not keep:
        return found, None
    kept.put(pair.before(names))
    try:
        return found, text.read(kept.path, threads)
    finally:
        kept.put(pair.after(names))


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
