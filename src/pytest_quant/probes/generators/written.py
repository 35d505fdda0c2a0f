"""Arithmetic in writing: every question comes with the steps that lead to its answer.

Each step is small enough to be done at once, so that a wrong answer tells of a wrong step.
"""

from __future__ import annotations

import math
from random import Random
from typing import Any

from pytest_quant.probes.generators.listing import listed

# The larger unit, the smaller one, and how many of it the larger one has.
_UNITS = [
    ("hours", "minutes", 60),
    ("minutes", "seconds", 60),
    ("days", "hours", 24),
    ("weeks", "days", 7),
    ("years", "months", 12),
    ("feet", "inches", 12),
    ("yards", "feet", 3),
    ("pounds", "ounces", 16),
    ("metres", "centimetres", 100),
    ("kilometres", "metres", 1000),
    ("kilograms", "grams", 1000),
]

# An expression: a number, or an operator between two expressions.
_Expression = int | tuple[str, "_Expression", "_Expression"]


def subtraction(rng: Random, digits: list[int]) -> dict[str, Any]:
    """``a - b``, taking away the hundreds of ``b``, then its tens, then its ones."""
    b, a = sorted(_number(rng, rng.randint(*digits)) for _ in range(2))
    if a == b:
        return subtraction(rng, digits)
    steps, left = [], a
    for place, digit in enumerate(str(b)):
        part = int(digit) * 10 ** (len(str(b)) - place - 1)
        if part:
            steps.append(f"{left} - {part} = {left - part}")
            left -= part
    return {"a": a, "b": b, "working": ", ".join(steps)}


def column(rng: Random, count: list[int], digits: list[int]) -> dict[str, Any]:
    """Several numbers to add, with the total after each of them."""
    numbers = [_number(rng, rng.randint(*digits)) for _ in range(rng.randint(*count))]
    steps, total = [], numbers[0]
    for number in numbers[1:]:
        steps.append(f"{total} + {number} = {total + number}")
        total += number
    return {"numbers": listed(numbers), "total": total, "working": ", ".join(steps)}


def percentage(rng: Random) -> dict[str, Any]:
    """A percentage of a whole number: multiplied by tens and ones, then divided by 100."""
    amount, percent = rng.randint(11, 999), rng.randint(2, 99)
    parts = [part for part in (percent // 10 * 10, percent % 10) if part]
    steps = [f"{amount} * {part} = {amount * part}" for part in parts]
    product = amount * percent
    if len(parts) == 2:
        steps.append(f"{amount * parts[0]} + {amount * parts[1]} = {product}")
    quotient = f"{product // 100}.{product % 100:02d}".rstrip("0").rstrip(".")
    steps.append(f"{product} / 100 = {quotient}")
    return {"amount": amount, "percent": percent, "working": ", ".join(steps)}


def fraction_sum(rng: Random, largest: int) -> dict[str, Any]:
    """Two fractions in lowest terms and their sum over the least common denominator."""
    (p, q), (r, s) = _fraction(rng, largest), _fraction(rng, largest)
    if q == s:
        return fraction_sum(rng, largest)
    bottom = math.lcm(q, s)
    left, right = p * bottom // q, r * bottom // s
    working = f"{p}/{q} = {left}/{bottom}, {r}/{s} = {right}/{bottom}, {left} + {right}"
    return {
        "p": p,
        "q": q,
        "r": r,
        "s": s,
        "working": f"{working} = {left + right}",
        "sum": f"{left + right}/{bottom}",
    }


def close_fractions(rng: Random, largest: int) -> dict[str, Any]:
    """Two fractions at most a fifth apart, compared by their cross products."""
    (p, q), (r, s) = _fraction(rng, largest), _fraction(rng, largest)
    left, right = p * s, r * q
    if left == right or 5 * abs(left - right) > q * s:
        return close_fractions(rng, largest)
    x, y = f"{p}/{q}", f"{r}/{s}"
    sign = "<" if left < right else ">"
    working = f"{p} * {s} = {left}, {r} * {q} = {right}, {left} {sign} {right}"
    return {"x": x, "y": y, "larger": x if left > right else y, "working": working}


def long_division(rng: Random, digits: list[int]) -> dict[str, Any]:
    """A number divided by one of one digit, a digit of the quotient a step."""
    divisor = rng.randint(3, 9)
    dividend = _number(rng, rng.randint(*digits))
    steps, left, started = [], 0, False
    for digit in str(dividend):
        left = 10 * left + int(digit)
        started = started or left >= divisor
        if started:
            steps.append(f"{left} = {left // divisor} * {divisor} + {left % divisor}")
            left %= divisor
    return {
        "dividend": dividend,
        "divisor": divisor,
        "quotient": dividend // divisor,
        "remainder": left,
        "working": ", ".join(steps),
    }


def unit_conversion(rng: Random) -> dict[str, Any]:
    """An amount in two units, to be written in the smaller one."""
    large, small, factor = rng.choice(_UNITS)
    count, rest = rng.randint(2, 60), rng.randint(2, min(factor - 1, 99))
    product = count * factor
    return {
        "large": large,
        "small": small,
        "factor": factor,
        "count": count,
        "rest": rest,
        "working": f"{count} * {factor} = {product}, {product} + {rest} = {product + rest}",
    }


def expression(rng: Random, operators: list[int]) -> dict[str, Any]:
    """An expression with brackets, written again after each operation.

    No number on the way is negative or above 999, and one factor of a product has one digit.
    """
    while True:
        tree = _tree(rng, rng.randint(*operators))
        written, bearable = [_text(tree)], "(" in _text(tree)
        while bearable and not isinstance(tree, int):
            tree, bearable = _step(tree)
            written.append(_text(tree))
        if bearable:
            break
    return {"expression": written[0], "value": tree, "working": " = ".join(written)}


def _tree(rng: Random, operators: int) -> _Expression:
    if operators == 0:
        return rng.randint(2, 30)
    left = rng.randint(0, operators - 1)
    return rng.choice("+-*"), _tree(rng, left), _tree(rng, operators - 1 - left)


def _step(tree: _Expression) -> tuple[_Expression, bool]:
    """The expression after its first operation on two numbers, and whether that was bearable."""
    assert not isinstance(tree, int)
    operator, left, right = tree
    if not isinstance(left, int):
        left, bearable = _step(left)
        return (operator, left, right), bearable
    if not isinstance(right, int):
        right, bearable = _step(right)
        return (operator, left, right), bearable
    value = {"+": left + right, "-": left - right, "*": left * right}[operator]
    easy = operator != "*" or min(left, right) < 10
    return value, easy and 0 <= value <= 999


def _text(tree: _Expression) -> str:
    """The expression with no more brackets than it needs."""
    if isinstance(tree, int):
        return str(tree)
    operator, left, right = tree
    before = operator == "*" and _operator(left) in ("+", "-")
    behind = _operator(right) in ("+", "-", operator)
    shown = [
        f"({_text(part)})" if bracketed else _text(part)
        for part, bracketed in ((left, before), (right, behind))
    ]
    return f" {operator} ".join(shown)


def _operator(tree: _Expression) -> str:
    return "" if isinstance(tree, int) else tree[0]


def _fraction(rng: Random, largest: int) -> tuple[int, int]:
    """A fraction between 0 and 1 in lowest terms."""
    bottom = rng.randint(2, largest)
    top = rng.randint(1, bottom - 1)
    divisor = math.gcd(top, bottom)
    return top // divisor, bottom // divisor


def _number(rng: Random, digits: int) -> int:
    return rng.randint(10 ** (digits - 1), 10**digits - 1)
