"""The checker of numbers: exact, or rounded as the question asks.

Everything is compared as exact rationals and roots; a float never decides. The response is read
by ``numeric_answer`` and ``literals``, which evaluate none of its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy

from pytest_quant.checkers import conclusion, final_answer, patterns, wording
from pytest_quant.checkers.cleaning import clean
from pytest_quant.checkers.exact import (
    approximate,
    as_text,
    decimal_text,
    equal,
    finite_decimals,
    places_of_significant,
    roundings,
    to_exact,
)
from pytest_quant.checkers.free_text import Phrases
from pytest_quant.checkers.numbers import Found
from pytest_quant.checkers.numeric_answer import Selected, exact_value, select
from pytest_quant.checkers.opening import open_response
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.checkers.slips import slip
from pytest_quant.checkers.units import canonical_unit, is_currency

_SHARES = re.compile(r"%|\b(?:per ?cent\w*|probabilit\w+|chances?|odds)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """The expected number and how closely an answer must meet it.

    At most one of ``places``, ``significant`` and ``tolerance`` is given; with none of them the
    answer must be exactly equal. ``percent``: places and digits count in percent.
    """

    exact: Any
    places: int | None = None
    significant: int | None = None
    tolerance: Fraction | None = None
    percent: bool = False

    @cached_property
    def value(self) -> Fraction:
        return approximate(self.exact)

    @cached_property
    def decimals(self) -> int | None:
        """The decimals asked for, of the number itself (not of its percentage)."""
        shift = 2 if self.percent else 0
        if self.places is not None:
            return self.places + shift
        if self.significant is not None:
            return places_of_significant(self.value, self.significant)
        return None

    def accepts(self, value: Fraction, decimals: int | None) -> bool:
        """Whether a number that shows so many decimals (``None``: exact form) is right."""
        difference = abs(value - self.value)
        if self.tolerance is not None:
            return difference <= self.tolerance * abs(self.value)
        if self.decimals is None:
            return difference == 0
        right = roundings(self.value, self.decimals)
        if decimals is not None and decimals < self.decimals:
            return value in right
        close = difference <= Fraction(1, 2) * Fraction(10) ** -self.decimals
        return close and bool(roundings(value, self.decimals) & right)

    @property
    def rounds(self) -> bool:
        """Whether an answer need not be exact."""
        return self.tolerance is not None or self.decimals is not None

    @property
    def has_no_decimal(self) -> bool:
        """Whether no finite decimal writes the expected number."""
        return not self.exact.is_Rational or finite_decimals(self.value) is None

    def meets(self, number: Any, decimals: int | None) -> bool:
        """``accepts`` for an exact sympy number."""
        if self.rounds:
            return self.accepts(approximate(number), decimals)
        return equal(number, self.exact)

    def __str__(self) -> str:
        if self.decimals is not None:
            rounded = min(roundings(self.value, self.decimals))
            return decimal_text(rounded, self.decimals)
        return as_text(self.value) if self.exact.is_Rational else str(self.exact)


def target(
    expected: Any,
    *,
    places: int | None = None,
    significant: int | None = None,
    tolerance: Any = None,
    percent: bool = False,
) -> Target:
    """A checked ``Target``; raises ``ValueError`` or ``TypeError`` for options of no meaning."""
    given = [
        name
        for name, value in (
            ("places", places), ("significant", significant), ("tolerance", tolerance),
        )
        if value is not None
    ]  # fmt: skip
    if len(given) > 1:
        raise ValueError(f"give only one of places, significant and tolerance, not {given}")
    if places is not None and not 0 <= places <= 300:
        raise ValueError(f"places must lie between 0 and 300, got {places}")
    if significant is not None and not 1 <= significant <= 300:
        raise ValueError(f"significant must lie between 1 and 300, got {significant}")
    relative = None if tolerance is None else approximate(to_exact(tolerance))
    if relative is not None and not 0 <= relative < 1:
        raise ValueError(f"tolerance is relative and must lie in [0, 1), got {tolerance!r}")
    return Target(to_exact(expected), places, significant, relative, percent)


def check(
    text: str,
    expected: Any,
    *,
    places: int | None = None,
    significant: int | None = None,
    tolerance: Any = None,
    percent: bool = False,
    unit: str | Iterable[str] = (),
    formulas: Mapping[str, Any] | None = None,
    known: str | Iterable[Any] = (),
    required: Sequence[Phrases] = (),
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide a numeric answer; by default it must equal ``expected`` exactly (3/10, 0.3, 30%).

    ``places`` or ``significant``: rounded to that many decimals or digits, as the question asks;
    more digits may be given, at an exact tie either neighbour is right. ``tolerance``: relative,
    such as "1/1000". ``percent``: ``places`` and ``significant`` count in percent. ``unit``: the
    accepted units; another known unit is wrong, none is fine. ``formulas`` maps the name of a
    known wrong formula to the value that it gives. ``known`` holds the numbers that the prompt
    shows (a list, or text with commas between): a wrong answer is then either another of them or
    made up. ``required``: facts that the response must state beside the number, as in the checker
    of texts. ``truncated``: the length limit cut the response. ``prompt``: what was asked, so that
    repeating it is no answer.
    """
    wanted = target(
        expected, places=places, significant=significant, tolerance=tolerance, percent=percent
    )
    units = accepted_units(unit)
    words = conclusion.demands(required)
    # What was looked up may be quoted, but not in a copy of half a page.
    opened = open_response(text, prompt, sentences=2)
    if opened.refuted:
        return opened.refuted
    body = opened.text
    chosen = select(body, lambda item: bool(units & {item.unit, item.noun}))
    problem = _no_answer(body, chosen, truncated, prompt)
    if chosen is None or problem:
        announced = bool(
            final_answer.announcements(body)
            or final_answer.boxed(body)
            or wording.UNFINISHED.search(body)
        )
        pattern, reason = problem or patterns.missing_pattern(
            body, truncated=truncated, announced=announced
        )
        return Outcome("unparsable", "", pattern, reason)
    named = {
        name: replace(wanted, exact=to_exact(value)) for name, value in (formulas or {}).items()
    }
    outcome = _judge(body, chosen, wanted, _Asked(units, prompt), named)
    shown = known.split(",") if isinstance(known, str) else list(known)
    if shown and outcome.pattern not in ("", patterns.SEVERAL, "wrong formula", "wrong unit"):
        others = [replace(wanted, exact=to_exact(number)) for number in shown]
        outcome = _told_apart(outcome, chosen.final, units, others)
    return conclusion.with_words(outcome, body, words, truncated)


def accepted_units(unit: str | Iterable[str]) -> frozenset[str]:
    """The units of an option, in canonical form."""
    return frozenset(canonical_unit(name) for name in ([unit] if isinstance(unit, str) else unit))


def _no_answer(
    text: str, chosen: Selected | None, truncated: bool, prompt: str | None
) -> tuple[str, str] | None:
    """Why the number found is no answer: the response declines, loops, was cut, or echoes."""
    if chosen is None:
        return None
    if not chosen.explicit and patterns.is_refusal(text):
        return "refused", "the response declines to answer"
    if not chosen.explicit and patterns.is_loop(text):
        return "loop", "the response repeats itself"
    if truncated and (not chosen.explicit or chosen.final.end == len(text)):
        return "truncated", "the response was cut at its length limit before an answer"
    if chosen.final.value is None and not chosen.several:
        return "format", f"the number cannot be read: {chosen.final.problem}"
    if _is_asked(text, chosen.final, prompt):
        return "echo", "the response repeats the expression that it was asked to work out"
    if chosen.final.unfinished:
        return "no answer", "the response leaves a sum to its reader"
    return None


def _is_asked(text: str, found: Found, prompt: str | None) -> bool:
    """Whether an expression stands in the prompt, so that writing it again answers nothing."""
    if not prompt or found.form != "compound":
        return False
    written = re.sub(r"\s", "", text[found.start : found.end])
    return written in re.sub(r"\s", "", clean(prompt).text)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the question says of the form of its answer."""

    units: frozenset[str]
    prompt: str | None

    def in_percent(self, wanted: Target) -> bool:
        """Whether 40% may be given for 40: the question speaks of shares, or is not known."""
        if self.units or wanted.percent or abs(wanted.value) <= 1:
            return False
        return self.prompt is None or _SHARES.search(self.prompt) is not None


def _judge(
    text: str,
    chosen: Selected,
    wanted: Target,
    asked: _Asked,
    formulas: Mapping[str, Target],
) -> Outcome:
    final, units = chosen.final, asked.units
    answer = " ".join(text[final.start : final.end].split())
    if chosen.several:
        return Outcome(
            "incorrect", answer, patterns.SEVERAL, f"offers several answers; expected {wanted}"
        )
    if has_wrong_unit(final, units):
        return Outcome(
            "incorrect", answer, "wrong unit",
            f"{answer} is in {'%' if final.percent else final.unit}; "
            f"expected {wanted} in {' or '.join(sorted(units))}",
        )  # fmt: skip
    value, decimals = meant(final, units)
    if wanted.meets(value, decimals) or _meets_exactly(chosen, wanted):
        return Outcome("correct", answer, "", f"{answer} is the expected {wanted}")
    if asked.in_percent(wanted) and final.percent and wanted.meets(final.value, final.decimals):
        return Outcome("correct", answer, "", f"{answer} is the expected {wanted}")
    for name, wrong in formulas.items():
        if wrong.meets(value, decimals):
            return Outcome(
                "incorrect", answer, "wrong formula",
                f"{answer} is what {name} gives; expected {wanted}",
            )  # fmt: skip
    pattern = slip(approximate(value), decimals, wanted.value, wanted.decimals, wanted.accepts)
    return Outcome("incorrect", answer, pattern, f"expected {wanted}, got {answer}")


def _told_apart(
    outcome: Outcome, final: Found, units: frozenset[str], shown: Iterable[Target]
) -> Outcome:
    """A wrong look-up: it took another number of the prompt, or one that stands nowhere."""
    value, decimals = meant(final, units)
    taken = any(target.meets(value, decimals) for target in shown)
    return replace(outcome, pattern=patterns.WRONG_ENTRY if taken else patterns.MADE_UP)


def _meets_exactly(chosen: Selected, wanted: Target) -> bool:
    """Whether a count, or the exact form of a number that no decimal writes, is as expected."""
    if wanted.rounds:
        return False
    count, form = chosen.final.count, chosen.exact_form
    # "1 out of 6" is more likely a probability than the number 1.
    if count is not None and count > 1:
        return equal(wanted.exact, sympy.Integer(count))
    return form is not None and wanted.has_no_decimal and equal(wanted.exact, exact_value(form))


def meant(found: Found, units: frozenset[str]) -> tuple[Any, int | None]:
    """The number and its decimals; a percent sign is a unit if it was asked for as one."""
    if not found.percent or "%" in units:
        return found.value, found.decimals
    return exact_value(found), None if found.decimals is None else found.decimals + 2


def has_wrong_unit(found: Found, units: frozenset[str]) -> bool:
    """Whether a number is given in a known unit other than those asked for."""
    unit = "%" if found.percent else found.unit
    if not units or unit is None or unit in units or found.doubtful_unit:
        return False
    # "$5 an hour" says no less than "$5", and "60 km" is short for the "60 km/h" asked for.
    above = unit.partition("/")[0]
    if is_currency(above) and above in units:
        return False
    return all(unit != wanted.partition("/")[0] for wanted in units)
