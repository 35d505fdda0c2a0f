"""Finds every number in a text, with its percent sign, its unit and how it is introduced."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import sympy

from pytest_quant.checkers.bounded import Form, NotANumberError, Number, UnreadableError
from pytest_quant.checkers.literals import MATHEMATICAL, TIMES_WORDS, read_number
from pytest_quant.checkers.tokens import Style, Token, tokenize
from pytest_quant.checkers.unit_tokens import Unit, at, read_unit, unit_of_word, words_at
from pytest_quant.checkers.units import canonical_unit, part_of, unit_name


@dataclass(frozen=True, slots=True)
class Found:
    """A number at ``start`` to ``end`` of the text, its unit included.

    ``value`` is as written: 30 for "30%", with ``percent`` set; ``None`` if it could not be read,
    and then ``problem`` says why. ``unit`` is canonical; ``doubtful_unit`` if that word is often
    no unit. ``noun`` is the word behind the number, canonical like a unit. ``aside``: the number
    labels or describes something else (step 3, 5-year). ``count``: the a of "a out of b".
    ``unfinished``: a sum or product of rational numbers that the text leaves to its reader.
    """

    value: Any
    form: Form
    decimals: int | None
    start: int
    end: int
    percent: bool = False
    unit: str | None = None
    doubtful_unit: bool = False
    noun: str = ""
    aside: bool = False
    count: int | None = None
    unfinished: bool = False
    problem: str = ""


_LABELS = frozenset(
    {
        "step", "steps", "case", "part", "question", "problem", "example", "option", "figure",
        "equation", "eq", "section", "chapter", "exercise", "method", "line", "row", "table",
        "note", "page", "item", "q", "#",
    }
)  # fmt: skip
_DASH = "\u2013"
_ORDINALS = frozenset({"st", "nd", "rd", "th"})


def find_numbers(text: str, style: Style = "prose") -> list[Found]:
    """Every number in cleaned text, in order; work is linear in the length of the text.

    ``style``: whether the text is prose or a list of numbers, as in ``tokenize``.
    """
    tokens = tokenize(text, style)
    listing = style != "prose"
    found: list[Found] = []
    index = 0
    while index < len(tokens):
        if not _may_start(tokens, index):
            index += 1
            continue
        try:
            number, behind = read_number(tokens, index, listing=listing)
        except NotANumberError:
            index += 1
            continue
        except UnreadableError as error:
            behind = _end_of_formula(tokens, index)
            begin, end = tokens[index].start, tokens[behind - 1].end
            found.append(Found(None, "compound", None, begin, end, problem=str(error)))
            index = behind
            continue
        if _is_part_of_word(tokens, behind):
            index = behind + 1
            continue
        item, index = _described(tokens, index, behind, number)
        found.append(item)
    return _joined(text, found)


def _may_start(tokens: Sequence[Token], index: int) -> bool:
    token, following = tokens[index], at(tokens, index + 1)
    if token.kind in ("number", "fraction", "command", "open"):
        return token.spaced or not _follows_hyphen(tokens, index)
    if token.kind == "currency":
        return following is not None and following.kind in ("number", "operator")
    if token.kind != "operator" or token.text not in "+-\u2013\u00b1":
        return False
    before = at(tokens, index - 1)
    if before and not token.spaced and before.kind in ("word", "number", "close"):
        return False
    bullet = before is None or before.kind == "newline"
    return not (bullet and following is not None and following.spaced)


def _follows_hyphen(tokens: Sequence[Token], index: int) -> bool:
    """Whether a hyphen ties what stands at ``index`` to a word: GPT-4, top-5."""
    word, hyphen = at(tokens, index - 2), at(tokens, index - 1)
    if word is None or hyphen is None or hyphen.text != "-" or hyphen.spaced:
        return False
    return word.kind == "word"


def _end_of_formula(tokens: Sequence[Token], index: int) -> int:
    """The index behind the run of mathematical tokens that starts at ``index``."""
    end = index + 1
    while end < len(tokens) and (
        tokens[end].kind in MATHEMATICAL or tokens[end].text in TIMES_WORDS
    ):
        end += 1
    return end


def _is_part_of_word(tokens: Sequence[Token], behind: int) -> bool:
    """Whether letters touch the number that are no unit: 3rd, 5x, 2D."""
    after = at(tokens, behind)
    if after is None or after.kind != "word" or after.spaced:
        return False
    return after.text in _ORDINALS or unit_of_word(after.text) is None


def _described(
    tokens: Sequence[Token], start: int, behind: int, number: Number
) -> tuple[Found, int]:
    """The number between two token indices with what stands around it, and the index behind."""
    minus = _minus_word(tokens, start)
    item = Found(
        value=-number.value if minus else number.value,
        form=number.form,
        decimals=number.decimals,
        start=tokens[start - 1 if minus else start].start,
        end=tokens[behind - 1].end,
        aside=_is_aside(tokens, start, behind),
        unfinished=number.form == "compound" and _is_sum(tokens[start:behind], number),
    )
    if total := _total(tokens, behind, number):
        count = int(number.value)
        value = number.value / sympy.Integer(total)
        end = tokens[behind + 2].end
        return replace(
            item, value=value, form="fraction", decimals=None, end=end, count=count
        ), behind + 3
    after = at(tokens, behind)
    noun = canonical_unit(after.text) if after and after.kind == "word" else ""
    unit = read_unit(tokens, behind) or _currency(tokens[max(0, start - 1) : behind], behind)
    if unit is None:
        return replace(item, noun=noun) if noun else item, behind
    if unit.name == "%":
        return replace(item, percent=True, end=tokens[unit.behind - 1].end), unit.behind
    if unit.doubtful:
        return replace(item, unit=unit.name, doubtful_unit=True, noun=noun), behind
    end = tokens[unit.behind - 1].end
    return replace(item, unit=unit.name, noun=noun, end=end), unit.behind


def _is_sum(tokens: Sequence[Token], number: Number) -> bool:
    """Whether numbers are joined by operators into one that could be written plainly."""
    if not number.value.is_Rational or _is_mixed(tokens, number):
        return False
    within: list[bool] = []  # for each bracket that is open: whether it belongs to a power or root
    for before, token in pairwise(tokens):
        inner = bool(within) and within[-1]
        if token.kind == "open":
            follows = before.kind == "command" or before.text == "^" or before.text == "}"
            within.append(inner or follows)
        if token.kind == "close" and within:
            within.pop()
        if inner or before.kind in ("operator", "open"):
            continue
        joins = token.kind == "operator" and token.text in f"+-{_DASH}*"
        if joins or token.text in TIMES_WORDS or (token.text == "(" and before.kind == "number"):
            return True
    return False


def _is_mixed(tokens: Sequence[Token], number: Number) -> bool:
    """Whether it is a whole number and a proper fraction: 2 + 1/3."""
    match [token.text for token in tokens if token.kind not in ("open", "close")]:
        case [whole, "+", _, "/", _] if whole.isdecimal() and not number.value.is_Integer:
            return bool(sympy.floor(number.value) == int(whole))
    return False


def _currency(tokens: Iterable[Token], behind: int) -> Unit | None:
    """The currency whose sign stands before the number."""
    signs = [token for token in tokens if token.kind == "currency"]
    return Unit(unit_name(signs[0].text) or signs[0].text, behind) if signs else None


def _total(tokens: Sequence[Token], behind: int, number: Number) -> int:
    """The b of "a out of b", if the number is such an a; else 0."""
    total = at(tokens, behind + 2)
    if (
        words_at(tokens, behind, 2) != ("out", "of")
        or total is None
        or total.kind != "number"
        or not total.text.isdigit()
        or len(total.text) > 20
        or not number.value.is_Integer
    ):
        return 0
    return int(total.text) if 0 <= number.value <= int(total.text) else 0


def _minus_word(tokens: Sequence[Token], start: int) -> bool:
    """Whether "negative" or "minus" stands before the number as its sign."""
    before, earlier = at(tokens, start - 1), at(tokens, start - 2)
    if before is None or before.kind != "word":
        return False
    if before.text.casefold() == "negative":
        return True
    subtracts = earlier is not None and earlier.kind in ("number", "close", "fraction", "power")
    return before.text.casefold() == "minus" and not subtracts


def _is_aside(tokens: Sequence[Token], start: int, behind: int) -> bool:
    """Whether the number labels something, enumerates a list, or is half of a compound word."""
    before, after, following = (at(tokens, i) for i in (start - 1, behind, behind + 1))
    if before and before.text.casefold() in _LABELS:
        return True
    if after is None or after.spaced or following is None:
        return False
    if after.text == "-":
        return following.kind == "word" and not following.spaced
    starts_line = before is None or before.kind == "newline" or before.text in "*-#>"
    enumerates = starts_line and behind == start + 1 and after.text in (".", ")")
    return enumerates and following.kind != "newline" and following.spaced


_JOINT = re.compile(r"[ ,]{0,3}(?:and )?")


def _joined(text: str, found: list[Found]) -> list[Found]:
    """Quantities in two units made one: 3 dollars and 50 cents, 2 hours 30 minutes."""
    result: list[Found] = []
    for item in found:
        last = result[-1] if result else None
        if last and last.unit and item.unit and last.value is not None and item.value is not None:
            part = part_of(last.unit, item.unit)
            if part and _JOINT.fullmatch(text, last.end, item.start):
                share = item.value * sympy.Rational(part.numerator, part.denominator)
                result[-1] = replace(last, value=last.value + share, decimals=None, end=item.end)
                continue
        result.append(item)
    return result
