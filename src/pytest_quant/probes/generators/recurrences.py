"""Algorithms and recurrences whose every iterate is known exactly, or to the digits asked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from math import isqrt
from random import Random
from typing import Any

from pytest_quant.probes.generators.listing import listed

# Enough digits for the chaotic map: every step may cost one.
_DIGITS = 60


def fibonacci(rng: Random, count: list[int]) -> dict[str, Any]:
    """A sequence in which each number is the sum of the two before it."""
    terms = [rng.randint(1, 30), rng.randint(1, 30)]
    while len(terms) < count[1]:
        terms.append(terms[-1] + terms[-2])
    length = rng.randint(*count)
    return {
        "first": terms[0],
        "second": terms[1],
        "count": length,
        "terms": listed(terms[:length]),
    }


def hanoi(rng: Random) -> dict[str, Any]:
    """The fewest moves for towers of several heights, told of different towers."""
    low = rng.randint(1, 12)
    high = low + rng.randint(4, 8)
    things = rng.choice(["disks", "rings", "plates", "discs"])
    return {
        "things": things,
        "thing": things[:-1],
        "poles": rng.choice(["pegs", "rods", "poles", "posts"]),
        "low": low,
        "high": high,
        "terms": listed(2**n - 1 for n in range(low, high + 1)),
    }


def triangle(rng: Random) -> dict[str, Any]:
    """A number triangle that grows by the rule of the binomial coefficients."""
    left, right = rng.randint(1, 9), rng.randint(1, 9)
    n, k = rng.randint(6, 10), rng.randint(3, 5)
    row = [left, right]
    for _ in range(n - 1):
        row = [left, *(a + b for a, b in pairwise(row)), right]
    return {"left": left, "right": right, "n": n, "k": k, "terms": listed(row[: k + 1])}


def remainders(rng: Random, steps: list[int]) -> dict[str, Any]:
    """Euclid's algorithm by division: both numbers and all remainders but the final 0."""
    divisor = rng.randint(2, 30)
    a, b = sorted((divisor * rng.randint(10, 150) for _ in range(2)), reverse=True)
    chain = [a, b]
    while rest := chain[-2] % chain[-1]:
        chain.append(rest)
    if not steps[0] <= len(chain) - 1 <= steps[1]:
        return remainders(rng, steps)
    return {"a": a, "b": b, "terms": listed(chain)}


def newton(rng: Random) -> dict[str, Any]:
    """Newton's iterates for a square root, to six decimals."""
    radicand = rng.randint(2, 240)
    root = isqrt(radicand)
    if root * root == radicand:
        return newton(rng)
    guess = max(1, root + rng.randint(-1, 2))
    count = rng.randint(3, 5)
    iterates = [Fraction(guess)]
    for _ in range(count):
        iterates.append((iterates[-1] + radicand / iterates[-1]) / 2)
    terms = listed(_rounded(x, 6) for x in iterates[1:])
    return {"radicand": radicand, "guess": guess, "count": count, "terms": terms}


def bisection(rng: Random) -> dict[str, Any]:
    """The midpoints of an interval halved around the root of a cubic; both halves are taken."""
    p, q, low, count = rng.randint(2, 9), rng.randint(1, 99), rng.randint(1, 4), rng.randint(4, 6)
    left, right = Fraction(low), Fraction(low + 1)
    if not _cubic(left, p, q) < 0 < _cubic(right, p, q):
        return bisection(rng)
    midpoints: list[Fraction] = []
    for _ in range(count):
        midpoints.append((left + right) / 2)
        if _cubic(midpoints[-1], p, q) < 0:
            left = midpoints[-1]
        else:
            right = midpoints[-1]
    if any(_cubic(x, p, q) == 0 for x in midpoints) or left == low or right == low + 1:
        return bisection(rng)
    terms = listed(_rounded(x, i) for i, x in enumerate(midpoints, start=1))
    return {"p": p, "q": q, "low": low, "high": low + 1, "count": count, "terms": terms}


def linear_recurrence(rng: Random) -> dict[str, Any]:
    """The first eight terms, and one that is best found by the closed form."""
    start, factor, shift = rng.randint(1, 9), rng.randint(2, 5), rng.randint(1, 9)
    sign, later = rng.choice("+-"), rng.randint(10, 12)
    signed = shift if sign == "+" else -shift
    terms = [start]
    while len(terms) < later:
        terms.append(factor * terms[-1] + signed)
    if terms[1] <= terms[0]:
        return linear_recurrence(rng)
    return {
        "start": start,
        "factor": factor,
        "sign": sign,
        "shift": shift,
        "later": later,
        "terms": listed([*terms[:8], terms[-1]]),
    }


def population(rng: Random) -> dict[str, Any]:
    """Growth that slows down on the way to a balance, at least a fifth below it at first."""
    rate, crowding = Decimal(rng.randint(105, 150)) / 100, Decimal(rng.randint(1, 5)) / 10000
    start, count = 10 * rng.randint(5, 60), rng.randint(7, 10)
    if 5 * start * crowding > 4 * (rate - 1):
        return population(rng)
    terms = _iterated(lambda p: rate * p - crowding * p * p, Decimal(start), count)
    return {
        "rate": rate,
        "crowding": crowding,
        "start": start,
        "count": count,
        "terms": listed(_rounded(Fraction(p), 2) for p in terms),
    }


def logistic_map(rng: Random) -> dict[str, Any]:
    """A chaotic map, in which every error grows with each step."""
    rate, start = Decimal(rng.randint(360, 399)) / 100, Decimal(rng.randint(10, 90)) / 100
    count = rng.randint(8, 10)
    terms = _iterated(lambda x: rate * x * (1 - x), start, count - 1)
    return {
        "rate": rate,
        "start": start,
        "count": count,
        "terms": listed(_rounded(Fraction(x), 6) for x in terms),
    }


def _iterated(step: Callable[[Decimal], Decimal], start: Decimal, count: int) -> list[Decimal]:
    terms = []
    with localcontext(prec=_DIGITS):
        for _ in range(count):
            start = step(start)
            terms.append(start)
    return terms


def _cubic(x: Fraction, p: int, q: int) -> Fraction:
    return x**3 - p * x - q


def _rounded(value: Fraction, places: int) -> str:
    """A positive number with that many decimals, half up."""
    units = (value * 10**places + Fraction(1, 2)) // 1
    whole, part = divmod(units, 10**places)
    return f"{whole}.{part:0{places}d}"
