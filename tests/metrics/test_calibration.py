"""Calibration against values worked out by hand, and against what must hold for any answers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.metrics.calibration import Bin, Prediction, calibration, debiased_error

FIVE = [(0.95, True), (0.85, True), (0.85, False), (0.55, True), (0.55, False)]


def test_five_answers_by_hand() -> None:
    found = calibration(FIVE)
    # (1 * |0.95 - 1| + 2 * |0.85 - 0.5| + 2 * |0.55 - 0.5|) / 5
    assert found.expected_error == pytest.approx(0.17)
    # (0.05^2 + 0.15^2 + 0.85^2 + 0.45^2 + 0.55^2) / 5
    assert found.brier == pytest.approx(0.2505)
    assert (found.count, found.accuracy) == (5, 0.6)
    assert found.confidence == pytest.approx(0.75)
    assert [(b.low, b.high, b.count, b.accuracy) for b in found.bins] == [
        (0.5, 0.6, 2, 0.5),
        (0.8, 0.9, 2, 0.5),
        (0.9, 1.0, 1, 1.0),
    ]
    assert [b.confidence for b in found.bins] == pytest.approx([0.55, 0.85, 0.95])


def test_one_bin_compares_the_means() -> None:
    found = calibration(FIVE, bins=1)
    assert found.bins == (Bin(0.0, 1.0, 5, pytest.approx(0.75), 0.6),)
    assert found.expected_error == pytest.approx(0.15)
    assert found.brier == pytest.approx(0.2505)


@pytest.mark.parametrize(
    ("confidence", "low"),
    [(0.0, 0.0), (0.1, 0.0), (0.3, 0.2), (0.7, 0.6), (math.nextafter(0.7, 1), 0.7), (1.0, 0.9)],
)
def test_a_bin_ends_with_its_upper_edge(confidence: float, low: float) -> None:
    (found,) = calibration([(confidence, True)]).bins
    assert found.low == low


@pytest.mark.parametrize(
    ("answers", "error", "brier"),
    [
        ([(1.0, True)] * 3, 0.0, 0.0),
        ([(1.0, False)] * 3, 1.0, 1.0),
        ([(0.75, True)] * 3 + [(0.75, False)], 0.0, 0.1875),
        ([(0.25, True), (0.75, False)], 0.75, 0.5625),
    ],
    ids=["sure and right", "sure and wrong", "right as often as it says", "the wrong way round"],
)
def test_extremes(answers: list[Prediction], error: float, brier: float) -> None:
    found = calibration(answers)
    assert (found.expected_error, found.brier) == (error, brier)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50),
    st.integers(1, 20),
)
def test_what_holds_for_any_answers(answers: list[Prediction], bins: int) -> None:
    found = calibration(answers, bins)
    assert sum(b.count for b in found.bins) == found.count == len(answers)
    for b in found.bins:
        # A mean of equal numbers may be off in its last bit.
        assert b.low - 1e-12 <= b.confidence <= b.high + 1e-12
    gap = abs(found.confidence - found.accuracy)
    assert gap - 1e-12 <= found.expected_error <= 1
    assert found.expected_error**2 - 1e-12 <= found.brier <= 1


@pytest.mark.parametrize("answers", [[], [(1.5, True)], [(-0.1, True)], [(math.nan, True)]])
def test_what_is_no_confidence_is_refused(answers: list[Prediction]) -> None:
    with pytest.raises(ValueError, match=r"needs answers|between 0 and 1"):
        calibration(answers)


def test_no_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="0 bins"):
        calibration(FIVE, bins=0)


def calibrated(confidence: float) -> float:
    return confidence


def overconfident(confidence: float) -> float:
    """Off by 20 points."""
    return confidence - 0.2


def halfway(confidence: float) -> float:
    """Half as far from one in two as it says: off by 10.6 points on average."""
    return 0.5 + (confidence - 0.5) / 2


@pytest.mark.parametrize("n", [50, 200])
@pytest.mark.parametrize(
    ("accuracy", "truth", "understated"),
    [(calibrated, 0.0, 0.0), (overconfident, 0.2, 0.08), (halfway, 0.106, 0.05)],
)
def test_the_debiased_error_of_many_samples(
    n: int, accuracy: Callable[[float], float], truth: float, understated: float
) -> None:
    """Confidences between 0.2 and 1: 0 on average where it is 0, and never overstated."""
    rng, samples = random.Random(8), 250
    values, plain, held = [], [], 0
    for _ in range(samples):
        answers = []
        for _ in range(n):
            confidence = rng.uniform(0.2, 1)
            answers.append((confidence, rng.random() < accuracy(confidence)))
        found = debiased_error(answers)
        values.append(found.value)
        plain.append(calibration(answers).expected_error)
        held += found.value - 1.96 * found.error <= truth <= found.highest
    mean = math.fsum(values) / samples
    assert truth - understated - 0.008 <= mean <= truth + 0.008
    assert held >= 0.95 * samples
    if truth == 0:
        assert math.fsum(plain) / samples > 0.06


def test_the_debiased_error_by_hand() -> None:
    # One bin of 100 answers: g = 100 * (0.75 - 0.65) = 10, v = 100 * 0.1875, z = 2.309.
    answers = [(0.75, i < 65) for i in range(100)]
    z = 10 / math.sqrt(18.75)
    by_hand = 10 * math.erf(z / math.sqrt(2)) - 2 * math.sqrt(18.75) * math.exp(
        -z * z / 2
    ) / math.sqrt(2 * math.pi)
    assert debiased_error(answers).value == pytest.approx(by_hand / 100)
    # A standard error by the definition of an influence: answers are left out, one by one.
    values = [debiased_error(answers[:i] + answers[i + 1 :]).value for i in range(100)]
    centre = math.fsum(values) / 100
    jackknife = math.sqrt(99 / 100 * math.fsum((value - centre) ** 2 for value in values))
    assert debiased_error(answers).error == pytest.approx(jackknife, rel=0.02)
    # What is sure has no noise that could be taken off.
    assert debiased_error([(1.0, False), (1.0, True), (0.0, True)]).value == pytest.approx(2 / 3)
