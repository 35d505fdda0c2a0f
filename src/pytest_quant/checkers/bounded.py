"""Arithmetic on exact numbers that refuses to grow: the operations a literal may contain.

Every function takes and gives ``Number`` and raises ``UnreadableError`` where the result would
have too many digits, be no real number, or need a root that is costly to find.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any, Literal

import sympy

MAX_LENGTH = 450  # characters of one number or formula
MAX_DIGITS = 400  # of a numerator, of a denominator, and of an exponent's magnitude
_MAX_RADICAND_DIGITS = 40
_MAX_ROOT = 20
_MAX_IRRATIONAL_POWER = 8

Form = Literal["decimal", "fraction", "compound"]


PLUS_OR_MINUS = "two numbers, joined by a plus-minus sign"


class NotANumberError(Exception):
    """No number starts at this token."""


class UnreadableError(Exception):
    """Something starts at this token that looks like a number but is not read as one."""


@dataclass(frozen=True, slots=True)
class Number:
    """An exact number (a sympy object) and how it was written.

    ``decimals`` counts the decimals given (negative for 1.2e5); it is ``None`` where the form is
    exact, such as a fraction. ``ten`` is k if the number was written as the power 10^k.
    """

    value: Any
    form: Form
    decimals: int | None = None
    ten: int | None = None


def decimal(text: str) -> Number:
    """A literal such as 1,234.5, 1.2e-5, 0.1666... or one with a marked repeating group."""
    match = _LITERAL.fullmatch(re.sub(r"[,'_ ]", "", text)) if len(text) <= MAX_LENGTH else None
    if match is None:
        raise UnreadableError("a literal of too many digits")
    whole, part, cycle = match["whole"], match["part"] or "", match["cycle"]
    if len(whole) + len(part) + len(cycle or "") > MAX_DIGITS:
        raise UnreadableError(f"more than {MAX_DIGITS} digits")
    exponent = small_integer(match["exponent"] or "0")
    decimals: int | None = len(part) - exponent
    digits = int(whole + part or "0")
    value = sympy.Rational(digits, 10 ** len(part)) if part else sympy.Integer(digits)
    if match["more"]:
        cycle = _repeated(part)
    if cycle:
        value += sympy.Rational(int(cycle), (10 ** len(cycle) - 1) * 10 ** len(part))
        decimals = None
    if exponent:
        value *= sympy.Integer(10) ** exponent
    return Number(_bounded(value), "decimal", decimals)


_LITERAL = re.compile(
    r"(?P<whole>[0-9]*+)(?:\.(?P<part>[0-9]*+)(?:\u27e8(?P<cycle>[0-9]++)\u27e9)?"
    r"(?P<more>\.\.\.|\u2026)?)?(?:[eE](?P<exponent>[+-]?[0-9]++))?"
)


def _repeated(digits: str) -> str | None:
    """The shortest group of digits that ends ``digits`` at least twice over, as in 0.1666..."""
    for length in range(1, min(20, len(digits) // 2) + 1):
        if digits[-length:] == digits[-2 * length : -length]:
            return digits[-length:]
    return None


def small_integer(text: str) -> int:
    """An exponent written out, such as -12."""
    if len(text) > 5 or abs(int(text)) > MAX_DIGITS:
        raise UnreadableError(f"an exponent beyond {MAX_DIGITS}")
    return int(text)


def vulgar(text: str) -> Number:
    """The fraction that one character shows, given as digits around a fraction slash."""
    top, _, bottom = text.partition("\u2044")
    return Number(sympy.Rational(int(top), int(bottom)), "fraction")


def compound(value: Any) -> Number:
    """The result of an operation."""
    return Number(_bounded(value), "compound")


def negative(number: Number) -> Number:
    """The same literal with the other sign."""
    return replace(number, value=-number.value, ten=None)


def scaled(number: Number, exponent: int) -> Number:
    """``number`` times 10^exponent, still a decimal literal: 1.2 million."""
    decimals = None if number.decimals is None else number.decimals - exponent
    value = _bounded(number.value * sympy.Integer(10) ** exponent)
    return Number(value, "decimal", decimals)


def times(left: Number, right: Number) -> Number:
    """The product; a literal times a power of ten is in scientific notation."""
    if right.ten is not None and left.decimals is not None:
        return scaled(left, right.ten)
    return compound(left.value * right.value)


def quotient(left: Number, right: Number) -> Number:
    """The quotient; of two literals, it is a fraction."""
    if right.value.is_zero:
        raise UnreadableError("division by zero")
    simple = left.decimals is not None and right.decimals is not None
    return Number(_bounded(left.value / right.value), "fraction" if simple else "compound")


def power(base: Number, exponent: Any) -> Number:
    """``base`` to a rational exponent (an int or a sympy number)."""
    exponent = sympy.Integer(exponent) if isinstance(exponent, int) else exponent
    if not exponent.is_Rational:
        raise UnreadableError("an irrational exponent")
    ten = int(exponent) if base.value == 10 and exponent.is_Integer else None
    value = _bounded(_rational_power(base.value, exponent))
    return Number(value, "compound", None, ten)


def root(radicand: Number, degree: Any) -> Number:
    """The real root of a number that is not negative."""
    if degree not in range(2, _MAX_ROOT + 1):
        raise UnreadableError(f"a root of a degree outside 2 to {_MAX_ROOT}")
    return compound(_rational_power(radicand.value, sympy.Rational(1, int(degree))))


def _rational_power(base: Any, exponent: Any) -> Any:
    if base.is_zero and exponent <= 0:
        raise UnreadableError("a power of zero")
    if exponent.q != 1 and not base.is_nonnegative:
        raise UnreadableError("the root of a negative number")
    if not base.is_Rational:
        if abs(exponent.p) > _MAX_IRRATIONAL_POWER or exponent.q > _MAX_ROOT:
            raise UnreadableError("a large power of an irrational number")
        return base**exponent
    size = max(_magnitude(base.p), _magnitude(base.q))
    if size * abs(exponent) >= MAX_DIGITS:
        raise UnreadableError(f"a power of more than {MAX_DIGITS} digits")
    if exponent.q != 1 and (exponent.q > _MAX_ROOT or size > _MAX_RADICAND_DIGITS):
        raise UnreadableError("a root beyond the limits")
    return base**exponent


def _bounded(value: Any) -> Any:
    if has_too_many_digits(value):
        raise UnreadableError(f"more than {MAX_DIGITS} digits")
    return value


def has_too_many_digits(value: Any, most: int = MAX_DIGITS) -> bool:
    """Whether a sympy number is a fraction of more than ``most`` digits above or below."""
    if not value.is_Rational:
        return False
    return max(_magnitude(int(value.p)), _magnitude(int(value.q))) >= most


def _magnitude(integer: int) -> float:
    """The decimal logarithm of an integer's magnitude; 0 for 0."""
    return math.log10(abs(integer)) if integer else 0.0
