"""How long a child process may work, for whoever starts it deep below those who know the time.

Only what runs for minutes asks: the doors to the runtimes, which others bring, too, know no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Seconds, ``None`` without end.
Left = Callable[[], float | None]

_LEFT: ContextVar[Left] = ContextVar("left", default=lambda: None)


@contextmanager
def within(left: Left) -> Iterator[None]:
    """What is started in here ends in time."""
    token = _LEFT.set(left)
    try:
        yield
    finally:
        _LEFT.reset(token)


def seconds_left() -> float | None:
    """What a child that is started now may take."""
    return _LEFT.get()()
