"""The checker of proofs by induction that a sum has a closed form: its steps and its algebra.

Whether prose proves anything is not decided here. What can be decided is: the first case is worked
out, a hypothesis is stated, the next sum is brought into two forms that are equal to the claim for
the next number, and no equation on the way is false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import sympy

from pytest_quant.checkers import patterns
from pytest_quant.checkers.algebra import Point, Written, find_expressions, plain_formulas
from pytest_quant.checkers.exact import equal
from pytest_quant.checkers.opening import open_response
from pytest_quant.checkers.outcome import Outcome

_LONGEST = 8000  # characters of a proof that are read, from its end
_LETTERS = ("n", "k", "m")
_NUMBERS = (2, 3, 5, 7, 11, 13)

_BASE = re.compile(
    r"\bbase\b|\b[nkm] ?= ?1\b|\bfirst (?:case|number|step)\b|\bone term\b", re.IGNORECASE
)
_HYPOTHESIS = re.compile(
    r"\b(?:assum\w+|suppos\w+|hypothes[ie]s)\b"
    r"|\b(?:let|if) [^.\n]{1,60}\b(?:holds?|(?:is|be) (?:true|valid|given))\b",
    re.IGNORECASE,
)
_EQUALS = re.compile(r"[\s*_`$}\])]*=[\s*_`$({\[]*")
_OPERATOR = r"[-+*/^\u00d7\u00b7]"
_DOTS = r"(?:\.\.\.|\u2026|\\[lcd]?dots\w*)"
_CUT_BEFORE = re.compile(rf"(?:[\w)\]}}]|(?:{_OPERATOR}|{_DOTS}|\\cdot|\\times)[\s$]*)$")
_CUT_BEHIND = re.compile(rf"[\s$]*(?:{_OPERATOR}|{_DOTS}|\\cdot|\\times)|\w")


def check(
    text: str, expected: str, *, truncated: bool = False, prompt: str | None = None
) -> Outcome:
    """Decide a proof that the sum of the first n terms is ``expected``, a formula in n.

    Raises ``ValueError`` if that cannot be read.
    """
    claim = _Claim(expected)
    first = claim.at(1)
    opened = open_response(text, prompt, whole=True)
    if opened.refuted:
        return opened.refuted
    body = plain_formulas(opened.text[-_LONGEST:])
    proof = _Proof(body)
    next_forms = [item for item in proof.whole if claim.is_next(item)]
    answer = next_forms[-1].text_in(body) if next_forms else ""
    problem = _no_proof(body, proof, truncated)
    if problem:
        return Outcome("unparsable", "", *problem)
    answer = answer or proof.found[-1].text_in(body)
    for left, right in proof.equations():
        if claim.is_false(left, right):
            return Outcome(
                "incorrect", answer, "wrong step",
                f"false: {left.text_in(body)} = {right.text_in(body)}",
            )  # fmt: skip
    missing = _missing(body, proof, first, len({form.spelling for form in next_forms}))
    if missing and truncated:
        return Outcome("unparsable", "", "truncated", f"cut before any {missing} was found")
    if missing:
        return Outcome("incorrect", answer, "missing step", f"no {missing} was found")
    return Outcome("correct", answer, "", "base case, hypothesis and step are there and hold")


def _no_proof(text: str, proof: _Proof, truncated: bool) -> tuple[str, str] | None:
    if proof.found and not (patterns.is_refusal(text) and len(proof.found) < 3):
        return ("loop", "the response repeats itself") if patterns.is_loop(text) else None
    return patterns.missing_pattern(text, truncated=truncated, announced=False)


def _missing(text: str, proof: _Proof, first: Any, forms: int) -> str | None:
    """The part of the proof that is not there, if one is not."""
    base = _BASE.search(text)
    worked_out = [
        item
        for item in proof.numbers()
        if base and item.start >= base.start()
        and (value := item.written.at(_point(2))) is not None and equal(value, first)
    ]  # fmt: skip
    if len(worked_out) < 2:
        return "base case"
    if not _HYPOTHESIS.search(text):
        return "hypothesis"
    return None if forms >= 2 else "step from one number to the next"


def _point(number: int) -> Point:
    return {letter: sympy.Integer(number) for letter in _LETTERS}


@dataclass(frozen=True)
class _Item:
    """An expression of the proof, and the letters in it."""

    written: Written

    @property
    def start(self) -> int:
        return self.written.start

    @cached_property
    def letters(self) -> frozenset[str]:
        return frozenset(token.text for token in self.written.tokens) & frozenset(_LETTERS)

    @property
    def constant(self) -> bool:
        return not self.letters

    @property
    def spelling(self) -> tuple[str, ...]:
        """Its tokens without brackets around the whole."""
        texts = [token.text for token in self.written.tokens]
        while len(texts) > 2 and texts[0] in "([{" and texts[-1] in ")]}" and _closes_last(texts):
            texts = texts[1:-1]
        return tuple(texts)

    def text_in(self, text: str) -> str:
        return " ".join(text[self.written.start : self.written.end].split())


def _closes_last(texts: Sequence[str]) -> bool:
    depth = 0
    for index, text in enumerate(texts):
        depth += (text in "([{") - (text in ")]}")
        if not depth:
            return index == len(texts) - 1
    return False


class _Proof:
    """The expressions of a text, those of them that stand whole in it, and its equations."""

    def __init__(self, text: str) -> None:
        self._text = text
        points = [_point(number) for number in _NUMBERS]
        self.found = [_Item(item) for item in find_expressions(text, _LETTERS, points)]
        self.whole = [item for item in self.found if self._is_whole(item.written)]

    def _is_whole(self, item: Written) -> bool:
        """Whether it is no part of a longer expression, of S(k) or of a sum with dots in it."""
        before = self._text[max(0, item.start - 12) : item.start]
        if item.tokens[0].kind == "operator":  # the + of "S_k + 2k + 1" has a left side
            before = before.rstrip(" $")
        return not (_CUT_BEFORE.search(before) or _CUT_BEHIND.match(self._text, item.end))

    def equations(self) -> Iterator[tuple[_Item, _Item]]:
        whole = {id(item) for item in self.whole}
        for left, right in pairwise(self.found):
            if {id(left), id(right)} <= whole and self._equated(left, right):
                yield left, right

    def numbers(self) -> Iterator[_Item]:
        """The expressions without letters, but for the 1 of "n = 1"."""
        for before, item in zip([None, *self.found], self.found, strict=False):
            named = before is not None and before.written.bare and self._equated(before, item)
            if item.constant and not named:
                yield item

    def _equated(self, left: _Item, right: _Item) -> bool:
        return _EQUALS.fullmatch(self._text, left.written.end, right.written.start) is not None


class _Claim:
    """The closed form, as a function of one number."""

    def __init__(self, formula: str) -> None:
        text = plain_formulas(formula).strip()
        found = find_expressions(text, ("n",), [_point(number) for number in _NUMBERS])
        alone = len(found) == 1 and text == text[found[0].start : found[0].end]
        if not alone or any(found[0].at(_point(number)) is None for number in (1, *_NUMBERS)):
            raise ValueError(f"expected a formula in n, got {formula!r}")
        self._written = found[0]

    def at(self, number: int) -> Any:
        return self._written.at(_point(number))

    def is_next(self, item: _Item) -> bool:
        """Whether an expression in one letter is the claim for the number behind that letter."""
        if len(item.letters) != 1:
            return False
        values = [(item.written.at(_point(number)), self.at(number + 1)) for number in _NUMBERS]
        return all(value is not None and equal(value, right) for value, right in values)

    def is_false(self, left: _Item, right: _Item) -> bool:
        """Whether an equation of two terms in the same letter, or of two numbers, does not hold.

        What equates a term and a number, or a letter and anything, only says which number is meant.
        """
        if left.letters != right.letters or left.written.bare or right.written.bare:
            return False
        for number in _NUMBERS:
            one, other = left.written.at(_point(number)), right.written.at(_point(number))
            if one is not None and other is not None and not equal(one, other):
                return True
        return False
