"""Does a model that is 80 % sure answer 80 % right? Quantization may cost this before accuracy.

The numbers are those of Guo et al., "On Calibration of Modern Neural Networks" (2017), and of
Brier (1950), for the probability of the option that was chosen.

The plain expected calibration error overstates: the accuracy of a bin of few answers is off its
confidence by luck, and the distance counts that as an error (a model that is calibrated exactly
shows 4 to 7 points with 200 answers). Unbiased estimates are known for its square (Ferro and
Fricker, "A bias-corrected decomposition of the Brier score", 2012; Kumar, Liang and Ma, "Verified
uncertainty calibration", 2019), and lose that with the root that leads back to points; Kumar's
correction by resampling leaves half of the bias where the truth is 0. `debiased_error` needs no
root.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# An answer: the probability that the model gave it, and whether it was right.
Prediction = tuple[float, bool]

# Standard errors on each side of a 95 % interval.
_TWO_SIDED = 1.96


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

    ``expected_error`` (ECE, the plain one) is the mean distance between the confidence and the
    accuracy of a bin, weighted by its answers; ``brier`` the mean squared distance between the
    confidence of an answer and its being right (1) or wrong (0). Both lie in [0, 1], and 0 is
    best. ``bins`` holds the reliability diagram, without empty bins.
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


@dataclass(frozen=True, slots=True)
class DebiasedError:
    """An expected calibration error without what luck adds to it.

    ``value`` may be below 0, as luck may be; ``influence`` is what each answer does to it, so its
    standard error, and that of a difference on the same cases, follow from their spread.
    ``highest`` is a 97.5 % upper bound: of the plain error, which is never too low on average.
    """

    value: float
    highest: float
    influence: tuple[float, ...]

    @property
    def error(self) -> float:
        return standard_error(self.influence)


def debiased_error(predictions: Iterable[Prediction], bins: int = 10) -> DebiasedError:
    """The expected calibration error over bins of equal width, 0 on average where it is 0.

    In each bin one half of the answers says in which direction confidence and accuracy differ,
    and the other half by how much in that direction: what is luck in one is none in the other, so
    the product is 0 on average where the bin is calibrated. This is the mean over all ways to
    halve it, for normal sums: ``g (2 Phi(z) - 1) - 2 sqrt(v) phi(z)`` with the sum ``g`` of the
    answers' gaps, the variance ``v`` that it has if the bin is calibrated, and ``z = g / sqrt(v)``.
    Where the gap is about as large as its noise it is understated, never overstated; unlike the
    distance it is smooth, so its standard error holds at 0, too.
    """
    answers = list(predictions)
    places = [bin_of(confidence, bins) for confidence, _ in answers]
    gaps, variances = [0.0] * bins, [0.0] * bins
    for place, (confidence, right) in zip(places, answers, strict=True):
        gaps[place] += confidence - right
        variances[place] += confidence * (1 - confidence)
    terms = [_bin_error(*both) for both in zip(gaps, variances, strict=True)]
    total, n = math.fsum(value for value, _, _ in terms), len(answers)
    influence = tuple(
        terms[place][1] * (confidence - right)
        + terms[place][2] * confidence * (1 - confidence)
        - total / n
        for place, (confidence, right) in zip(places, answers, strict=True)
    )
    plain = math.fsum(map(abs, gaps)) / n
    squares = math.fsum((confidence - right) ** 2 for confidence, right in answers)
    noise = max(math.fsum(variances), squares - math.fsum(gap * gap for gap in gaps) / n)
    return DebiasedError(total / n, min(1.0, plain + _TWO_SIDED * math.sqrt(noise) / n), influence)


def standard_error(influence: Sequence[float]) -> float:
    """That of a statistic of which each of several answers has this influence."""
    n = len(influence)
    return math.sqrt(math.fsum(x * x for x in influence) * n / (n - 1)) / n if n > 1 else 0.0


def _bin_error(gap: float, variance: float) -> tuple[float, float, float]:
    """What a bin adds to the error, and its derivatives by the gap and by the variance."""
    if variance <= 0:
        return abs(gap), math.copysign(1.0, gap), 0.0
    root = math.sqrt(variance)
    z = gap / root
    inside, density = math.erf(z / math.sqrt(2)), math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return (
        gap * inside - 2 * root * density,
        inside + 4 * z * density,
        -density * (1 + 2 * z * z) / root,
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
