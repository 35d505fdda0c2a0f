"""The best type for each tensor in a given size: held against trying them all."""

from __future__ import annotations

import itertools
import random

import pytest

from pytest_quant.analysis.allocation import GAP, Option, allocate, smallest


def options(seed: int, tensors: int = 6, kinds: int = 4) -> dict[str, list[Option]]:
    draw = random.Random(seed)
    found = {}
    for tensor in range(tensors):
        weights, need = draw.randint(1, 40) * 256, draw.lognormvariate(-7, 2)
        found[f"t{tensor}"] = [
            Option(f"Q{bits}", weights * bits // 8, need * 4.0**-bits * draw.uniform(0.8, 1.2))
            for bits in range(2, 2 + kinds)
        ]
    return found


@pytest.mark.parametrize("seed", range(12))
def test_no_choice_within_the_size_loses_less(seed: int) -> None:
    given = options(seed)
    most = sum(max(option.nbytes for option in of) for of in given.values())
    budget = smallest(given) + (most - smallest(given)) * (seed + 1) // 14
    found = allocate(given, budget)
    fitting = (
        sum(option.loss for option in choice)
        for choice in itertools.product(*given.values())
        if sum(option.nbytes for option in choice) <= budget
    )
    least = min(fitting)
    assert found.nbytes <= budget
    assert least <= found.loss * (1 + 1e-12)
    assert found.loss <= least * (1 + 2 * GAP)
    by_name = {name: {o.kind: o for o in of} for name, of in given.items()}
    chosen = [by_name[name][kind] for name, kind in found.kinds.items()]
    assert found.kinds.keys() == given.keys()
    assert found.nbytes == sum(option.nbytes for option in chosen)
    assert found.loss == pytest.approx(sum(option.loss for option in chosen))


def test_room_for_everything_is_used() -> None:
    given = options(1)
    assert {*allocate(given, 10**9).kinds.values()} == {"Q5"}


def test_no_loss_at_all_is_an_answer_too() -> None:
    given = {"t": [Option("Q2", 10, 0.0), Option("Q4", 20, 0.0)]}
    assert allocate(given, 10).kinds == {"t": "Q2"}


def test_too_small_a_size_is_said() -> None:
    with pytest.raises(ValueError, match="they take at least 30 bytes, 29 are left"):
        allocate({"a": [Option("Q2", 10, 1.0)], "b": [Option("Q2", 20, 1.0)]}, 29)


def test_many_tensors_are_no_trouble() -> None:
    given = options(3, tensors=300, kinds=6)
    budget = 2 * smallest(given)
    found = allocate(given, budget)
    assert found.gap <= GAP
    assert 0.99 * budget < found.nbytes <= budget
