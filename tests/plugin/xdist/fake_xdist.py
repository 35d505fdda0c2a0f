"""Workers and a session that follow xdist's rules without processes, one step at a time."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random
from types import SimpleNamespace

import pytest

from pytest_quant.plugin.xdist.node import CollectionDifference
from pytest_quant.plugin.xdist.scheduler import LOOKAHEAD, LevelScheduling


def items(**sizes: int) -> list[str]:
    return [f"{group}/{number}" for group, size in sizes.items() for number in range(size)]


def group_of(nodeid: str) -> str:
    return nodeid.partition("/")[0]


class FakeWorker:
    """What xdist's ``remote.py`` and ``WorkerController`` do, one ``step`` at a time.

    Commands wait in ``inbox`` (``None`` is the shutdown signal). An item runs only when another
    entry follows it. A worker that died refuses commands at once, but its death shows in
    ``shutting_down`` and in the session's events only one step later.
    """

    def __init__(self, session: Session, name: str, collection: Sequence[str]) -> None:
        self.session = session
        self.gateway = SimpleNamespace(id=name)
        self.collection = list(collection)
        self.startup = deque([session.on_ready, session.on_collected])
        self.inbox: deque[int | None] = deque()
        self.ran: list[int] = []
        self.group: str | None = None
        self.dead = False
        self.down = False
        self.shutdown_sent = False

    @property
    def shutting_down(self) -> bool:
        return self.down or self.shutdown_sent

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        if self.dead:
            raise OSError("cannot send (already closed?)")
        self.session.check_sent(self, indices)
        self.inbox.extend(indices)

    def shutdown(self) -> None:
        self.shutdown_sent = True
        self.inbox.append(None)

    @property
    def can_step(self) -> bool:
        if self.down:
            return False
        if self.dead or self.startup:
            return True
        return bool(self.inbox) and (self.inbox[0] is None or len(self.inbox) > 1)

    def step(self) -> None:
        if self.dead:
            self.down = True
            self.session.emit(self.session.on_death, self)
            return
        if self.startup:
            self.session.emit(self.startup.popleft(), self)
            return
        position = self.inbox.popleft()
        if position is None:
            self.down = True
            self.session.emit(self.session.on_finished, self)
            return
        self.ran.append(position)
        if position in self.session.deadly:
            self.dead = True
        else:
            self.session.emit(self.session.on_complete, self, position)


@dataclass(frozen=True)
class Event:
    handler: Callable[..., None]
    arguments: tuple[object, ...]


class Session:
    """What xdist's ``DSession`` does with a scheduler, with events in the order they were sent.

    ``deadly`` positions kill their worker, ``retried`` ones only once, for a plugin asks for them
    again; ``random_deaths`` workers die at any other moment.
    ``collections`` are what the workers collect in the order they start, the last one also for
    all that follow. Which worker goes on, or whether the session handles an event, is drawn from
    ``random``. Every call to a worker is checked against what the scheduler promises.
    """

    def __init__(
        self,
        collection: Sequence[str],
        workers: int,
        *,
        random: Random | None = None,
        collections: Sequence[Sequence[str]] = (),
        deadly: frozenset[int] = frozenset(),
        random_deaths: int = 0,
        restarts: int | None = None,
        seconds: Callable[[int], float] = lambda _position: 0.0,
        retried: frozenset[int] = frozenset(),
    ) -> None:
        self.collection = collection
        self.collections = list(collections)
        self.expected_workers = workers
        self.random = random or Random(0)
        self.deadly = deadly
        self.random_deaths = random_deaths
        self.restarts = restarts
        self.seconds = seconds
        self.retried = retried
        self.differences: list[CollectionDifference] = []
        self.sched = LevelScheduling(workers, group_of, self.differences.append)
        self.events: deque[Event] = deque()
        self.workers: list[FakeWorker] = []
        self.active: set[FakeWorker] = set()
        self.sent: dict[FakeWorker, deque[int]] = {}
        self.unsent = Counter(map(group_of, collection))
        self.messages = 0
        self.deepest = 0
        self.crashed: list[int] = []
        self.shutting_down = False
        for _ in range(workers):
            self.start_worker()

    def run(self) -> Session:
        while self.active or not self.shutting_down:
            moves = [worker.step for worker in self.workers if worker.can_step]
            if self.events:
                moves.append(self.handle_event)
            assert moves, "hang: no worker can go on and the session waits for an event"
            if self.random_deaths and self.random.random() < 0.1:
                moves.append(self.kill_one)
            self.random.choice(moves)()
        return self

    def emit(self, handler: Callable[..., None], *arguments: object) -> None:
        self.events.append(Event(handler, arguments))

    def handle_event(self) -> None:
        event = self.events.popleft()
        event.handler(*event.arguments)
        if self.sched.tests_finished:
            self.trigger_shutdown()

    def start_worker(self) -> None:
        collection = self.collection
        if self.collections:
            collection = self.collections[min(len(self.workers), len(self.collections) - 1)]
        worker = FakeWorker(self, f"gw{len(self.workers)}", collection)
        self.workers.append(worker)
        self.active.add(worker)
        self.sent[worker] = deque()

    def collect(self) -> Session:
        """Every worker collects and gets its first items, but runs none."""
        for worker in self.workers:
            while worker.startup:
                worker.step()
        while self.events:
            self.handle_event()
        return self

    def kill_one(self) -> None:
        alive = [worker for worker in self.workers if not worker.dead and not worker.down]
        if alive:
            self.random_deaths -= 1
            self.random.choice(alive).dead = True

    def trigger_shutdown(self) -> None:
        if not self.shutting_down:
            self.shutting_down = True
            for node in self.sched.nodes:
                node.shutdown()

    def on_ready(self, worker: FakeWorker) -> None:
        if self.shutting_down:
            worker.shutdown()
        else:
            self.sched.add_node(worker)

    def on_collected(self, worker: FakeWorker) -> None:
        if self.shutting_down:
            return
        self.sched.add_node_collection(worker, worker.collection)
        if self.sched.collection_is_completed:
            self.sched.schedule()

    def on_complete(self, worker: FakeWorker, position: int) -> None:
        self.sent[worker].remove(position)
        self.sched.mark_test_complete(worker, position, self.seconds(position))

    def on_finished(self, worker: FakeWorker) -> None:
        if worker in self.sched.nodes:
            assert self.sched.remove_node(worker) is None
        self.active.remove(worker)

    def on_death(self, worker: FakeWorker) -> None:
        lost = self.sent.pop(worker)
        expected = None
        if lost:
            self.crashed.append(lost[0])
            expected = self.collection[lost.popleft()]
        self.unsent.update(group_of(self.collection[position]) for position in lost)
        if worker in self.sched.nodes:
            assert self.sched.remove_node(worker) == expected
        else:
            assert expected is None
            with pytest.raises(KeyError):
                self.sched.remove_node(worker)
        if expected and self.crashed[-1] in self.retried & self.deadly:
            self.deadly -= {self.crashed[-1]}
            self.unsent[group_of(expected)] += 1
            self.sched.mark_test_pending(expected)
        if self.restarts == 0:
            self.trigger_shutdown()
        else:
            if self.restarts is not None:
                self.restarts -= 1
            self.shutting_down = False
            self.start_worker()
        self.active.remove(worker)

    def check_sent(self, worker: FakeWorker, positions: Sequence[int]) -> None:
        assert not worker.shutting_down
        assert not worker.startup, "sent items before the worker's collection was known"
        (group,) = {group_of(self.collection[position]) for position in positions}
        if group != worker.group:
            assert not self.unsent[worker.group or ""], "left a group in which items wait"
            held = Counter(
                other.group
                for other in self.workers
                if other is not worker and not other.shutting_down
            )
            free = [other for other in +self.unsent if not held[other]]
            assert not held[group] or not free, "joined a worker although a whole group is free"
        before = self.unsent.total()
        assert len(positions) <= max(LOOKAHEAD, before // (2 * len(self.sched.nodes)))
        worker.group = group
        self.unsent[group] -= len(positions)
        self.sent[worker].extend(positions)
        self.messages += 1
        self.deepest = max(self.deepest, len(self.sent[worker]))

    @property
    def ran(self) -> list[int]:
        return [position for worker in self.workers for position in worker.ran]

    def groups_of(self, worker: int) -> list[str]:
        """The groups that a worker ran, one entry for each time it took one up."""
        ran = self.workers[worker].ran
        return [group for group, _ in groupby(group_of(self.collection[i]) for i in ran)]
