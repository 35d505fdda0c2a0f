"""The items that no worker has, by group."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence


class Waiting:
    """Positions (indices into the collection) that no worker has, a deque for each group."""

    def __init__(self, groups: Sequence[str]) -> None:
        self._group_at = groups
        self._queues: dict[str, deque[int]] = {}
        for position, group in enumerate(groups):
            self._queues.setdefault(group, deque()).append(position)
        self._count = len(groups)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, group: str | None) -> bool:
        return group in self._queues

    def largest(self, holders: Counter[str]) -> str:
        """The group with most items per worker on it, one without any worker before all others."""

        def merit(group: str) -> tuple[bool, float]:
            return not holders[group], len(self._queues[group]) / (1 + holders[group])

        return max(self._queues, key=merit)

    def take(self, group: str, count: int) -> list[int]:
        """At most ``count`` positions from the front of a group that has some."""
        queue = self._queues[group]
        positions = [queue.popleft() for _ in range(min(count, len(queue)))]
        if not queue:
            del self._queues[group]
        self._count -= len(positions)
        return positions

    def put_back(self, positions: Iterable[int]) -> None:
        """Positions to the front of their groups, in the order given."""
        for position in reversed(list(positions)):
            self._queues.setdefault(self._group_at[position], deque()).appendleft(position)
            self._count += 1
