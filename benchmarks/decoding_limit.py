"""The time in which both models are decoded with nothing done to their logits, beside ours.

No comparison of two models in one process can take less. Both are measured in turns, on opened
models, from the text to the last number: once as it is, once with nothing done where logits are
compared and summed up. The median of the ratios within a round counts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pytest_quant.metrics.distributions import Logits, TokenStatistics
from pytest_quant.runtimes.llamacpp import engine, lockstep, passages
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.protocol import LongText, PlainText, Reading

# Of the limit's speed.
WANTED = 0.9


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds; ``processor`` those of all threads, which a busy machine disturbs less."""

    wall: float
    processor: float


def spent(run: Callable[[], object]) -> Spent:
    processor, wall = time.process_time(), time.perf_counter()
    run()
    return Spent(time.perf_counter() - wall, time.process_time() - processor)


@contextmanager
def chunks_of(context: int) -> Iterator[None]:
    """Let a plain text be read in chunks of so many tokens, as llama-perplexity does with -c."""
    usual = passages.CHUNK_TOKENS
    passages.CHUNK_TOKENS = context
    try:
        yield
    finally:
        passages.CHUNK_TOKENS = usual


@contextmanager
def nothing_done() -> Iterator[None]:
    """Let logits be decoded, and not looked at."""
    compared, summarized = lockstep._compared, engine.summarize

    def unseen(base: Logits, _own: Logits, _targets: object, _threads: int) -> TokenStatistics:
        zeros = np.zeros(len(base))
        return TokenStatistics(zeros, zeros, zeros, zeros == 0)

    lockstep._compared, engine.summarize = unseen, lambda _tokens: {}
    try:
        yield
    finally:
        lockstep._compared, engine.summarize = compared, summarized


def against_limit(
    title: str, reference: Path, level: Path, reading: Reading, threads: int, rounds: int
) -> bool:
    """Print both times; returns whether ours is near enough to the limit in processor time."""
    found: list[tuple[Spent, Spent]] = []
    with (
        LlamaCppRuntime.open(reference, threads=threads) as base,
        LlamaCppRuntime.open(level, threads=threads) as own,
    ):

        def run() -> object:
            return base.diverge(own, reading)

        for number in range(rounds + 1):
            with nothing_done():
                limit = spent(run)
            if number:  # the first round warms up
                found.append((limit, spent(run)))
    walls, processors = (
        statistics.median(getattr(limit, kind) / getattr(ours, kind) for limit, ours in found)
        for kind in ("wall", "processor")
    )
    met = processors >= WANTED
    print(
        f"\n{title}, {threads} threads, {rounds} rounds: decoding alone "
        f"{statistics.median(limit.processor for limit, _ in found):.2f} s of processors, ours "
        f"{statistics.median(ours.processor for _, ours in found):.2f} s\n"
        f"  speed beside decoding alone: {processors:.3f} in processor time, {walls:.3f} in wall "
        f"time, target {WANTED:g}: {'met' if met else 'MISSED'}",
        flush=True,
    )
    return met


def readings(text: PlainText, context: int) -> Iterator[tuple[str, Reading]]:
    """As the tool reads, half of it scored; and in one go, all of it scored."""
    yield f"chunks of {context:,} tokens", text
    if context > 512:
        yield f"one reading of {context:,} tokens", LongText(text, context)
