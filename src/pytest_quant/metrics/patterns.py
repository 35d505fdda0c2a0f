"""How a level fails: error patterns counted beside the reference's, and what it makes up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_quant.metrics.measurement import Answer, CaseResult, Measurement

# The patterns of a response that asserts what its prompt contradicts or does not hold, or a
# listed misconception.
HALLUCINATED = frozenset({"hallucinated fact", "wrong entry"})


@dataclass(frozen=True, slots=True)
class PatternCount:
    """Wrong responses of one pattern that the reference and a level gave to the same cases."""

    level: str
    category: str
    pattern: str
    reference: int
    count: int


@dataclass(frozen=True, slots=True)
class HallucinationCount:
    """Of so many ``responses`` that could be told, those that made something up."""

    level: str
    responses: int
    reference: int
    count: int


def pattern_counts(measurements: Iterable[Measurement]) -> tuple[PatternCount, ...]:
    """By level and category, in the order measured, the most frequent pattern first.

    Only cases that reference and level both answered count.
    """
    groups: dict[tuple[str, str], list[tuple[Answer, Answer]]] = {}
    for measurement in measurements:
        group = groups.setdefault((measurement.level, measurement.category), [])
        group += _answered(measurement.cases)
    return tuple(
        row
        for (level, category), answers in groups.items()
        for row in _rows(level, category, answers)
    )


def hallucinations(measurements: Iterable[Measurement]) -> tuple[HallucinationCount, ...]:
    """By level, over the probes whose check can tell; a level without any is left out."""
    groups: dict[str, list[tuple[Answer, Answer]]] = {}
    for measurement in measurements:
        if measurement.tells_hallucination and (answers := _answered(measurement.cases)):
            groups.setdefault(measurement.level, []).extend(answers)
    return tuple(
        HallucinationCount(
            level,
            responses=len(answers),
            reference=sum(reference.pattern in HALLUCINATED for reference, _ in answers),
            count=sum(own.pattern in HALLUCINATED for _, own in answers),
        )
        for level, answers in groups.items()
    )


def _answered(cases: Iterable[CaseResult]) -> list[tuple[Answer, Answer]]:
    return [(case.reference, case.level) for case in cases if case.level is not None]


def _rows(
    level: str, category: str, answers: Sequence[tuple[Answer, Answer]]
) -> list[PatternCount]:
    before = Counter(reference.pattern for reference, _ in answers if reference.pattern)
    now = Counter(own.pattern for _, own in answers if own.pattern)
    rows = [
        PatternCount(level, category, pattern, before[pattern], now[pattern])
        for pattern in sorted(before.keys() | now.keys())
    ]
    return sorted(rows, key=lambda row: -row.count)
