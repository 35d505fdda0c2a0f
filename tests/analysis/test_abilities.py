"""What an ability lost: the interval for these probes, and the one for probes like these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.reports.records import measured

from pytest_quant.analysis.abilities import (
    Ability,
    abilities,
    difference_for_probes_like,
    for_probes_like,
    for_these,
)

Draw = Callable[[np.random.Generator, int], np.ndarray]


def probes(*lost: int, n: int = 32) -> list[list[float]]:
    """Losses by probe, of which so many of ``n`` cases were lost."""
    return [[100.0] * few + [0.0] * (n - few) for few in lost]


def test_these_probes_have_the_bounds_of_the_gate() -> None:
    found = for_these(probes(16, 0), alpha=0.1)
    # b 16, c 0 of 64: reference values of the gate's own bounds, one-sided 95 %.
    assert found.value == 25
    assert (found.lower, found.upper) == pytest.approx((17.2, 34.9), abs=0.3)


def test_probes_count_not_cases() -> None:
    found = for_probes_like(probes(0, 2, 4, 8, 2))
    assert found is not None
    # Means 0, 6.25, 12.5, 25, 6.25: a standard error of 4.239; t(4) at 97.5 % is 2.7764.
    assert found.value == pytest.approx(10)
    assert (found.lower, found.upper) == pytest.approx((10 - 11.77, 10 + 11.77), abs=0.01)
    # However many cases one of them was asked.
    uneven = [*probes(0, 2, 4, 8), *probes(20, n=320)]
    again = for_probes_like(uneven)
    assert again is not None
    assert (again.value, again.lower) == pytest.approx((found.value, found.lower))


def test_probes_of_which_none_flipped_do_not_close_the_interval() -> None:
    found = for_probes_like(probes(0, 0, 0, 0))
    assert found is not None
    assert found.value == 0
    assert found.upper == -found.lower == pytest.approx(2.92, abs=0.02)
    # Nor do equal ones.
    equal = for_probes_like(probes(3, 3, 3, 3))
    assert equal is not None
    assert equal.upper - equal.lower > 8


def test_a_single_probe_says_nothing_of_others() -> None:
    assert for_probes_like(probes(4)) is None
    two = for_probes_like(probes(0, 32))
    assert two is not None
    assert (two.lower, two.upper) == (-100, 100)


def test_rows_for_all_for_categories_and_difficulties() -> None:
    found = abilities(
        [
            measured("a", "q4", right=60, lost=4),
            replace(measured("b", "q4", right=60, lost=8), difficulty=3),
            measured("c", "q4", right=60, lost=0, category="long_context"),
            measured("d", "q4", right=0, uninformative="the reference answers 0 of 64"),
        ]
    )
    told = [(row.kind, row.name, row.probes, row.n) for row in found]
    assert told == [
        ("all", "overall", 3, 192),
        ("category", "long_context", 1, 64),
        ("category", "numerical_reasoning", 2, 128),
        ("difficulty", "1", 2, 128),
        ("difficulty", "3", 1, 64),
    ]
    row: Ability = found[0]
    assert row.these.value == pytest.approx(6.25)
    assert row.alike is not None
    assert row.alike.lower < row.these.lower
    assert found[1].alike is None


def spread(centre: float, deviation: float) -> Draw:
    return lambda rng, shape: np.clip(rng.normal(centre, deviation, shape), -0.5, 0.5)


def some(share: float, loss: float) -> Draw:
    return lambda rng, shape: np.where(rng.random(shape) < share, loss, 0.0)


def coverage(groups: int, draw: Draw, mean: float, flips: float = 0.03) -> tuple[float, float]:
    """How often each interval holds the mean of all probes that might have been written."""
    rng = np.random.default_rng(7)
    sessions, n = 400, 32
    true = draw(rng, sessions * groups).reshape(sessions, groups)
    rate = np.maximum(flips, np.abs(true))
    lost = rng.binomial(n, (rate + true) / 2)
    won = rng.binomial(n - lost, np.clip((rate - true) / (2 - rate - true), 0, 1))
    held = np.zeros(2)
    for b, c in zip(lost, won, strict=True):
        losses = [
            [100.0] * i + [-100.0] * j + [0.0] * (n - i - j) for i, j in zip(b, c, strict=True)
        ]
        both = for_these(losses), for_probes_like(losses)
        held += [one is not None and one.lower <= 100 * mean <= one.upper for one in both]
    these, alike = held / sessions
    return float(these), float(alike)


@pytest.mark.parametrize("groups", [4, 6, 12])
@pytest.mark.parametrize(
    ("draw", "mean"),
    [
        (spread(0, 0), 0),  # none loses anything
        (spread(0.03, 0), 0.03),  # all lose the same
        (spread(0.03, 0.03), 0.03),
        (spread(0.05, 0.1), 0.05),
    ],
    ids=["none", "alike", "some spread", "wide spread"],
)
def test_holds_the_mean_of_probes_like_these(groups: int, draw: Draw, mean: float) -> None:
    _, alike = coverage(groups, draw, mean)
    assert alike >= 0.93


def test_where_probes_differ_these_are_not_those() -> None:
    """The interval for these probes, read as one for the ability, misses every other time."""
    these, alike = coverage(6, spread(0.05, 0.1), 0.05)
    assert these < 0.7
    assert alike >= 0.93


def test_what_no_sample_of_probes_can_know() -> None:
    """One probe in ten loses 40 points, the others nothing: most samples of five have none."""
    _, alike = coverage(5, some(0.1, 0.4), 0.04)
    assert 0.5 < alike < 0.7
    _, more = coverage(30, some(0.1, 0.4), 0.04)
    assert more > 0.85


@pytest.mark.parametrize(
    ("flips", "draw"),
    [
        (0.003, spread(0, 0)),
        (0.01, spread(0, 0)),
        (0.04, spread(0, 0)),
        (0.02, spread(0.05, 0.05)),
    ],
    ids=["hardly a flip", "few flips", "many flips", "probes differ"],
)
def test_ten_categories_that_are_alike_are_told_apart_in_one_session_of_twenty(
    flips: float, draw: Draw
) -> None:
    """Six probes of 32 cases each; each category is held against the nine others."""
    rng, sessions, wrong = np.random.default_rng(5), 100, 0
    for _ in range(sessions):
        true = draw(rng, 60)
        rate = np.maximum(flips, np.abs(true))[:, None]
        drawn = rng.random((60, 32))
        lost = drawn < (rate + true[:, None]) / 2
        won = drawn > 1 - (rate - true[:, None]) / 2
        losses = (100.0 * (1.0 * lost - won)).tolist()
        for at in range(0, 60, 6):
            mine, rest = losses[at : at + 6], losses[:at] + losses[at + 6 :]
            found = difference_for_probes_like(mine, rest, 0.05 / 10)
            assert found is not None
            if found.lower > 0 or found.upper < 0:
                wrong += 1
                break
    assert wrong <= 0.05 * sessions
