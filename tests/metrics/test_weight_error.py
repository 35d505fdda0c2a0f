"""How far quantized weights are from what they were: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_quant.metrics.swaps import WeightError
from pytest_quant.metrics.weight_error import weight_error


def rows(*values: list[float]) -> np.ndarray:
    return np.array(values, np.float32)


def test_the_same_weights_have_no_error() -> None:
    same = rows([1.0, -2.0], [0.0, 0.5])
    assert weight_error([(same, same)]) == WeightError(0.0, 0.0, 0.0, 0.0)


def test_an_error_by_hand() -> None:
    before, after = rows([3.0, 4.0], [0.0, 1.0]), rows([3.0, 3.0], [0.0, 0.5])
    found = weight_error([(before, after)])
    assert found.rms == pytest.approx((1.25 / 26) ** 0.5)
    assert found.worst_row == pytest.approx(0.5)


def test_rows_that_come_apart_are_the_same_rows() -> None:
    random = np.random.default_rng(0)
    before = random.standard_t(2, (64, 32)).astype(np.float32)
    after = (before + random.normal(0, 0.1, before.shape)).astype(np.float32)
    apart = [(before[i : i + 8], after[i : i + 8]) for i in range(0, 64, 8)]
    whole, pieces = weight_error([(before, after)]), weight_error(apart)
    assert pieces.rms == pytest.approx(whole.rms)
    assert (pieces.worst_row, pieces.outliers, pieces.clipped) == (
        whole.worst_row,
        whole.outliers,
        whole.clipped,
    )


@pytest.mark.parametrize(
    ("back", "clipped"), [(10.0, 0.0), (9.5, 0.0), (8.0, 1.0), (12.0, 0.0), (-10.0, 1.0)]
)
def test_an_outlier_is_clipped_if_it_comes_back_short(back: float, clipped: float) -> None:
    before = np.zeros((1, 100), np.float32)
    before[0, 0], before[0, 1] = 10.0, 1.0
    after = before.copy()
    after[0, 0] = back
    found = weight_error([(before, after)])
    assert (found.outliers, found.clipped) == (0.01, clipped)


def test_weights_that_are_all_nothing_have_no_relative_error() -> None:
    assert weight_error([(rows([0.0, 0.0]), rows([0.0, 1.0]))]).rms == 0.0
    assert weight_error([]) == WeightError(0.0, 0.0, 0.0, 0.0)
