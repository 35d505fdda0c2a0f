"""How long a session will go on, from what its tests took so far."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_quant.session.pace import Pace, Plan, Probe
from pytest_quant.session.workload import Share, Speed, Workload

COUNTS = {"adversarial": 10, "iterative": 10, "long_context": 5}
# Seconds of a probe: the reference and the level.
TOOK = {"adversarial": (0.8, 1.0), "iterative": (1.0, 1.2), "long_context": (3.0, 5.0)}
COMPARING = 10.0


def steps(more: int = 0) -> Iterator[tuple[Pace, float]]:
    """A session of two levels: the forecast whenever a test has ended, and what is true then."""
    pace = Pace()
    pace.plan(Plan({"q8": COUNTS, "q4": COUNTS}, ["q8", "q4"], in_turn=more > 0))
    once = sum(n * sum(TOOK[name]) for name, n in COUNTS.items())
    again = sum(n * TOOK[name][1] for name, n in COUNTS.items())
    left = once + again + 2 * COMPARING
    for level in ("q8", "q4"):
        for category, count in COUNTS.items():
            reference, own = TOOK[category]
            reference = reference if level == "q8" else 0.0
            for i in range(count):
                took = reference + own
                left -= took
                work = round(9000 * took)
                probe = Probe(level, category, took, reference, own, work, 16, more)
                pace.probe(f"{category}_{i}[{level}]", probe)
                yield pace, left
        left -= COMPARING
        pace.compared(level, COMPARING)
        pace.compared(level, 0.0, responses=True)
        yield pace, left


def test_a_forecast_is_near_from_the_third_probe_on() -> None:
    ratios = [pace.left({}) / left for pace, left in steps() if left > 5]
    assert all(1 / 1.5 <= ratio <= 1.5 for ratio in ratios[3:])


def test_nothing_is_told_before_anything_ran_and_nothing_is_left_in_the_end() -> None:
    assert Pace().left({}) == 0
    *_, (pace, left) = steps()
    assert (pace.left({}), left) == (0, pytest.approx(0))


def test_what_runs_is_a_part_of_what_is_left_and_workers_share_it() -> None:
    pace, _ = next(steps())
    whole = pace.left({})
    assert pace.left({"b[q8]": 0.5}) == pytest.approx(whole - 0.5)
    assert pace.left({}, workers=2) == pytest.approx(whole / 2)
    assert pace.left({"b[q8]": 1000.0}) == 0


def test_recorded_cases_are_asked_in_the_end() -> None:
    """As many of each level as are recorded; the reference answers them once."""
    *_, (pace, _) = steps(more=16)
    once = sum(n * sum(TOOK[name]) for name, n in COUNTS.items())
    again = sum(n * TOOK[name][1] for name, n in COUNTS.items())
    assert pace.more_left() == pytest.approx(once + again)
    assert pace.left({}) == pace.more_left()
    *_, (pace, _) = steps()
    assert pace.more_left() == 0


def test_a_probe_that_runs_again_counts_once() -> None:
    pace = Pace()
    pace.plan(Plan({"q4": {"iterative": 3}}, [], in_turn=False))
    for took in (9.0, 2.0):
        pace.probe("a", Probe("q4", "iterative", took, 0.0, took, 10, 4, 0))
    assert pace.left({}) == pytest.approx(4.0)


def foreseen(**by_category: tuple[int, float, float]) -> Workload:
    """Probes, and of a case the tokens that are read, and that are written at most."""
    shares = {
        name: Share(probes, {"q4": 8 * probes}, 8 * probes, read, written)
        for name, (probes, read, written) in by_category.items()
    }
    return Workload(shares, 1, compared=1, comparing=1000, speed=Speed(100, 10))


def test_before_anything_ran_it_is_as_foreseen() -> None:
    pace = Pace()
    load = foreseen(iterative=(10, 100, 0))
    pace.plan(Plan({"q4": {"iterative": 10}}, ["q4"], in_turn=False, workload=load))
    whole = load.seconds()
    assert whole is not None
    # 160 cases of a second, and 1,000 tokens to compare.
    assert whole == pytest.approx(170, abs=1)
    assert pace.left({}) == whole
    assert pace.left({"quant-gate::divergence[q4]": 4.0}) == whole - 4
    pace.compared("q4", 5.0)
    assert pace.left({}) == whole - 5


def test_a_category_that_has_not_run_takes_what_its_prompts_say() -> None:
    pace = Pace()
    load = foreseen(iterative=(10, 100, 0), long_context=(10, 1000, 0))
    plan = {"q4": {"iterative": 10, "long_context": 10}}
    pace.plan(Plan(plan, [], in_turn=False, workload=load))
    for i in range(10):
        pace.probe(f"{i}[q4]", Probe("q4", "iterative", 2.0, 1.0, 1.0, 100, 8, 0))
    assert pace.left({}) == pytest.approx(200)
