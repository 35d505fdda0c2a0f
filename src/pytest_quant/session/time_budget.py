"""How long a session may go on: one budget for all of its processes.

It counts from the moment at which the session begins, preparing included, so that who gives half an
hour has waited half an hour.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pytest_quant.errors import TimeOver

# What is left of the time, when the first questions are asked, for the checks over several probes.
_FOR_MORE = 0.3
# The first level is asked together with the reference, whose answers the others find.
_WITH_REFERENCE = 2.0


class TimeBudget:
    """``seconds`` from now, ``None`` without end. ``now`` tells seconds from any zero."""

    def __init__(
        self, seconds: float | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds = seconds
        self._now = now
        self._began = now()
        self._ends = math.inf if seconds is None else self._began + seconds
        self._narrow = math.inf
        self._slices: dict[str, float] = {}
        # How many processes ask at once.
        self.workers = 1
        # Whether anything was left out because of it.
        self.has_cut = False

    @property
    def is_given(self) -> bool:
        return self.seconds is not None

    @property
    def spent(self) -> float:
        return self._now() - self._began

    @property
    def left(self) -> float:
        """Seconds, 0 when it is over, infinite without end."""
        return max(0.0, min(self._ends, self._narrow) - self._now())

    @property
    def is_over(self) -> bool:
        return self.left <= 0

    def join(self, left: float, workers: int) -> None:
        """Another process has begun before this one, which is one of so many ``workers``."""
        self.workers = workers
        if self.is_given:
            self._ends = self._now() + left

    def share(self, levels: Sequence[str]) -> float:
        """What each of these levels may take of the whole, as they are asked one after the other,
        or at once.
        """
        return (self.seconds or math.inf) * min(self.workers, len(levels)) / len(levels)

    @contextmanager
    def narrowed(self, seconds: float) -> Iterator[None]:
        """As if no more than this were left."""
        self._narrow = self._now() + seconds
        try:
            yield
        finally:
            self._narrow = math.inf

    def check(self) -> None:
        """Raises ``TimeOver`` when there is nothing left to begin anything with."""
        if self.is_over:
            self.has_cut = True
            raise TimeOver("not asked: the time was over (--quant-time)")

    def check_level(self, level: str, levels: Sequence[str]) -> None:
        """The same of a level's questions, whose end leaves time for those of the other levels:
        ``levels`` are all, in the order in which they are asked.
        """
        self.check()
        if not self.is_given or level not in levels:
            return
        if level not in self._slices:
            self._slices[level] = self._now() + self._slice(levels.index(level), levels)
        if self._now() >= self._slices[level]:
            self.has_cut = True
            raise TimeOver(f"not asked: the time for {level} was over (--quant-time)")

    def _slice(self, place: int, levels: Sequence[str]) -> float:
        assert self.seconds is not None
        for_probes = self.left - min(self.left, _FOR_MORE * self.seconds)
        # Levels that are asked at the same time end at the same time.
        waves = math.ceil((len(levels) - place) / self.workers)
        first = 1.0 if self._slices or place >= self.workers else _WITH_REFERENCE
        return for_probes * first / (first + waves - 1)
