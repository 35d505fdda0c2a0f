"""Training time: what the steps took, without the time the process was stopped."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable

# A step that takes this many times the usual was interrupted.
_INTERRUPTED = 4.0
_REMEMBERED_STEPS = 31


class TrainingClock:
    """Adds up the durations of steps; a step during a pause counts as a usual one.

    A paused process (SIGSTOP) must not lose its budget, nor must one that was resumed and has to
    compile again: its first step counts nothing. ``now`` returns seconds.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._now = now
        self._started = now()
        self._compiled = False
        self._recent: deque[float] = deque(maxlen=_REMEMBERED_STEPS)

    def start(self) -> None:
        """A step begins."""
        self._started = self._now()

    def stop(self) -> None:
        """The step that began last has ended."""
        taken = self._now() - self._started
        if not self._compiled:
            self._compiled = True
            return
        if self._recent:
            usual = statistics.median(self._recent)
            taken = usual if taken > _INTERRUPTED * usual else taken
        self._recent.append(taken)
        self.seconds += taken
