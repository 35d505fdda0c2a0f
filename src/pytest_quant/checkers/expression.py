"""The checker of formulas: algebraically equal to the expected one, or of the same order.

Two expressions are equal if they have the same exact value at several points, whole and
fractional; a point at which one of them has none says nothing. None of a response is evaluated by
anything but the bounded parser of ``algebra``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import permutations

import sympy

from pytest_quant.checkers import final_answer, patterns
from pytest_quant.checkers.algebra import (
    FUNCTIONS,
    Point,
    Written,
    find_expressions,
    plain_formulas,
)
from pytest_quant.checkers.exact import approximate, equal
from pytest_quant.checkers.opening import open_response
from pytest_quant.checkers.outcome import Outcome

_LONGEST = 2000  # characters of the response in which an expression is looked for
_MOST_ANNOUNCEMENTS = 8
_MOST_ORDERS = 24
_WHOLE = tuple(map(sympy.Integer, (2, 3, 5, 7, 11)))
_FRACTIONS = tuple(map(sympy.Rational, ("13/7", "29/11", "8/3")))
_FEWEST = 4  # points that two expressions must share to be called equal
_LARGE, _SMALL = (10**10, 10**30, 10**60), (16, 64, 128)
_MOST_CHANGE = Fraction(1, 20)

_NAME = re.compile(r"[A-Za-z]+")
_NO_VARIABLES = FUNCTIONS | {"sqrt", "cbrt", "pi", "C"}
_ORDER = re.compile(
    r"(?:\\mathcal ?\{?[ ]?O\}?|\\?\b(?:Big-?[ ]?O|O|Theta|Omega)\b|[\u0398\u03a9\U0001d4aa])"
    r"[ ]*(?=\()"
)
_IN_WORDS = re.compile(
    r"\b(constant|logarithmic|linear|linearithmic|quadratic|cubic|exponential)"
    r"(?=[ -](?:time|space|complexity))",
    re.IGNORECASE,
)
_WORDS = {
    "constant": "1", "logarithmic": "log {0}", "linear": "{0}", "linearithmic": "{0} log {0}",
    "quadratic": "{0}^2", "cubic": "{0}^3", "exponential": "2^{0}",
}  # fmt: skip
_QUALIFIED = re.compile(
    r"[\s,*_$]*\b(?:because|since|where|for|with|when|if|which|provided)\b", re.IGNORECASE
)
_EQUALS = re.compile(r"[\s*_`$}\])]*=[\s*_`$]*")


def check(
    text: str,
    expected: str,
    *,
    variables: Iterable[str] = (),
    order: bool = False,
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide a formula: it must equal ``expected`` whatever its variables stand for.

    ``variables`` are those of ``expected`` unless more are named. ``order``: the answer is an
    order of growth, O(n log n), and constant factors and smaller terms do not matter.
    Raises ``ValueError`` if ``expected`` is no expression.
    """
    names = tuple(variables) or tuple(sorted({*_NAME.findall(expected)} - _NO_VARIABLES))
    wanted = _Wanted(expected, names, order)
    wanted.written  # noqa: B018 - raises where it cannot be read
    opened = open_response(text, prompt, whole=True)
    if opened.refuted:
        return opened.refuted
    body = plain_formulas(opened.text)
    chosen, explicit = (_final_order if order else _final)(body, wanted)
    problem = _no_answer(body, chosen, explicit, truncated)
    if problem or chosen is None:
        return Outcome("unparsable", "", *(problem or ("format", "no expression was found")))
    answer = " ".join(body[chosen.start : chosen.end].split())
    if not wanted.can_compare(chosen):
        return Outcome("unparsable", "", "format", "the expression is too large to be read")
    if wanted.met_by(chosen):
        return Outcome("correct", answer, "", f"{answer} is the expected {expected}")
    return Outcome("incorrect", answer, wanted.slip(chosen), f"expected {expected}, got {answer}")


def _no_answer(
    text: str, chosen: Written | None, explicit: bool, truncated: bool
) -> tuple[str, str] | None:
    if chosen is None:
        announced = bool(final_answer.announcements(text))
        return patterns.missing_pattern(text, truncated=truncated, announced=announced)
    if explicit:
        return None
    return patterns.given_up(text, refused=patterns.is_refusal(text), truncated=truncated)


@dataclass(frozen=True)
class _Wanted:
    """The expected expression over named variables, and how others compare with it."""

    text: str
    variables: tuple[str, ...]
    order: bool

    @cached_property
    def points(self) -> list[Point]:
        """Values of the variables, at each point different ones for all of them."""
        return [
            {name: numbers[(i + 2 * j) % len(numbers)] for j, name in enumerate(self.variables)}
            for numbers in (_WHOLE, _FRACTIONS)
            for i in range(len(numbers))
        ]

    def found(self, text: str) -> list[Written]:
        return find_expressions(text, self.variables, self.points)

    @cached_property
    def written(self) -> Written:
        text = plain_formulas(self.text).strip()
        found = self.found(text)
        alone = len(found) == 1 and text == text[found[0].start : found[0].end]
        if not alone or not self.can_compare(found[0]):
            raise ValueError(
                f"expected an expression over {', '.join(self.variables)}, got {self.text!r}"
            )
        return found[0]

    def can_compare(self, answer: Written) -> bool:
        """Whether the answer has a value at enough points."""
        if self.order:
            return any(answer.at(point) is not None for point in self.points)
        return sum(answer.at(point) is not None for point in self.points) >= _FEWEST

    def met_by(self, answer: Written) -> bool:
        return self._same_order(answer) if self.order else self._equals(answer, self.points)

    def _equals(self, answer: Written, points: Sequence[Point], shift: int = 0) -> bool:
        """Whether both have the same value at all points; ``shift`` moves the variables first."""
        written, shared = self.written, 0
        for point in points:
            moved = {name: value + shift for name, value in point.items()}
            right, given = written.at(moved), answer.at(point)
            if right is None or given is None:
                continue
            if not equal(right, given):
                return False
            shared += 1
        return shared >= (_FEWEST if self.variables else 1)

    def _same_order(self, answer: Written) -> bool:
        """Whether the quotient of the two settles down as the variables grow, on every path."""
        decided = 0
        for ranks in permutations(range(1, len(self.variables) + 1)):
            for sizes in (_LARGE, _SMALL):
                ratios = [
                    ratio
                    for size in sizes
                    if (ratio := _quotient(answer, self.written, self._grown(ranks, size)))
                ]
                if len(ratios) == len(sizes):
                    if abs(ratios[2] / ratios[1] - 1) > _MOST_CHANGE:
                        return False
                    decided += 1
                    break
        return decided > 0

    def _grown(self, ranks: Sequence[int], size: int) -> Point:
        """Each variable a power of a size, the higher the faster it is to grow."""
        if len(ranks) > 1:
            size = math.isqrt(size)
        return {
            name: sympy.Integer(size) ** rank
            for name, rank in zip(self.variables, ranks, strict=True)
        }

    def slip(self, answer: Written) -> str:
        """The error pattern of an expression that is not the one expected."""
        if self.order:
            return "wrong order"
        if any(self._equals(answer, self.points, shift) for shift in (1, -1)):
            return "off by one"
        negated = _Wanted(f"-({self.text})", self.variables, order=False)
        return "sign" if negated.met_by(answer) else "wrong expression"


def _quotient(above: Written, below: Written, point: Point) -> Fraction | None:
    top, bottom = above.at(point), below.at(point)
    if top is None or bottom is None:
        return None
    high, low = approximate(top), approximate(bottom)
    return high / low if high > 0 and low > 0 else None


def _final(text: str, wanted: _Wanted) -> tuple[Written | None, bool]:
    """The expression that a response gives as its answer, and whether it is announced."""
    if box := final_answer.boxed(text):
        inside = _located(text, box.start, box.end, wanted)
        return _last_of_chain(text, inside), True
    for begin in reversed(_announcements(text)):
        chosen = _stated(text, begin, wanted)
        if chosen is not None:
            correction = final_answer.last_correction(text, chosen.end)
            later = None if correction is None else _stated(text, correction, wanted)
            return later or chosen, True
    return _concluded(text, wanted), False


def _announcements(text: str) -> list[int]:
    return final_answer.announcements(text)[-_MOST_ANNOUNCEMENTS:]


def _stated(text: str, begin: int, wanted: _Wanted) -> Written | None:
    """The first expression behind an announcement: in its sentence, or below its colon."""
    sentences = final_answer.Sentences(text)
    header = text[begin - 1 : begin] == ":"
    end = begin + _LONGEST if header else sentences.end(begin)
    return _last_of_chain(text, _located(text, begin, end, wanted))


def _concluded(text: str, wanted: _Wanted) -> Written | None:
    """The expression of the last sentence that has more to it than a variable."""
    begin = max(0, len(text) - _LONGEST)
    end = begin + len(final_answer.before_verification(text[begin:]))
    chosen: Written | None = None
    for sentence in final_answer.Sentences(text).between(begin, end):
        inside = _located(text, sentence.start, sentence.end, wanted)
        telling = [item for item in inside if not item.bare]
        if telling or (inside and chosen is None):
            last = telling or inside
            bold = [
                item
                for span in final_answer.bold_spans(text[: sentence.end])
                for item in last
                if span.start <= item.start < span.end
            ]
            chosen = (bold or _before_qualification(text, last))[-1]
    return chosen


def _before_qualification(text: str, found: Sequence[Written]) -> Sequence[Written]:
    for index, item in enumerate(found):
        if _QUALIFIED.match(text, item.end):
            return found[: index + 1]
    return found


def _last_of_chain(text: str, found: Sequence[Written]) -> Written | None:
    """The end of the first chain of equations: n^2 of "S = 1 + (n^2 - 1) = n^2 for n > 0"."""
    start = next((i for i, item in enumerate(found) if not item.bare), 0)
    for item in found[:start]:
        if _QUALIFIED.match(text, item.end) or _says_all(text, item):
            return item
    if not found:
        return None
    last = found[start]
    for item in found[start + 1 :]:
        if not _EQUALS.fullmatch(text, last.end, item.start):
            break
        last = item
    return last


def _says_all(text: str, item: Written) -> bool:
    """Whether the sentence ends with this expression."""
    return re.match(r"[\s*_`$})\]]*(?:[.!]|\n|$)", text[item.end :]) is not None


def _located(text: str, begin: int, end: int, wanted: _Wanted) -> list[Written]:
    """The expressions between two offsets of the text, which they are placed in."""
    end = min(end, begin + _LONGEST, len(text))
    return [
        Written(item.tokens, item.start + begin, item.end + begin, item.bare)
        for item in wanted.found(text[begin:end])
    ]


def _final_order(text: str, wanted: _Wanted) -> tuple[Written | None, bool]:
    """The order of growth that a response gives, and whether it is announced."""
    box = final_answer.boxed(text)
    spans = [(box.start, box.end)] if box else []
    for begin in reversed(_announcements(text)):
        spans.append((begin, begin + _LONGEST))
    for begin, end in spans:
        if chosen := _first(_orders(text, begin, end, wanted)):
            correction = final_answer.last_correction(text, chosen.end)
            later = [] if correction is None else _orders(text, correction, len(text), wanted)
            return _first(later) or chosen, True
        if box and (chosen := _last_of_chain(text, _located(text, begin, end, wanted))):
            return chosen, True
    begin = max(0, len(text) - _LONGEST)
    orders = _orders(text, begin, len(text), wanted)
    return (orders[-1] if orders else _concluded(text, wanted)), False


def _first(found: Sequence[Written]) -> Written | None:
    return found[0] if found else None


def _orders(text: str, begin: int, end: int, wanted: _Wanted) -> list[Written]:
    """What stands in the brackets of O(...), or is named by a word such as "linear time"."""
    region = text[begin : min(end, begin + _LONGEST)]
    found = [
        inside[0]
        for match in [*_ORDER.finditer(region)][-_MOST_ORDERS:]
        if (inside := _located(text, begin + match.end(), begin + match.end() + 200, wanted))
        and inside[0].start == begin + match.end()
    ]
    if found or len(wanted.variables) != 1:
        return found
    return [
        Written(named.tokens, begin + match.start(), begin + match.end(), named.bare)
        for match in _IN_WORDS.finditer(region)
        for named in wanted.found(_WORDS[match[1].casefold()].format(wanted.variables[0]))
    ]
