"""From what llama.cpp computed to what every runtime gives, within a deadline."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.decoding import Continuation
from pytest_quant.runtimes.llamacpp.scoring import Floats, Stem
from pytest_quant.runtimes.protocol import Likelihood, Response


@contextmanager
def deadline(context: library.Context, seconds: float | None) -> Iterator[None]:
    """Abort the context's work once the time is over."""
    context.rearm()
    if seconds is None:
        yield
        return
    timer = threading.Timer(max(0.0, seconds), context.abort)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def response_of(continuation: Continuation, prompt_tokens: int, opened: str) -> Response:
    return Response(
        text=continuation.text.decode("utf-8", errors="replace").strip(),
        tokens=continuation.tokens,
        logprobs=continuation.logprobs,
        finish=continuation.finish,
        prompt_tokens=prompt_tokens,
        opened=opened,
        thought=continuation.thought,
    )


def likelihoods_of(stem: Stem, logprobs: Sequence[Floats]) -> tuple[Likelihood, ...]:
    """Of every continuation, or of none if one is missing."""
    if len(logprobs) < len(stem.branches):
        return ()
    return tuple(
        Likelihood(tuple(tokens.tolist()), tuple(found.tolist()))
        for tokens, found in zip(stem.branches, logprobs, strict=True)
    )
