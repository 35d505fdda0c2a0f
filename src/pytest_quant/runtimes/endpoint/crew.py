"""Several questions at once, and the first mistake ends them all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import Generic, TypeVar

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


class Crew(Generic[_Asked, _Answer]):
    """Up to ``size`` threads that ask; whoever waits for them may be interrupted at any time, and
    waits for none that a server keeps.
    """

    def __init__(self, size: int, ask: Callable[[_Asked], _Answer]) -> None:
        self._size = size
        self._ask = ask

    def answers(self, asked: Sequence[_Asked]) -> Iterator[tuple[int, _Answer]]:
        """Each answer with its place, as they come. Raises what the first that fails raises."""
        waiting = iter(enumerate(asked))
        lock, stopped = threading.Lock(), threading.Event()
        came: SimpleQueue[tuple[int, _Answer | None, BaseException | None]] = SimpleQueue()

        def work() -> None:
            while not stopped.is_set():
                with lock:
                    place, one = next(waiting, (-1, None))
                if one is None:
                    return
                try:
                    came.put((place, self._ask(one), None))
                except BaseException as error:
                    stopped.set()
                    came.put((place, None, error))

        for number in range(min(self._size, len(asked))):
            # Not waited for when the process ends: a server may stall for minutes.
            threading.Thread(target=work, daemon=True, name=f"endpoint-{number}").start()
        try:
            for _ in asked:
                place, answer, error = came.get()
                if error is not None:
                    raise error
                assert answer is not None
                yield place, answer
        finally:
            stopped.set()
