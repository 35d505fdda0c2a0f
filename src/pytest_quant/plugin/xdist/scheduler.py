"""Which worker runs what next, so that a worker holds the model of one level at a time.

pytest-xdist's stock schedulers either ignore levels, so that every worker loads every model,
or hand over a whole scope at once, so that ``-x`` runs on long after the first failure and a
crashed test is tried again and again. This one keeps the items of a level together, sends few
at a time, and never retries an item that was running when its worker crashed.

A plain object that implements ``xdist.scheduler.Scheduling``; it knows neither pytest nor xdist.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from pytest_quant.plugin.xdist.node import CollectionDifference, Node
from pytest_quant.plugin.xdist.waiting import Waiting

# A worker starts an item only when it knows the next one, or that there is none (it hands the
# next item to pytest_runtest_protocol). With fewer items than this it waits, until shutdown().
LOOKAHEAD = 2

# Items of one level sent at once to a worker whose items are quick, when it has fewer than
# REFILL_BELOW left. Together they bound what a worker still runs after another one's failure.
CHUNK = 8
REFILL_BELOW = 4

# From here on an item takes so much longer than a message that the lookahead is queue enough.
SLOW_SECONDS = 0.1


@dataclass(slots=True, eq=False)
class _Worker:
    """What a worker was sent and has not finished, the item in progress first; its last group;
    and whether it collected what the run is built on: before that it gets nothing."""

    pending: deque[int] = field(default_factory=deque)
    group: str | None = None
    collected: bool = False


class LevelScheduling:
    """Items of one group stay together; a worker has one group at a time.

    ``workers`` is the number of workers the run starts with, ``group_of`` maps a node id to its
    group (called once per item), and ``report_difference`` is told of every worker whose
    collection is not that of the first.

    A worker keeps its group while items of it wait, then takes the largest group that no other
    worker has, then helps with the largest that one has. When a worker dies, the item in
    progress is returned to the caller of ``remove_node`` and the others go back to the front of
    their groups.

    Between two calls every worker that collected has enough items to run one or is shut down, so
    what a crash brings back is taken up at the next completed item, or by the replacement.
    """

    def __init__(
        self,
        workers: int,
        group_of: Callable[[str], str],
        report_difference: Callable[[CollectionDifference], None],
    ) -> None:
        self._expected_workers = workers
        self._group_of = group_of
        self._report_difference = report_difference
        self._workers: dict[Node, _Worker] = {}
        self._first_collections: dict[Node, Sequence[str]] = {}
        self._collection: Sequence[str] | None = None
        self._collected_by = ""
        self._positions: dict[str, int] = {}
        self._waiting = Waiting(())

    @property
    def nodes(self) -> list[Node]:
        return list(self._workers)

    @property
    def collection_is_completed(self) -> bool:
        """Whether every worker that the run starts with has collected."""
        return (
            self._collection is not None or len(self._first_collections) >= self._expected_workers
        )

    @property
    def tests_finished(self) -> bool:
        """Whether nothing is left but last items, which workers run once they are shut down."""
        return (
            self._collection is not None
            and not self._waiting
            and all(len(worker.pending) < LOOKAHEAD for worker in self._workers.values())
        )

    @property
    def has_pending(self) -> bool:
        """Whether any item waits or runs."""
        return bool(self._waiting) or any(worker.pending for worker in self._workers.values())

    def add_node(self, node: Node) -> None:
        """A worker started; it gets items once it has collected."""
        assert node not in self._workers
        self._workers[node] = _Worker()

    def add_node_collection(self, node: Node, collection: Sequence[str]) -> None:
        """A worker collected. Later ``schedule`` is called, if every worker has."""
        worker = self._workers.get(node)
        if worker is None:  # started while xdist was shutting down, which a crash then called off
            return
        if self._collection is None:
            self._first_collections[node] = collection
            worker.collected = True
        elif list(collection) == self._collection:
            worker.collected = True
        else:
            self._reject(node, collection)

    def schedule(self) -> None:
        """Hand out the first items, or more of them to the replacement of a crashed worker."""
        if self._collection is None:
            self._begin()
        for node in self._workers:
            self._feed(node)

    def mark_test_complete(self, node: Node, item_index: int, duration: float = 0) -> None:
        """A worker finished an item in ``duration`` seconds."""
        self._workers[node].pending.remove(item_index)  # the first: workers keep the order
        self._feed(node, quick=duration < SLOW_SECONDS)

    def mark_test_pending(self, item: str) -> None:
        """Run an item again: for plugins that retry crashed items on purpose."""
        self._waiting.put_back([self._positions[item]])

    def remove_pending_tests_from_node(self, node: Node, indices: Sequence[int]) -> NoReturn:
        """Never called: it answers a command to give items back, which is never sent."""
        raise NotImplementedError("LevelScheduling does not take items back from a live worker")

    def remove_node(self, node: Node) -> str | None:
        """A worker ended; returns the node id of the item it was running, if it crashed.

        Raises ``KeyError`` for a worker that never started, as xdist expects.
        """
        pending = self._workers.pop(node).pending
        if not pending:
            return None
        assert self._collection is not None
        crashed = self._collection[pending.popleft()]
        self._waiting.put_back(pending)
        return crashed

    def _begin(self) -> None:
        """Accept the collection that all workers agree on and give each its first items."""
        (first, expected), *others = self._first_collections.items()
        self._first_collections = {}
        self._collected_by = first.gateway.id
        different = [(node, found) for node, found in others if found != expected]
        for node, found in different:
            self._report_difference(
                CollectionDifference(
                    expected, found, self._collected_by, node.gateway.id, not_run=len(expected)
                )
            )
        self._collection = [] if different else list(expected)
        self._positions = {nodeid: position for position, nodeid in enumerate(self._collection)}
        self._waiting = Waiting([self._group_of(nodeid) for nodeid in self._collection])
        ready = [node for node in self._workers if self._takes_work(node)]
        for served, node in enumerate(ready):
            share = -(-len(self._waiting) // (len(ready) - served))
            self._send(node, at_least=min(LOOKAHEAD, share))

    def _reject(self, node: Node, found: Sequence[str]) -> None:
        """Keep a replacement that collected something else from running the wrong items."""
        assert self._collection is not None
        node.shutdown()
        not_run = 0
        if all(other.shutting_down for other in self._workers):
            not_run = len(self._waiting)
            self._waiting = Waiting(())
        self._report_difference(
            CollectionDifference(
                self._collection, found, self._collected_by, node.gateway.id, not_run
            )
        )

    def _takes_work(self, node: Node) -> bool:
        return self._workers[node].collected and not node.shutting_down

    def _feed(self, node: Node, *, quick: bool = False) -> None:
        """Leave a worker with enough items to go on, or shut it down."""
        if not self._takes_work(node):
            return
        pending = self._workers[node].pending
        if quick and len(pending) < REFILL_BELOW:
            # Towards the end half of an even share, so that no worker is left with a full chunk.
            share = len(self._waiting) // (2 * len(self._workers))
            self._send(node, at_least=LOOKAHEAD, chunk=min(CHUNK, share))
        else:
            self._send(node, at_least=LOOKAHEAD)
        if len(pending) < LOOKAHEAD:
            node.shutdown()

    def _send(self, node: Node, *, at_least: int, chunk: int = 0) -> None:
        """Send a chunk of one group, and of further groups only what ``at_least`` asks for."""
        worker = self._workers[node]
        wanted = max(chunk, at_least - len(worker.pending))
        while wanted > 0 and self._waiting:
            group = worker.group
            if group is None or group not in self._waiting:
                group = self._waiting.largest(self._holders(node))
            positions = self._waiting.take(group, wanted)
            try:
                node.send_runtest_some(positions)
            except OSError:  # it died, and xdist has yet to say so through remove_node
                self._waiting.put_back(positions)
                node.shutdown()
                return
            worker.group = group
            worker.pending.extend(positions)
            wanted = at_least - len(worker.pending)

    def _holders(self, node: Node) -> Counter[str]:
        """How many other workers each group has."""
        return Counter(
            worker.group
            for other, worker in self._workers.items()
            if other is not node and worker.group is not None and not other.shutting_down
        )
