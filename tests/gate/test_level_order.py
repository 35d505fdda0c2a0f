"""How sure a level must be to pass; no session passes a damaged level more often than it says."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest

from pytest_quant.gate.level_order import pass_alpha

ORDER = ["q8", "q6", "q4"]


@pytest.mark.parametrize(
    ("level", "within", "alpha"),
    [
        ("q8", [], 0.04),
        ("q6", [], 0.005),
        ("q6", ["q8"], 0.045),
        ("q4", [], 0.005),
        ("q4", ["q6"], 0.01),
        ("q4", ["q8"], 0.005),  # handed to the next one alone
        ("q4", ["q8", "q6"], 0.05),
    ],
)
def test_a_level_within_its_limits_hands_its_alpha_on(
    level: str, within: list[str], alpha: float
) -> None:
    assert pass_alpha(level, ORDER, within, 0.05) == pytest.approx(alpha)


def test_one_level_has_it_all() -> None:
    assert pass_alpha("q4", ["q4"], [], 0.05) == 0.05


@pytest.mark.parametrize("damaged", [*itertools.product([False, True], repeat=3)])
@pytest.mark.parametrize("alike", [False, True])
def test_no_damaged_level_passes_more_often_than_alpha(
    damaged: tuple[bool, ...], alike: bool
) -> None:
    """Whichever are damaged, and however their noise is related.

    A damaged level at its limit passes at alpha with chance alpha; a sound one always.
    """
    random, sessions, alpha = np.random.default_rng(1), 20_000, 0.05
    draws = random.random((sessions, 3))
    needed = cache(lambda level, *within: pass_alpha(level, ORDER, within, alpha))
    if alike:
        draws[:] = draws[:, :1]
    wrong = 0
    for chances in draws:
        within: list[str] = []
        for level, is_damaged, chance in zip(ORDER, damaged, chances, strict=True):
            if not is_damaged or chance <= needed(level, *within):
                within.append(level)
        wrong += any(d and level in within for level, d in zip(ORDER, damaged, strict=True))
    assert wrong / sessions <= alpha + 3 * (alpha / sessions) ** 0.5
