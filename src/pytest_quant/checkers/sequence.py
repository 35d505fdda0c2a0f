"""The checker of sequences: every term in order, and where it first goes wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from pytest_quant.checkers import final_answer, patterns
from pytest_quant.checkers.numeric import Target, target
from pytest_quant.checkers.opening import open_response
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.checkers.term_lists import Listed, Term, numeric_terms, worded_terms
from pytest_quant.checkers.words import words

_ARROW = re.compile(r"->|=>|\u2192|\u21d2")


def check(
    text: str,
    expected: str | Sequence[Any],
    *,
    places: int | None = None,
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide a list of terms; ``expected`` is a list, or one string with commas between terms.

    Numeric terms are compared exactly, or rounded to ``places`` decimals; other terms as words,
    without regard to case. The reason names the first wrong step, counted from 1.
    Raises ``ValueError`` for an empty list or term.
    """
    listed = expected.split(",") if isinstance(expected, str) else expected
    terms = [_expected_term(item, places) for item in listed]
    if not terms:
        raise ValueError("expected a list of at least one term")
    opened = open_response(text, prompt, whole=True)
    if opened.refuted:
        return opened.refuted
    outcomes = [_judge(terms, found) for found in _lists(opened.text, terms) if found]
    problem = None
    if not outcomes:
        announced = bool(final_answer.announcements(opened.text))
        problem = patterns.missing_pattern(opened.text, truncated=truncated, announced=announced)
    elif not outcomes[0][1] and patterns.is_refusal(opened.text):
        problem = ("refused", "the response declines to answer")
    if problem:
        return Outcome("unparsable", "", *problem)
    return next((outcome for outcome, _ in outcomes if outcome.correct), outcomes[0][0])


def _expected_term(item: Any, places: int | None) -> Target | str:
    try:
        return target(item, places=places)
    except ValueError:
        if isinstance(item, str) and words(item):
            return item.strip()
        raise


def _lists(text: str, terms: Sequence[Target | str]) -> list[Listed | None]:
    """The list that the response gives, in each way in which it can be read."""
    spelled = [term for term in terms if isinstance(term, str)]
    if spelled:
        arrows = not any(_ARROW.search(term) for term in spelled)
        return [worded_terms(text, len(terms), arrows=arrows)]
    # In "100,200,300" the commas may separate terms or thousands: either reading may be right.
    return [numeric_terms(text, len(terms), style) for style in ("list", "bare list")]


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
        return Outcome("incorrect", answer, pattern, f"step {step}: {reason}"), given.explicit
    return Outcome("correct", answer, "", f"all {len(terms)} terms are right"), given.explicit


def _meets(term: Target | str, found: Term) -> bool:
    if isinstance(term, str):
        return [word.text for word in words(term)] == [word.text for word in words(found.text)]
    return found.value is not None and term.meets(found.value, found.decimals)
