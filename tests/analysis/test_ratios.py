"""A ratio of sums over chunks and its bounds."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_quant.analysis.ratios import ratio_of_sums


def test_equal_sums_in_every_chunk_are_known_exactly() -> None:
    found = ratio_of_sums([1.0, 2.0, 3.0] * 2, [2.0, 4.0, 6.0] * 2)
    assert found is not None
    assert (found.lower, found.value, found.upper) == pytest.approx((0.5, 0.5, 0.5))


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ([1.0], [1.0]),
        ([1.0] * 5, [2.0] * 5),
        ([], []),
        ([0.0] * 6, [1.0] * 6),
        ([1.0] * 6, [0.0] * 6),
        ([1.0, *[0.0] * 5], [1.0] * 6),
    ],
)
def test_where_there_are_no_bounds_there_is_no_ratio(
    above: list[float], below: list[float]
) -> None:
    assert ratio_of_sums(above, below) is None


@pytest.mark.parametrize("chunks", [6, 10, 60])
def test_the_bounds_hold_what_they_promise(chunks: int) -> None:
    """Or nearly: chunks differ tenfold and more here, in tails that few of them have."""
    random = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        below = random.lognormal(0, 1, chunks)
        above = 0.8 * below * random.lognormal(-0.02, 0.2, chunks)
        found = ratio_of_sums(above.tolist(), below.tolist())
        assert found is not None
        held += found.lower <= 0.8 <= found.upper
    assert held / 2000 > 0.9
