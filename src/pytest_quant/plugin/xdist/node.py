"""A worker as the scheduler sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Gateway(Protocol):
    """The connection to a worker, of which only the worker's name is used."""

    @property
    def id(self) -> str: ...


class Node(Protocol):
    """What the scheduler needs of ``xdist.workermanage.WorkerController``."""

    @property
    def gateway(self) -> Gateway: ...

    @property
    def shutting_down(self) -> bool: ...

    def send_runtest_some(self, indices: Sequence[int]) -> None: ...

    def shutdown(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CollectionDifference:
    """A worker collected other node ids, or in another order, than the run is built on.

    ``not_run`` is the number of items that will not run because of it.
    """

    expected: Sequence[str]
    found: Sequence[str]
    expected_by: str
    found_by: str
    not_run: int
