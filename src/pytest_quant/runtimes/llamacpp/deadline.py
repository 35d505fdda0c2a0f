"""Work of llama.cpp that ends in time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_quant.runtimes.llamacpp import library


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
