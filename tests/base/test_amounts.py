"""One thing, several things."""

from __future__ import annotations

import pytest

from pytest_quant.base.amounts import counted, in_points


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 cases"), (1, "1 case"), (2, "2 cases"), (1200, "1,200 cases")]
)
def test_counted(count: int, told: str) -> None:
    assert counted(count, "case") == told


@pytest.mark.parametrize(
    ("points", "told"), [(1.0, "1 point"), (0.5, "0.5 points"), (17.5, "17.5 points")]
)
def test_points(points: float, told: str) -> None:
    assert in_points(points) == told
