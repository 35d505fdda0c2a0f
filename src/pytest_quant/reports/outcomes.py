"""What became of a case, and what was said to it, in the words that reports share."""

from __future__ import annotations

from pytest_quant.metrics.measurement import RECORDED, Answer, CaseResult, recorded_outcome

# Of a case that both answered; what tells most comes first.
OUTCOMES = ("lost", "won", "wrong at both", "kept")


def outcome(case: CaseResult) -> str:
    """One of ``OUTCOMES``; of a case that the reference alone answered: right or wrong."""
    before = case.reference.correct
    if case.level is None:
        return "right" if before else "wrong"
    if before:
        return "kept" if case.level.correct else "lost"
    return "won" if case.level.correct else "wrong at both"


def said(answer: Answer) -> str:
    """A response, or what is known of one that is not at hand."""
    return answer.response if answer.finish != RECORDED else f"({recorded_outcome(answer)})"
