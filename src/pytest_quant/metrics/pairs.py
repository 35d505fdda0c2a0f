"""What a disturbance of the prompt alone costs: the same questions, clean and disturbed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_quant.metrics.measurement import Answer, Measurement


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Pairs asked; ``broken``: right when clean, wrong when disturbed; ``mended``: the reverse."""

    pairs: int
    broken: int
    mended: int


def pair_counts(measurements: Iterable[Measurement]) -> tuple[PairCounts, PairCounts]:
    """The pairs of the reference and of the level, over the cases that both answered.

    Cases that have no clean prompt are left out; without any pair all counts are 0.
    """
    both = [
        (case.reference, case.level)
        for measurement in measurements
        for case in measurement.cases
        if case.level is not None
    ]
    return _counts(reference for reference, _ in both), _counts(level for _, level in both)


def _counts(answers: Iterable[Answer]) -> PairCounts:
    pairs = [
        (answer.clean == "correct", answer.correct)
        for answer in answers
        if answer.clean is not None
    ]
    return PairCounts(len(pairs), pairs.count((True, False)), pairs.count((False, True)))
