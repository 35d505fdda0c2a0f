"""Exact numbers: reading an expectation, comparing, rounding. Floats never enter."""

from __future__ import annotations

import math
import numbers
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sympy

from pytest_quant.checkers.bounded import (
    NotANumberError,
    UnreadableError,
    has_too_many_digits,
)
from pytest_quant.checkers.cleaning import clean
from pytest_quant.checkers.literals import read_number
from pytest_quant.checkers.tokens import tokenize

# Two different numbers within the limits of the literal parser differ long before this digit.
_DIGITS = 1000
# An author's exact value may be long (compound interest is a fraction of hundreds of digits);
# Python refuses to write an integer of more than 4300.
_MOST_EXPECTED_DIGITS = 4000


def to_exact(expected: Any) -> Any:
    """An author's expectation as an exact sympy number; a float counts as its ``repr`` reads.

    Raises ``TypeError`` for what is no number and ``ValueError`` for one that is not real and
    finite, has more digits than are ever read, or is a string that is not a number.
    """
    number = _converted(expected)
    if not (number.is_number and number.is_real and number.is_finite):
        raise ValueError(f"expected a finite real number, got {expected!r}")
    if has_too_many_digits(number, _MOST_EXPECTED_DIGITS):
        raise ValueError(f"expected a number of at most {_MOST_EXPECTED_DIGITS} digits")
    return number


def _converted(expected: Any) -> Any:
    if isinstance(expected, str):
        return _from_text(expected)
    if isinstance(expected, numbers.Integral) and not isinstance(expected, bool):
        return sympy.Integer(int(expected))
    if isinstance(expected, Fraction):
        return sympy.Rational(expected.numerator, expected.denominator)
    if isinstance(expected, (float, Decimal, sympy.Float)):
        text = float.__repr__(expected) if isinstance(expected, float) else str(expected)
        exact = Decimal(text)
        if not exact.is_finite():
            raise ValueError(f"expected a finite real number, got {expected!r}")
        return sympy.Rational(*exact.as_integer_ratio())
    if isinstance(expected, sympy.Expr):
        return expected
    raise TypeError(
        f"expected a number, got {expected!r}; "
        "give an int, Fraction, Decimal, float, string or sympy number"
    )


def _from_text(text: str) -> Any:
    tokens = tokenize(clean(text).text)
    try:
        if not tokens:
            raise NotANumberError
        number, behind = read_number(tokens, 0)
    except (NotANumberError, UnreadableError) as error:
        raise ValueError(f"expected a number, got {text!r}") from error
    rest = tokens[behind:]
    percent = len(rest) == 1 and rest[0].kind == "percent"
    if rest and not percent:
        raise ValueError(f"expected one number, got {text!r}")
    return number.value / 100 if percent else number.value


def equal(first: Any, second: Any) -> bool:
    """Whether two exact numbers are the same number."""
    if first.is_Rational and second.is_Rational:
        return bool(first == second)
    if first.is_Rational is not second.is_Rational and first.is_rational != second.is_rational:
        return False
    return first == second or abs(approximate(first) - approximate(second)) < Fraction(
        1, 10 ** (_DIGITS - 50)
    )


def approximate(value: Any) -> Fraction:
    """``value`` as a fraction: exactly if it is rational, else to hundreds of digits."""
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    return Fraction(Decimal(str(sympy.N(value, _DIGITS))))


def roundings(value: Fraction, places: int) -> frozenset[Fraction]:
    """``value`` rounded to ``places`` decimals: half away from zero, and half to even."""
    scale = Fraction(10) ** places
    scaled = abs(value) * scale
    half_up = math.floor(scaled + Fraction(1, 2))
    sign = -1 if value < 0 else 1
    return frozenset({sign * half_up / scale, sign * round(scaled) / scale})


def places_of_significant(value: Fraction, significant: int) -> int:
    """The decimals that show ``significant`` digits of ``value``; negative for large numbers."""
    if value == 0:
        return significant - 1
    magnitude = abs(value)
    exponent = len(str(magnitude.numerator)) - len(str(magnitude.denominator))
    if magnitude < Fraction(10) ** exponent:
        exponent -= 1
    return significant - 1 - exponent


def as_text(value: Fraction) -> str:
    """``value`` for people: a decimal where it has a finite one, else a fraction."""
    places = finite_decimals(value)
    if places is None:
        return f"{value.numerator}/{value.denominator}"
    return decimal_text(value, places)


def finite_decimals(value: Fraction) -> int | None:
    """How many decimals write ``value`` exactly; ``None`` if no finite number does."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def decimal_text(value: Fraction, places: int) -> str:
    """``value``, a multiple of 10^-places, with ``places`` decimals; none if that is negative."""
    places = max(places, 0)
    digits = str(abs(round(value * 10**places))).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
