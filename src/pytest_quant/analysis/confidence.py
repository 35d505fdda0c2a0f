"""Is a level as sure as it may be, and is it more often sure of what is wrong?

Changes are bounded by what both made of the same cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from pytest_quant.analysis.estimates import Estimate, mean_of
from pytest_quant.base.amounts import counted
from pytest_quant.gate.statistics import mcnemar_p
from pytest_quant.metrics.calibration import (
    Bin,
    Prediction,
    calibration,
    debiased_error,
    standard_error,
)
from pytest_quant.metrics.measurement import Answer, Measurement

# What a confidence is: the probability of the option that was chosen, relative to the other
# options, or the geometric mean of the probabilities of a written response's tokens.
Source = Literal["choice", "written"]

# From here on a wrong answer counts as confidently wrong.
CONFIDENT = 0.9
BINS = 10
# The chance that any level of a session is wrongly called more confidently wrong.
_ALPHA = 0.05
_FEWEST = 20

_Pair = tuple[Prediction, Prediction]


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure one level is. ``confidence`` and ``accuracy`` are means in [0, 1].

    ``expected_error`` (ECE over ten bins of equal width, debiased) and ``brier`` lie in [0, 1], 0
    is best. ``confidently_wrong`` counts wrong answers of a confidence of at least 0.9. ``bins``
    hold the reliability diagram, without empty bins.
    """

    confidence: float
    accuracy: float
    expected_error: Estimate
    brier: Estimate
    confidently_wrong: int
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """A level beside the reference on the same ``n`` cases, confidences of one ``source``.

    The changes are level less reference; that of the error is not cut off at 0, as its value is.
    Of the cases, ``b`` are confidently wrong at the level only, ``c`` at the reference only; ``p``
    is the exact one-sided McNemar probability of it, and ``more_confidently_wrong`` says whether it
    is small enough for all rows of the session.
    ``finding`` says so in words.
    """

    level: str
    source: Source
    n: int
    reference: Confidence
    own: Confidence
    expected_error_change: Estimate
    brier_change: Estimate
    b: int
    c: int
    p: float
    more_confidently_wrong: bool
    finding: str


def calibration_rows(
    measurements: Iterable[Measurement], reference: str
) -> tuple[CalibrationRow, ...]:
    """A row for each level and source with at least 20 cases of known confidence."""
    groups: dict[tuple[str, Source], list[_Pair]] = {}
    for measurement in measurements:
        for case in measurement.cases:
            pair = _pair(case.reference, case.level) if case.level else None
            if case.level and pair:
                source: Source = "choice" if case.level.probabilities else "written"
                groups.setdefault((measurement.level, source), []).append(pair)
    told = {key: pairs for key, pairs in groups.items() if len(pairs) >= _FEWEST}
    alpha = _ALPHA / max(1, len(told))
    return tuple(
        _row(level, source, reference, pairs, alpha) for (level, source), pairs in told.items()
    )


def _pair(reference: Answer, own: Answer) -> _Pair | None:
    before, now = reference.confidence, own.confidence
    if before is None or now is None:
        return None
    return (before, reference.correct), (now, own.correct)


def _row(
    level: str, source: Source, reference: str, pairs: Sequence[_Pair], alpha: float
) -> CalibrationRow:
    before, now = ([pair[side] for pair in pairs] for side in (0, 1))
    first, second = _confidence(before), _confidence(now)
    errors = debiased_error(before, BINS), debiased_error(now, BINS)
    moved = [y - x for x, y in zip(errors[0].influence, errors[1].influence, strict=True)]
    flips = [(_confidently_wrong(x), _confidently_wrong(y)) for x, y in pairs]
    b = sum(y and not x for x, y in flips)
    c = sum(x and not y for x, y in flips)
    p = mcnemar_p(b, c)
    return CalibrationRow(
        level=level,
        source=source,
        n=len(pairs),
        reference=first,
        own=second,
        expected_error_change=_around(errors[1].value - errors[0].value, standard_error(moved)),
        brier_change=mean_of([_squared(y) - _squared(x) for x, y in pairs]),
        b=b,
        c=c,
        p=p,
        more_confidently_wrong=p <= alpha,
        finding=_finding(level, reference, b, c, p, shown=p <= alpha),
    )


def _confidence(predictions: Sequence[Prediction]) -> Confidence:
    found, error = calibration(predictions, BINS), debiased_error(predictions, BINS)
    value = max(0.0, error.value)
    lowest = _around(error.value, error.error).lower
    return Confidence(
        confidence=found.confidence,
        accuracy=found.accuracy,
        expected_error=Estimate(value, max(0.0, lowest), max(value, error.highest)),
        brier=mean_of([*map(_squared, predictions)]),
        confidently_wrong=sum(map(_confidently_wrong, predictions)),
        bins=found.bins,
    )


def _around(value: float, error: float) -> Estimate:
    """A value with normal bounds, two-sided at 95 %."""
    margin = NormalDist().inv_cdf(0.975) * error
    return Estimate(value, value - margin, value + margin)


def _squared(prediction: Prediction) -> float:
    """What an answer adds to the Brier score."""
    confidence, right = prediction
    return (confidence - right) ** 2


def _confidently_wrong(prediction: Prediction) -> bool:
    confidence, right = prediction
    return not right and confidence >= CONFIDENT


def _finding(level: str, reference: str, b: int, c: int, p: float, *, shown: bool) -> str:
    counts = f"{counted(b, 'answer')} became confidently wrong, {c} ceased to be, p {p:.2g}"
    if shown:
        return f"{level} is more often confidently wrong than {reference}: {counts}"
    if b + c == 0:
        return f"{level} is confidently wrong where {reference} is, and nowhere else"
    return f"not shown that {level} is more often confidently wrong than {reference}: {counts}"
