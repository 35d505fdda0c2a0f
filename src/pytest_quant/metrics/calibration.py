"""Does a model that is 80 % sure answer 80 % right? Quantization may cost this before accuracy.

The numbers are those of Guo et al., "On Calibration of Modern Neural Networks" (2017), and of
Brier (1950), for the probability of the option that was chosen.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

# An answer: the probability that the model gave it, and whether it was right.
Prediction = tuple[float, bool]


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers whose confidence is above ``low`` and at most ``high``.

    ``confidence`` is their mean confidence, ``accuracy`` the share of them that is right.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far confidence and accuracy agree.

    ``expected_error`` (ECE) is the mean distance between the confidence and the accuracy of a
    bin, weighted by its answers; ``brier`` the mean squared distance between the confidence of
    an answer and its being right (1) or wrong (0). Both lie in [0, 1], and 0 is best. ``bins``
    holds the reliability diagram, without empty bins.
    """

    count: int
    confidence: float
    accuracy: float
    expected_error: float
    brier: float
    bins: tuple[Bin, ...]


def calibration(predictions: Iterable[Prediction], bins: int = 10) -> Calibration:
    """The calibration of some answers, over ``bins`` bins of equal width.

    Raises ``ValueError`` if there is no answer, or a confidence outside of [0, 1].
    """
    answers = list(predictions)
    if not answers or bins < 1:
        raise ValueError(f"needs answers and a bin, got {len(answers)} answers and {bins} bins")
    if wrong := [p for p, _ in answers if not 0 <= p <= 1]:
        raise ValueError(f"a confidence lies between 0 and 1, got {wrong[0]}")
    filled = _bins(answers, bins)
    total = len(answers)
    return Calibration(
        count=total,
        confidence=math.fsum(p for p, _ in answers) / total,
        accuracy=sum(right for _, right in answers) / total,
        expected_error=math.fsum(b.count * abs(b.confidence - b.accuracy) for b in filled) / total,
        brier=math.fsum((p - right) ** 2 for p, right in answers) / total,
        bins=filled,
    )


def bin_of(confidence: float, bins: int) -> int:
    """The number of the bin, from 0, that a confidence in [0, 1] belongs to."""
    # A confidence of 0 belongs to the first bin.
    return max(0, bisect_left(range(bins + 1), confidence, key=lambda i: i / bins) - 1)


def _bins(answers: list[Prediction], bins: int) -> tuple[Bin, ...]:
    members: list[list[Prediction]] = [[] for _ in range(bins)]
    for answer in answers:
        members[bin_of(answer[0], bins)].append(answer)
    return tuple(
        Bin(
            low=i / bins,
            high=(i + 1) / bins,
            count=len(inside),
            confidence=math.fsum(p for p, _ in inside) / len(inside),
            accuracy=sum(right for _, right in inside) / len(inside),
        )
        for i, inside in enumerate(members)
        if inside
    )
