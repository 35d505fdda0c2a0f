"""Names the mistake in a wrong number: rounding, sign, power of ten, one digit."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from pytest_quant.checkers.bounded import MAX_DIGITS
from pytest_quant.checkers.exact import decimal_text, finite_decimals, roundings

_POWERS = {k: Fraction(10) ** k for k in (*range(-12, 0), *range(1, 13))}
# From three digits on, it is no accident that a rounded answer has the expected ones.
_TELLING = 100

Accepts = Callable[[Fraction, "int | None"], bool]


def slip(
    answer: Fraction,
    decimals: int | None,
    expected: Fraction,
    places: int | None,
    accepts: Accepts,
) -> str:
    """The error pattern of a number that was not accepted.

    ``decimals``: how many the answer shows (``None``: exact form); ``places``: how many were
    asked for (``None``: all); ``accepts`` decides numbers as the checker did.
    """
    if answer and accepts(-answer, decimals):
        return "sign"
    if _badly_rounded(answer, decimals, expected, places):
        return "off by rounding"
    if answer and _shifted(answer, decimals, expected, places, accepts):
        return "power of ten"
    return "one-digit slip" if _one_digit(answer, expected, places) else "wrong value"


def _shifted(
    answer: Fraction,
    decimals: int | None,
    expected: Fraction,
    places: int | None,
    accepts: Accepts,
) -> bool:
    """The decimal point is elsewhere; if rounding is due, then of the shifted number."""
    if any(
        accepts(answer * power, None if decimals is None else decimals - k)
        for k, power in _POWERS.items()
    ):
        return True
    if decimals is None or abs(answer) * Fraction(10) ** decimals < _TELLING:
        return False
    if decimals < places if places is not None else finite_decimals(expected) is not None:
        return False
    return any(answer in roundings(expected / power, decimals) for power in _POWERS.values())


def _badly_rounded(
    answer: Fraction, decimals: int | None, expected: Fraction, places: int | None
) -> bool:
    """The answer is the expectation, rounded or cut too early, or wrong in its last place."""
    if places is not None and (decimals is None or decimals >= places):
        unit = Fraction(10) ** -places
        return any(abs(answer - right) <= unit for right in roundings(expected, places))
    if decimals is None:
        return False
    unit = Fraction(10) ** -decimals
    if abs(expected) < unit or (expected / unit).denominator == 1:
        # Nothing would be left of it, or nothing had to be rounded.
        return False
    if decimals > 0:
        return abs(answer - expected) < unit
    return answer in {*roundings(expected, decimals), math.trunc(expected / unit) * unit}


def _one_digit(answer: Fraction, expected: Fraction, places: int | None) -> bool:
    """One digit differs, or two neighbours are swapped, in numbers of at least two digits."""
    shown = finite_decimals(answer)
    if places is not None:
        return any(
            shown is not None and shown <= max(places, 0) and _same_but_one(answer, right)
            for right in roundings(expected, places)
        )
    asked = finite_decimals(expected)
    if asked is None or shown is None:
        return _one_digit_of_fraction(answer, expected)
    # More decimals than any literal may have: an approximation of an irrational number.
    return shown == asked <= MAX_DIGITS and _same_but_one(answer, expected)


def _same_but_one(answer: Fraction, expected: Fraction) -> bool:
    places = max(finite_decimals(answer) or 0, finite_decimals(expected) or 0)
    # Written to the same length, so that neighbours across the point stay neighbours without it.
    texts = (decimal_text(value, places).replace(".", "") for value in (answer, expected))
    return _similar(*texts)


def _one_digit_of_fraction(answer: Fraction, expected: Fraction) -> bool:
    tops = (str(answer.numerator), str(expected.numerator))
    bottoms = (str(answer.denominator), str(expected.denominator))
    if tops[0] == tops[1]:
        return _similar(*bottoms)
    return bottoms[0] == bottoms[1] and _similar(*tops)


def _similar(left: str, right: str) -> bool:
    if len(left) != len(right) or min(len(text.lstrip("-0.")) for text in (left, right)) < 2:
        return False
    different = [i for i, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
    if not all(left[i].isdigit() and right[i].isdigit() for i in different):
        return False
    if len(different) == 2:
        i, j = different
        return j == i + 1 and left[i] == right[j] and left[j] == right[i]
    return len(different) == 1
