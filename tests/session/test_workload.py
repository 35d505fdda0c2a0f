"""How much a session has to ask, in words and in seconds; and in which order, by the clock."""

from __future__ import annotations

import pytest

from pytest_quant.probes.model import Probe
from pytest_quant.session.workload import Share, Speed, Workload, spread


def load(*, speed: Speed | None, kept: float = 0.0, budget: float | None = None) -> Workload:
    share = Share(10, {"q8": 100, "q4": 100}, 100, read=50, written=100, kept=kept)
    return Workload(
        {"iterative": share}, 2, compared=2, comparing=9_000, budget=budget, speed=speed
    )


def test_the_amount_is_told_before_the_time() -> None:
    amount, time = load(speed=Speed(1000, 100)).told()
    assert amount == "10 probes, about 300 cases, 12,000 tokens, at most 30,000"
    # 300 cases of 50 tokens read and 40 written; 18,000 tokens to compare two levels.
    assert time == "about 3 min on this machine"


@pytest.mark.parametrize(
    ("speed", "kept", "budget", "told"),
    [
        (None, 0.0, None, "how long that takes is told after the first answers"),
        (None, 0.0, 90.0, "--quant-time gives 90 s"),
        (Speed(1000, 100), 0.0, 1800.0, "about 3 min on this machine; --quant-time gives 30 min"),
        (None, 1.0, None, "answers are kept of an earlier session: this one is quick"),
    ],
)
def test_what_is_told_of_the_time(
    speed: Speed | None, kept: float, budget: float | None, told: str
) -> None:
    assert load(speed=speed, kept=kept, budget=budget).told()[1] == told


def test_what_is_kept_takes_no_time() -> None:
    half, none = load(speed=Speed(1000, 100), kept=0.5), load(speed=Speed(1000, 100))
    assert half.seconds() is not None
    assert none.seconds() is not None
    assert half.seconds() == pytest.approx((none.seconds() or 0) - 300 * 0.45 / 2)


def probe(name: str, category: str, max_tokens: int) -> Probe:
    return Probe(
        id=name,
        category=category,
        subcategory="s",
        difficulty=1,
        prompt="?",
        expect="!",
        check="text",
        check_options={},
        path="p.yaml",
        line=1,
        max_tokens=max_tokens,
    )


def test_every_category_has_its_turn_and_what_is_cheap_comes_first() -> None:
    given = [
        probe("a_slow", "a", 500),
        probe("a_quick", "a", 20),
        probe("b_only", "b", 900),
        probe("c_quick", "c", 10),
        probe("c_slow", "c", 800),
    ]
    order = [one.id for one in spread(given, lambda one: one)]
    assert order == ["a_quick", "b_only", "c_quick", "a_slow", "c_slow"]
