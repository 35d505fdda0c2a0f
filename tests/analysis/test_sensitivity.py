"""Cliffs, the order in which categories give way, and the smallest level that passed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tests.reports.records import measured, record

from pytest_quant.analysis.guide import read_guide
from pytest_quant.analysis.ladder import Rung, ladder
from pytest_quant.analysis.sensitivity import Sensitivity, sensitivity
from pytest_quant.metrics.measurement import Measurement

BITS = {"f16": 16.0, "q8": 8.5, "q4": 4.9, "q2": 3.1}
RUNGS = [Rung(name, name, int(1000 * bits), bits) for name, bits in BITS.items()]


def found_in(*measurements: Measurement, diverged: Collection[str] = ()) -> Sensitivity:
    run = record(*measurements)
    return sensitivity(ladder(run.measurements, "f16", RUNGS), run.checks, diverged, read_guide())


def damaged(numbers: dict[str, int], facts: dict[str, int]) -> list[Measurement]:
    """What each level lost of 180 right answers among 200, by category, over five probes."""
    return [
        measured(
            f"{category}_{i}",
            level,
            right=36,
            lost=lost // 5 + (i < lost % 5),
            n=40,
            category=category,
        )
        for category, losses in (("numerical_reasoning", numbers), ("world_knowledge", facts))
        for level, lost in losses.items()
        for i in range(5)
    ]


def test_the_steepest_step_and_the_order_of_giving_way() -> None:
    found = found_in(
        *damaged({"q2": 150, "q8": 0, "q4": 40}, {"q2": 50, "q8": 0, "q4": 0}),
    )
    overall = [step for step in found.steps if step.category is None]
    assert [(s.higher, s.lower, s.b, s.c) for s in overall] == [
        ("f16", "q8", 0, 0),
        ("q8", "q4", 40, 0),
        ("q4", "q2", 160, 0),
    ]
    assert overall[2].drop.value == 40
    assert 0 < overall[2].drop.lower < 40 < overall[2].drop.upper
    assert found.steepest is not None
    assert (found.steepest.higher, found.steepest.lower) == ("q4", "q2")
    assert found.steepest.shown
    assert [(row.category, row.gives_way_at) for row in found.categories] == [
        ("numerical_reasoning", "q4"),
        ("world_knowledge", "q2"),
    ]
    assert [(row.found, row.guide) for row in found.categories] == [
        ("sensitive", "sensitive"),
        ("resilient", "resilient"),
    ]


def test_nothing_lost_is_called_nothing() -> None:
    found = found_in(*damaged({"q4": 1, "q2": 2}, {"q4": 0, "q2": 1}))
    assert found.steepest is not None
    assert not found.steepest.shown
    assert {row.found for row in found.categories} == {"like the rest"}
    assert {row.gives_way_at for row in found.categories} == {None}
    assert {row.lost for row in found.categories} == {None}


def test_the_smallest_level_is_one_that_passed() -> None:
    found = found_in(*damaged({"q4": 0, "q2": 5}, {"q4": 0, "q2": 0}))
    smallest = {row.category: (row.smallest_passed, row.size) for row in found.categories}
    assert smallest == {"numerical_reasoning": ("q4", 4900), "world_knowledge": ("q2", 3100)}
    # What fails in one category alone may do for another; a file that is broken does for none.
    lossy = damaged({"q4": 0, "q2": 60}, {"q4": 0, "q2": 0})
    smallest_passed = {row.category: row.smallest_passed for row in found_in(*lossy).categories}
    assert smallest_passed == {"numerical_reasoning": "q4", "world_knowledge": "q2"}
    broken = found_in(*lossy, diverged=["q2"])
    assert {row.smallest_passed for row in broken.categories} == {"q4"}
    none = found_in(measured("sums", "q4", right=20, n=22, lost=5))
    assert none.categories[0].smallest_passed is None


def test_one_level_has_no_cliff_and_one_category_no_rest() -> None:
    found = found_in(measured("sums", "q4", right=180, lost=100, n=200))
    assert found.steepest is None
    row = found.categories[0]
    assert (row.found, row.excess) == ("too few probes", None)


def test_levels_are_compared_on_what_both_answered() -> None:
    short = measured("sums", "q2", right=180, lost=10, n=200)
    found = found_in(
        measured("sums", "q4", right=180, lost=0, n=200), replace(short, cases=short.cases[:50])
    )
    assert [(s.lower, s.n) for s in found.steps if s.category is None] == [("q4", 200), ("q2", 50)]


def test_one_category_that_loses_more_and_one_that_loses_less_are_found() -> None:
    losses = {"numerical_reasoning": 18, "adversarial": 0, "iterative": 5, "ambiguity": 6}
    found = found_in(
        *(
            measured(f"{name}_{i}", "q4", right=36, lost=lost + i % 2, n=40, category=name)
            for name, lost in losses.items()
            for i in range(5)
        )
    )
    told = {row.category: row.found for row in found.categories}
    assert told == {
        "numerical_reasoning": "sensitive",
        "adversarial": "resilient",
        "iterative": "like the rest",
        "ambiguity": "like the rest",
    }


def test_a_category_without_a_flip_is_not_known_to_lose_nothing() -> None:
    """Of ten that are alike, some show none by luck."""
    found = found_in(
        *(
            measured(
                f"{name}_{i}", "q4", right=30, lost=i == 0 and name > 2, n=32, category=f"c{name}"
            )
            for name in range(10)
            for i in range(5)
        )
    )
    assert {row.found for row in found.categories} == {"like the rest"}
