"""Answering prompts: one batch, or several at once, each in a context of its own.

What is decoded together is a batch, however many of them are at work and with how many threads:
none of this changes a response.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace

from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.batch import TokenBatch
from pytest_quant.runtimes.llamacpp.deadline import deadline
from pytest_quant.runtimes.llamacpp.decoding import Continuation, Decoding
from pytest_quant.runtimes.llamacpp.lanes import count_lanes
from pytest_quant.runtimes.llamacpp.layout import Layout
from pytest_quant.runtimes.llamacpp.prefixes import Tokens
from pytest_quant.runtimes.llamacpp.vocabulary import Vocabulary
from pytest_quant.runtimes.protocol import Batch, Response
from pytest_quant.thinking import Allowance

# A context of so many cells and sequences.
OpenContext = Callable[[int, int], library.Context]


@dataclass(frozen=True, slots=True)
class Questions:
    """A batch that is ready to be decoded: its prompts as ``tokens``, the mark of thinking that
    each leaves open, the ``stops`` that end a response, and what each may think, if it may.
    """

    tokens: Sequence[Tokens]
    opened: Sequence[str]
    layout: Layout
    stops: Sequence[bytes]
    allowances: Sequence[Allowance] = ()

    @property
    def work(self) -> int:
        """Tokens to be read and written at most."""
        return sum(self.layout.needs)


def count_batches(asked: Sequence[Questions], *, threads: int, cell_bytes: int, memory: int) -> int:
    """How many batches are decoded at once; ``cell_bytes`` are those of one token in a cache."""
    largest = max((found.layout.cells for found in asked), default=0) * cell_bytes
    return count_lanes(len(asked), threads=threads, lane_bytes=largest, memory=memory)


def answer(
    asked: Questions, context: library.Context, vocabulary: Vocabulary, deadline_s: float | None
) -> Batch:
    """Decode one batch in a context of its size; raises ``RuntimeFailed``."""
    started = time.perf_counter()
    batch = TokenBatch(context.batch, asked.layout.slots)
    with deadline(context, deadline_s):
        decoding = Decoding(
            context,
            batch,
            vocabulary,
            asked.tokens,
            asked.layout,
            asked.stops,
            asked.allowances,
        )
        continuations = decoding.run()
    rows = zip(continuations, asked.tokens, asked.opened, strict=True)
    responses = tuple(_response(found, len(prompt), mark) for found, prompt, mark in rows)
    return Batch(responses, time.perf_counter() - started)


def answer_each(
    asked: Sequence[Questions],
    lanes: int,
    open_context: OpenContext,
    vocabulary: Vocabulary,
    deadline_s: float | None,
) -> list[Batch]:
    """Decode several batches, ``lanes`` at once; each is charged its share of the whole time."""
    started = time.perf_counter()
    at_work: set[library.Context] = set()

    def one(found: Questions) -> Batch:
        with closing(open_context(found.layout.cells, found.layout.slots)) as context:
            at_work.add(context)
            try:
                return answer(found, context, vocabulary, deadline_s)
            finally:
                at_work.discard(context)

    with ThreadPoolExecutor(lanes) as pool:
        # The longest first, so that no lane is left with it in the end.
        order = sorted(range(len(asked)), key=lambda i: -asked[i].work)
        futures = {i: pool.submit(one, asked[i]) for i in order}
        try:
            batches = [futures[i].result() for i in range(len(asked))]
        except BaseException:
            # Otherwise a keyboard interrupt would wait for what is being decoded.
            pool.shutdown(wait=False, cancel_futures=True)
            for context in [*at_work]:
                context.abort()
            raise
    spent = sum(batch.seconds for batch in batches)
    share = (time.perf_counter() - started) / spent if spent else 0.0
    return [replace(batch, seconds=batch.seconds * share) for batch in batches]


def _response(continuation: Continuation, prompt_tokens: int, opened: str) -> Response:
    return Response(
        text=continuation.text.decode("utf-8", errors="replace").strip(),
        tokens=continuation.tokens,
        logprobs=continuation.logprobs,
        finish=continuation.finish,
        prompt_tokens=prompt_tokens,
        opened=opened,
        thought=continuation.thought,
    )
