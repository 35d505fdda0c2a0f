"""Error patterns are counted over what both answered, and made-up answers where they are told."""

from __future__ import annotations

from dataclasses import replace

from pytest_quant.metrics.measurement import Answer, CaseResult, Effort, Measurement
from pytest_quant.metrics.patterns import (
    HallucinationCount,
    PatternCount,
    hallucinations,
    pattern_counts,
)


def case(index: int, reference: str, level: str | None) -> CaseResult:
    """Two answers by their pattern; an empty one is right, ``None`` was not given."""

    def answer(pattern: str) -> Answer:
        verdict = "incorrect" if pattern else "correct"
        return Answer(verdict, "x", pattern, "", "x", "end")  # type: ignore[arg-type]

    own = None if level is None else answer(level)
    return CaseResult(index, f"{index:016x}", "p", "e", answer(reference), own)


LOOKUP = Measurement(
    nodeid="probes/long_context.yaml::lookup[q4]",
    probe="lookup",
    category="long_context",
    difficulty=1,
    level="q4",
    chance=0.0,
    task=None,
    cases=(
        case(0, "", "wrong entry"),
        case(1, "", "hallucinated fact"),
        case(2, "hallucinated fact", ""),
        case(3, "", "loop"),
        case(4, "sign", "loop"),
        case(5, "loop", None),
    ),
    reference_effort=Effort(1, 1, 1.0),
    level_effort=Effort(1, 1, 1.0),
    tells_hallucination=True,
)
SUMS = replace(
    LOOKUP, category="numerical_reasoning", tells_hallucination=False, cases=(case(0, "", "sign"),)
)


def test_patterns_by_level_and_category_the_most_frequent_first() -> None:
    rows = pattern_counts([LOOKUP, replace(LOOKUP, level="q2", cases=()), SUMS])
    assert rows == (
        PatternCount("q4", "long_context", "loop", 0, 2),
        PatternCount("q4", "long_context", "hallucinated fact", 1, 1),
        PatternCount("q4", "long_context", "wrong entry", 0, 1),
        PatternCount("q4", "long_context", "sign", 1, 0),
        PatternCount("q4", "numerical_reasoning", "sign", 0, 1),
    )


def test_what_is_made_up_is_counted_where_it_can_be_told() -> None:
    assert hallucinations([LOOKUP, SUMS]) == (HallucinationCount("q4", 5, 1, 2),)
    assert hallucinations([SUMS]) == ()
    assert hallucinations([replace(LOOKUP, cases=(case(0, "loop", None),))]) == ()
