"""Training time leaves out compiling and pauses."""

from __future__ import annotations

from collections.abc import Iterable

from training.clock import TrainingClock


def seconds_after(durations: Iterable[float]) -> float:
    now = 0.0
    clock = TrainingClock(0.0, lambda: now)
    for duration in durations:
        now += 100.0  # between steps: saving, reporting
        clock.start()
        now += duration
        clock.stop()
    return clock.seconds


def test_steps_add_up_without_what_lies_between_them() -> None:
    assert seconds_after([1, 2, 2, 3]) == 7


def test_the_first_step_compiles_and_counts_nothing() -> None:
    assert seconds_after([40, 2]) == 2


def test_a_step_during_a_pause_counts_as_a_usual_one() -> None:
    assert seconds_after([40, 2, 2, 2, 900, 2]) == 10


def test_a_machine_that_becomes_slow_is_not_taken_for_a_pause() -> None:
    assert seconds_after([40, 2, 2, 2, *[6] * 40]) == 246


def test_a_resumed_clock_goes_on() -> None:
    clock = TrainingClock(60.0, lambda: 0.0)
    clock.start()
    clock.stop()
    assert clock.seconds == 60
