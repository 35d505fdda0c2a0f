"""One budget of time, by a clock that stands still until it is told to go on."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_quant.errors import TimeOver
from pytest_quant.session.time_budget import TimeBudget


@dataclass
class Clock:
    at: float = 50.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_without_a_time_nothing_ends(clock: Clock) -> None:
    time = TimeBudget(None, clock)
    clock.at += 1e9
    time.check()
    time.check_level("q4", ["q4"])
    assert not (time.is_given or time.is_over or time.has_cut)


def test_it_is_over_to_the_second(clock: Clock) -> None:
    time = TimeBudget(60, clock)
    clock.at += 59.9
    time.check()
    assert not time.has_cut
    clock.at += 0.1
    with pytest.raises(TimeOver, match=r"the time was over \(--quant-time\)"):
        time.check()
    assert time.is_over
    assert time.has_cut
    assert (time.spent, time.left) == (60, 0)


def test_a_worker_that_starts_later_ends_at_the_same_time(clock: Clock) -> None:
    first = TimeBudget(60, clock)
    clock.at += 10
    worker = TimeBudget(60, clock)
    worker.join(first.left, workers=2)
    assert worker.left == first.left == 50


def asked(clock: Clock, time: TimeBudget, level: str, levels: list[str]) -> float:
    """For how long a level is asked, by probes of a second each."""
    began = clock.at
    try:
        while True:
            time.check_level(level, levels)
            clock.at += 1
    except TimeOver:
        return clock.at - began


def test_every_level_has_its_share_and_some_is_left_for_what_is_open(clock: Clock) -> None:
    time, levels = TimeBudget(400, clock), ["q8", "q4", "q2"]
    shares = [asked(clock, time, level, levels) for level in levels]
    # The first is asked together with the reference; 0.3 of the time is for more cases.
    assert shares == [140, 70, 70]
    assert time.left == 120


def test_what_a_level_does_not_take_the_next_one_has(clock: Clock) -> None:
    time, levels = TimeBudget(400, clock), ["q8", "q4"]
    time.check_level("q8", levels)
    clock.at += 40
    assert asked(clock, time, "q4", levels) == 240


def test_levels_that_are_asked_at_once_end_at_once(clock: Clock) -> None:
    time, levels = TimeBudget(100, clock), ["q8", "q4"]
    time.join(100, workers=2)
    for level in levels:
        time.check_level(level, levels)
    clock.at += 69
    for level in levels:
        time.check_level(level, levels)
    clock.at += 2
    for level in levels:
        with pytest.raises(TimeOver, match=f"the time for {level} was over"):
            time.check_level(level, levels)


def test_what_is_narrowed_ends_earlier_and_leaves_the_rest(clock: Clock) -> None:
    time = TimeBudget(100, clock)
    with time.narrowed(10):
        assert time.left == 10
        clock.at += 10
        with pytest.raises(TimeOver):
            time.check()
    assert time.left == 90
    with time.narrowed(1000):
        assert time.left == 90


def test_levels_share_the_time_as_they_come(clock: Clock) -> None:
    time = TimeBudget(120, clock)
    assert time.share(["q8", "q4", "q2"]) == 40
    time.join(120, workers=2)
    assert time.share(["q8", "q4", "q2"]) == 80
    assert time.share(["q8"]) == 120
