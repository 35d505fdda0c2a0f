"""Bounds that hold what they claim, and the same ones every time."""

from __future__ import annotations

import random

import pytest

from pytest_quant.analysis.estimates import between, mean_of, resampled_means, share_of


def test_resampling_agrees_with_the_standard_error() -> None:
    rng = random.Random(1)
    rows = [(rng.gauss(5, 2),) for _ in range(400)]
    mean = sum(value for (value,) in rows) / len(rows)
    found = between(mean, resampled_means(rows)[:, 0])
    normal = mean_of([value for (value,) in rows])
    assert found.lower == pytest.approx(normal.lower, abs=0.03)
    assert found.upper == pytest.approx(normal.upper, abs=0.03)


def test_resampling_repeats_itself() -> None:
    rows = [(float(i % 7), float(i % 2)) for i in range(50)]
    assert (resampled_means(rows) == resampled_means(rows)).all()


def test_a_single_row_says_what_it_says() -> None:
    assert set(resampled_means([(3.0,)])[:, 0]) == {3.0}


@pytest.mark.parametrize(
    ("count", "n", "lower", "upper"),
    # R: binom.confint(..., methods = "wilson")
    [(0, 10, 0.0, 27.75), (5, 10, 23.66, 76.34), (10, 10, 72.25, 100.0), (90, 100, 82.56, 94.48)],
)
def test_wilson_bounds(count: int, n: int, lower: float, upper: float) -> None:
    found = share_of(count, n)
    assert found.value == 100 * count / n
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=0.005)
