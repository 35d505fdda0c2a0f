"""The scheduler against workers and a session that follow xdist's rules, without processes."""

from __future__ import annotations

import inspect
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugin.xdist.fake_xdist import Session, group_of, items
from xdist.scheduler.protocol import Scheduling

from pytest_quant.plugin.xdist.node import CollectionDifference
from pytest_quant.plugin.xdist.scheduler import (
    CHUNK,
    LOOKAHEAD,
    REFILL_BELOW,
    LevelScheduling,
)

DEEPEST_QUEUE = CHUNK + REFILL_BELOW - 1

GROUP_SIZES = st.lists(st.integers(1, 40), min_size=0, max_size=6)


@st.composite
def collections(draw: st.DrawFn) -> list[str]:
    """Node ids of up to six groups, level after level or mixed."""
    sizes = {f"level{index}": size for index, size in enumerate(draw(GROUP_SIZES))}
    collection = items(**sizes)
    if draw(st.booleans()):
        Random(draw(st.integers(0, 2**16))).shuffle(collection)
    return collection


WORKERS = st.integers(1, 6)
RANDOM = st.builds(Random, st.integers(0, 2**32))
SECONDS = st.sampled_from([0.0, 5.0])


@settings(deadline=None)
@given(collections(), WORKERS, RANDOM, SECONDS)
def test_every_item_runs_once_and_no_worker_returns_to_a_group(
    collection: list[str], workers: int, random: Random, seconds: float
) -> None:
    session = Session(collection, workers, random=random, seconds=lambda _position: seconds).run()
    assert sorted(session.ran) == list(range(len(collection)))
    assert session.crashed == []
    assert session.deepest <= (LOOKAHEAD if seconds else DEEPEST_QUEUE)
    for worker in range(workers):
        groups = session.groups_of(worker)
        assert len(groups) == len(set(groups))


@settings(deadline=None)
@given(st.data(), collections(), WORKERS, RANDOM)
def test_an_item_that_kills_its_worker_is_reported_once_and_all_others_run_once(
    data: st.DataObject, collection: list[str], workers: int, random: Random
) -> None:
    everything = list(range(len(collection)))
    deadly = frozenset(data.draw(st.sets(st.sampled_from(everything))) if everything else ())
    session = Session(collection, workers, random=random, deadly=deadly).run()
    assert sorted(session.ran) == everything
    assert sorted(session.crashed) == sorted(deadly)


@settings(deadline=None)
@given(collections(), WORKERS, RANDOM, st.integers(1, 8))
def test_workers_that_die_at_any_moment_lose_at_most_the_item_in_progress(
    collection: list[str], workers: int, random: Random, deaths: int
) -> None:
    session = Session(collection, workers, random=random, random_deaths=deaths).run()
    completed = Counter(session.ran)
    # A worker may die between finishing an item and saying so, or before it starts the next.
    assert set(completed) | set(session.crashed) == set(range(len(collection)))
    assert not [position for position, times in completed.items() if times > 1]
    assert len(session.crashed) == len(set(session.crashed)) <= deaths


@settings(deadline=None)
@given(collections().filter(bool), WORKERS, RANDOM, st.integers(0, 2))
def test_a_run_without_further_restarts_ends_and_repeats_nothing(
    collection: list[str], workers: int, random: Random, restarts: int
) -> None:
    deadly = frozenset(range(0, len(collection), 3))
    session = Session(collection, workers, random=random, deadly=deadly, restarts=restarts).run()
    assert len(session.ran) == len(set(session.ran))
    assert set(session.crashed) == set(session.ran) & deadly


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(0, 8))
def test_no_worker_is_left_without_work_at_the_start(workers: int, more: int) -> None:
    session = Session(items(q4=workers + more), workers).collect()
    assert all(session.sent.values())


def test_each_group_gets_its_own_worker() -> None:
    session = Session(items(q8=60, q4=60, q2=60), 3).run()
    assert {session.groups_of(worker)[0] for worker in range(3)} == {"q8", "q4", "q2"}


def test_a_free_worker_helps_where_most_is_left_for_each_worker() -> None:
    session = Session(items(q8=90, q4=70, q2=10), 5).collect()
    assert [worker.group for worker in session.workers] == ["q8", "q4", "q2", "q8", "q4"]


def test_slow_items_are_sent_one_by_one() -> None:
    """So that little runs on after the first failure, and the last items are shared out."""
    session = Session(items(q4=50), 2, seconds=lambda _position: 5.0).run()
    assert session.deepest == LOOKAHEAD
    assert len(session.ran) == 50


def test_twenty_thousand_quick_items_go_out_in_chunks() -> None:
    calls = Counter[str]()

    def counted(nodeid: str) -> str:
        calls[nodeid] += 1
        return group_of(nodeid)

    session = Session(items(q8=10_000, q4=10_000), 2)
    session.sched = LevelScheduling(2, counted, session.differences.append)
    session.run()
    assert sorted(session.ran) == list(range(20_000))
    assert session.deepest == DEEPEST_QUEUE
    assert session.messages < 1.1 * 20_000 / CHUNK
    assert set(calls.values()) == {1}


def test_a_crashed_item_runs_again_only_on_demand() -> None:
    deadly = frozenset({7, 9})
    session = Session(items(q8=20, q4=20), 2, deadly=deadly, retried=frozenset({7})).run()
    assert sorted(session.crashed) == [7, 9]
    assert Counter(session.ran) == Counter([*range(40), 7])


def test_items_of_a_crashed_worker_keep_their_order() -> None:
    session = Session(items(q4=20), 1, deadly=frozenset({4, 11})).run()
    assert session.ran == list(range(20))


def test_a_worker_does_not_wait_for_others_to_run_its_last_item() -> None:
    session = Session(items(q8=2, q4=2), 2).collect()
    worker = session.workers[0]
    while worker.can_step:
        worker.step()
        session.handle_event()
    assert worker.ran == [0, 1]
    assert session.workers[1].ran == []


def test_a_worker_that_was_shut_down_before_it_collected_gets_nothing() -> None:
    """It started between the last items; then one of them crashed and is to run again."""
    session = Session(items(q4=2), 2, deadly=frozenset({0, 1}), retried=frozenset({1})).collect()
    first, second = session.workers
    while not first.down:
        first.step()
    session.handle_event()
    late = session.workers[2]
    late.step()
    session.handle_event()
    assert late.shutting_down and late not in session.sched.nodes
    while not second.down:
        second.step()
    session.handle_event()
    late.step()
    session.handle_event()
    session.run()
    assert late.ran == []
    assert session.ran == [0, 1, 1]


def test_different_collections_at_the_start_are_reported_and_nothing_runs() -> None:
    collection = items(q4=6)
    session = Session(collection, 3, collections=[collection, collection[1:], collection])
    session.collect().run()
    assert session.ran == []
    assert session.differences == [
        CollectionDifference(collection, collection[1:], "gw0", "gw1", not_run=6)
    ]


def test_a_replacement_that_collects_something_else_gets_nothing() -> None:
    collection = items(q8=30, q4=30)
    other = collection[::-1]
    session = Session(
        collection, 2, collections=[collection, collection, other], deadly=frozenset({1})
    )
    session.collect().run()
    assert sorted(session.ran) == list(range(60))
    assert session.workers[2].ran == []
    assert session.differences == [CollectionDifference(collection, other, "gw0", "gw2", not_run=0)]


def test_items_that_only_unfit_replacements_could_run_are_counted() -> None:
    collection = items(q4=10)
    session = Session(
        collection, 1, collections=[collection, collection[:-1]], deadly=frozenset({3})
    ).run()
    assert session.ran == [0, 1, 2, 3]
    assert session.differences == [
        CollectionDifference(collection, collection[:-1], "gw0", "gw1", not_run=6)
    ]


def test_a_worker_that_crashed_before_all_collected_is_replaced() -> None:
    session = Session(items(q4=10), 2)
    first, second = session.workers
    for step in (first.step, first.step, second.step):
        step()
    while session.events:
        session.handle_event()
    assert session.sched.nodes == [first, second]
    first.dead = True
    session.run()
    assert first.ran == [] and session.crashed == []
    assert sorted(session.ran) == list(range(10))


def test_a_replacement_gets_nothing_before_it_has_collected() -> None:
    session = Session(items(q4=20), 2, deadly=frozenset({0, 2})).collect()
    for worker in session.workers[:2]:
        while not worker.down:
            worker.step()
        session.handle_event()
    quick, slow = session.workers[2:]
    for step in (quick.step, slow.step, quick.step):
        step()
        session.handle_event()
    assert session.sched.nodes == [quick, slow]
    assert session.sent[quick] and not session.sent[slow]
    session.run()
    assert sorted(session.ran) == list(range(20))


PROTOCOL = [name for name in vars(Scheduling) if not name.startswith("_")]


@pytest.mark.parametrize("name", PROTOCOL)
def test_the_scheduler_has_the_shape_that_xdist_calls(name: str) -> None:
    theirs, ours = inspect.getattr_static(Scheduling, name), getattr(LevelScheduling, name)
    if isinstance(theirs, property):
        assert isinstance(ours, property)
    else:
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(theirs).parameters
        )
