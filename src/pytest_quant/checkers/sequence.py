"""The checker of sequences: every term in order, and where it first goes wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from pytest_quant.checkers import final_answer, patterns
from pytest_quant.checkers.numeric import Target, target
from pytest_quant.checkers.opening import open_response
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.checkers.term_lists import Listed, Term, numeric_terms, worded_terms
from pytest_quant.checkers.tokens import Style
from pytest_quant.checkers.words import words

_ARROW = re.compile(r"->|=>|\u2192|\u21d2")


def check(
    text: str,
    expected: str | Sequence[Any],
    *,
    places: int | None = None,
    tolerance: Any = None,
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide a list of terms; ``expected`` is a list, or one string with commas between terms.

    Numeric terms are compared exactly, rounded to ``places`` decimals, or within the relative
    ``tolerance``; other terms as words, without regard to case. The reason says how many steps
    are right and names the first wrong one, counted from 1.
    Raises ``ValueError`` for an empty list or term.
    """
    listed = expected.split(",") if isinstance(expected, str) else expected
    terms = [_expected_term(item, places, tolerance) for item in listed]
    if not terms:
        raise ValueError("expected a list of at least one term")
    opened = open_response(text, prompt, whole=True)
    if opened.refuted:
        return opened.refuted
    outcomes = [_judge(terms, found) for found in _lists(opened.text, terms)]
    problem = None
    if not outcomes:
        announced = bool(final_answer.announcements(opened.text))
        problem = patterns.missing_pattern(opened.text, truncated=truncated, announced=announced)
    elif not outcomes[0][1] and patterns.is_refusal(opened.text):
        problem = ("refused", "the response declines to answer")
    if problem:
        return Outcome("unparsable", "", *problem)
    first = outcomes[0][0]
    if first.pattern == "missing step" and truncated:
        first = replace(first, pattern="truncated")
    elif first.pattern in ("wrong step", "extra step") and patterns.is_loop(opened.text):
        first = replace(first, pattern="loop")
    return next((outcome for outcome, _ in outcomes if outcome.correct), first)


def _expected_term(item: Any, places: int | None, tolerance: Any) -> Target | str:
    try:
        return target(item, places=places, tolerance=tolerance)
    except ValueError:
        if isinstance(item, str) and words(item):
            return item.strip()
        raise


def _lists(text: str, terms: Sequence[Target | str]) -> list[Listed]:
    """The list that the response gives, in each way in which it can be read."""
    spelled = [term for term in terms if isinstance(term, str)]
    if spelled:
        arrows = not any(_ARROW.search(term) for term in spelled)
        worded = worded_terms(text, len(terms), arrows=arrows)
        return [worded] if worded else []
    # In "100,200,300" the commas may separate terms or thousands: either reading may be right.
    styles: tuple[Style, ...] = ("list", "bare list")
    return [found for style in styles for found in numeric_terms(text, len(terms), style)]


def _judge(terms: Sequence[Target | str], given: Listed) -> tuple[Outcome, bool]:
    """The outcome, and whether the list was boxed or announced."""
    answer = ", ".join(term.text for term in given.terms)
    for step, (term, found) in enumerate(zip_longest(terms, given.terms), start=1):
        if found is None:
            pattern, reason = "missing step", f"expected {term}, got nothing"
        elif term is None:
            pattern, reason = "extra step", f"expected the end, got {found.text}"
        elif not _meets(term, found):
            pattern, reason = "wrong step", f"expected {term}, got {found.text}"
        else:
            continue
        reason = f"{step - 1} of {len(terms)} steps are right; step {step}: {reason}"
        return Outcome("incorrect", answer, pattern, reason), given.explicit
    return Outcome("correct", answer, "", f"all {len(terms)} terms are right"), given.explicit


def _meets(term: Target | str, found: Term) -> bool:
    if isinstance(term, str):
        return [word.text for word in words(term)] == [word.text for word in words(found.text)]
    return found.value is not None and term.meets(found.value, found.decimals)
