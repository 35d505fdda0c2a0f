"""Ending what a runtime works on when the session's time is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_quant.errors import RuntimeFailed
from pytest_quant.runtimes.protocol import Abortable, Runtime
from pytest_quant.session.time_budget import TimeBudget

# A call that works on several things forgets, with each, that it was to end: so it is told again.
_AGAIN_S = 0.1


@contextmanager
def ended_in_time(time: TimeBudget, *runtimes: Runtime) -> Iterator[None]:
    """Let these work until the time is over; raises ``TimeOver`` before, or in place of how a
    runtime fails that was told to end.
    """
    time.check()
    able = [one for one in runtimes if isinstance(one, Abortable)]
    if not (time.is_given and able):
        yield
        return
    done = threading.Event()

    def watch() -> None:
        wait = time.left
        while not done.wait(wait):
            for one in able:
                one.abort()
            wait = _AGAIN_S

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except RuntimeFailed:
        time.check()
        raise
    finally:
        done.set()
        watcher.join()
