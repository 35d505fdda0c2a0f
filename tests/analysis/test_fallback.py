"""Asking the reference where a level is unsure."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tests.reports.records import answer, measured

from pytest_quant.analysis.fallback import (
    Both,
    Point,
    Wanted,
    at_share,
    both_answers,
    choose,
    curve,
    fall_back,
)

KEEP_ALL = Wanted(1.0, of_reference=True)


def both(sure: float, level: bool, reference: bool, probe: str = "p") -> Both:
    return Both(probe, "c", sure, level, reference, 10, 20, 1.0, 4.0)


FOUR = [
    both(0.2, False, True),
    both(0.4, True, False),
    both(0.6, False, True),
    both(0.9, True, True),
]


def test_the_least_sure_fall_back_first() -> None:
    assert [(p.share, p.accuracy) for p in curve(FOUR)] == [
        (0.0, 0.5), (0.25, 0.75), (0.5, 0.5), (0.75, 0.75), (1.0, 0.75),
    ]  # fmt: skip
    assert [p.threshold for p in curve(FOUR)][:4] == [0.0, 0.4, 0.6, 0.9]


def test_equally_sure_answers_fall_back_together() -> None:
    alike = [both(0.5, False, True), both(0.5, True, True), both(0.7, True, True)]
    assert [p.share for p in curve(alike)] == [0.0, pytest.approx(2 / 3), 1.0]


def test_no_more_than_a_share_falls_back() -> None:
    assert at_share(curve(FOUR), 0.49).share == 0.25
    assert at_share(curve(FOUR), 0.5).share == 0.5
    assert at_share(curve(FOUR), 0.1) == Point(0.0, 0.0, 0.5)


@pytest.mark.parametrize(
    ("wanted", "share"),
    [
        (Wanted(0.5, of_reference=False), 0.0),
        (Wanted(0.75, of_reference=False), 0.25),
        (KEEP_ALL, 0.25),
        (Wanted(0.6, of_reference=True), 0.0),
        (Wanted(0.8, of_reference=False), None),
    ],
)
def test_as_few_as_it_takes(wanted: Wanted, share: float | None) -> None:
    point = choose(FOUR, wanted)
    assert (point and point.share) == share


def simulated(informative: bool, seed: int = 0, probes: int = 40) -> list[Both]:
    """A level that loses a tenth of what the reference has right, unsure there or anywhere."""
    rng = random.Random(seed)
    found = []
    for number in range(probes):
        for _ in range(25):
            reference = rng.random() < 0.8
            level = reference and rng.random() < 0.9
            lost = reference and not level
            unsure = lost if informative else rng.random() < 0.1
            sure = rng.uniform(0.1, 0.6) if unsure else rng.uniform(0.5, 1.0)
            found.append(both(sure, level, reference, f"p{number}"))
    return found


def test_a_level_that_knows_where_it_is_wrong_keeps_what_the_reference_can() -> None:
    found = fall_back(simulated(informative=True), Wanted(0.99, of_reference=True))
    assert found is not None
    assert 0.5 < found.threshold < 0.65
    assert 12 < found.share.value < 25
    assert found.of_reference.lower < 99 < found.of_reference.upper + 0.5
    # Ten new tokens of the level for each answer, twenty of the reference where it falls back.
    assert found.tokens is not None and found.seconds is not None
    assert found.tokens.value == pytest.approx(0.5 + found.share.value / 100)
    assert found.seconds.value == pytest.approx(0.25 + found.share.value / 100)


def test_one_that_does_not_know_has_to_fall_back_nearly_always() -> None:
    found = fall_back(simulated(informative=False), Wanted(0.99, of_reference=True))
    assert found is not None and found.share.value > 60


def test_what_is_told_is_not_what_was_chosen_by() -> None:
    """On noise alone a threshold that fits best promises more than it keeps elsewhere."""
    promised = kept = 0.0
    for seed in range(20):
        answers = simulated(informative=False, seed=seed, probes=8)
        wanted = Wanted(0.97, of_reference=True)
        point, found = choose(answers, wanted), fall_back(answers, wanted)
        assert point is not None and found is not None
        promised += point.accuracy
        kept += found.accuracy.value / 100
    assert kept <= promised


def test_what_no_threshold_brings() -> None:
    assert fall_back(simulated(informative=True), Wanted(0.95, of_reference=False)) is None


def test_answers_of_a_record() -> None:
    sure = replace(answer(True, "Answer: 17"), logprob=-0.2, tokens=2)
    unknown = replace(answer(True, "Answer: 17"), logprob=None, tokens=2)
    m = measured("sums", "q4", right=60, lost=2)
    (first, second, *others) = m.cases
    m = replace(m, cases=(replace(first, level=sure), replace(second, level=unknown), *others))
    found = both_answers([m, measured("sums", "q8", right=60)], "q4")
    assert found[0].sure == pytest.approx(0.9048, abs=1e-4)
    assert all(one.probe == "sums" for one in found)
    silent = measured("riddles", "q4", right=0, uninformative="no better than guessing")
    assert both_answers([silent], "q4") == []
