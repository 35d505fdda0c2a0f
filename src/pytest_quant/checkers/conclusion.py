"""The words that a right number calls for: what it means, or what it leaves open."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_quant.checkers import free_text
from pytest_quant.checkers.free_text import Demands, Phrases
from pytest_quant.checkers.outcome import Outcome


def demands(required: Sequence[Phrases]) -> Demands | None:
    """The facts that have to stand beside a number; ``ValueError`` if one holds no word."""
    return free_text.demands(required, None, (), (), None, ()) if required else None


def with_words(outcome: Outcome, text: str, wanted: Demands | None, truncated: bool) -> Outcome:
    """``outcome``, unless the number is right and what it calls for is not said."""
    if wanted is None or not outcome.correct:
        return outcome
    said = free_text.decide(text, wanted, truncated)
    return (
        outcome
        if said.correct
        else Outcome(
            "incorrect", outcome.answer, said.pattern, f"the number is right, but it {said.reason}"
        )
    )
