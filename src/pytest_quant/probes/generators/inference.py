"""Samples for statistical tests, and which of two conclusions follows from each.

``yes`` and ``no`` are the facts that an answer must state if something is shown, or is not.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import comb, erf, sqrt
from random import Random
from typing import Any

_LEAST_Z, _MOST_Z = 0.7, 2.6  # so that four decimals tell the p-value
_SIGNIFICANT = 1.96  # two-sided, at 5 percent
_UNDECIDED = 0.1  # as near to that, a rounded z may fall on the other side

Facts = list[list[str]]


def trial(rng: Random, yes: Facts, no: Facts) -> dict[str, Any]:
    """A drug and a placebo in groups of one size, and the p-value of Fisher's exact test."""
    patients = rng.randrange(40, 201, 10)
    placebo = rng.randint(patients // 5, patients // 2)
    treated = rng.randint(placebo + 1, min(patients - 1, placebo + patients // 3))
    z = _z(treated, placebo, patients)
    if not _is_told(z):
        return trial(rng, yes, no)
    return {
        "patients": patients,
        "treated": treated,
        "placebo": placebo,
        "fisher": fisher(treated, placebo, patients),
        "conclusion": yes if z > _SIGNIFICANT else no,
    }


def rates(rng: Random, yes: Facts, no: Facts) -> dict[str, Any]:
    """The same, told in percent."""
    patients = rng.choice([50, 100, 150, 200, 250, 300, 400])
    percents = [p for p in range(10, 91) if p * patients % 100 == 0]
    first, second = sorted(rng.sample(percents, 2))
    placebo, treated = first * patients // 100, second * patients // 100
    z = _z(treated, placebo, patients)
    if not _is_told(z):
        return rates(rng, yes, no)
    return {
        "patients": patients,
        "treated": treated,
        "placebo": placebo,
        "treated_percent": second,
        "placebo_percent": first,
        "conclusion": yes if z > _SIGNIFICANT else no,
    }


def fisher(first: int, second: int, size: int) -> Fraction:
    """The two-sided p-value of Fisher's exact test for two groups of one size.

    It adds the chances of all tables with the same margins that are no likelier than this one.
    """
    successes = first + second
    ways = [comb(size, k) * comb(size, successes - k) for k in range(successes + 1)]
    return Fraction(sum(w for w in ways if w <= ways[first]), sum(ways))


def tosses(rng: Random, yes: Facts, no: Facts) -> dict[str, Any]:
    """A coin of which it is, or is not, plausible that it is fair."""
    count = rng.randrange(60, 401, 20)
    heads = rng.randint(35 * count // 100, 65 * count // 100)
    errors = abs(heads - count / 2) / sqrt(heads * (count - heads) / count)
    if abs(errors - _SIGNIFICANT) < _UNDECIDED:
        return tosses(rng, yes, no)
    return {"tosses": count, "heads": heads, "conclusion": yes if errors < _SIGNIFICANT else no}


def normal_parts(rng: Random) -> dict[str, Any]:
    """A normal distribution, a value above its mean and two values around it.

    A table of four digits gives the same two decimals of the percents asked for.
    """
    mean, deviation = rng.randint(5, 60), Decimal(rng.randint(1, 9)) / 10
    above, left, right = (Decimal(rng.randint(4, 26)) / 10 for _ in range(3))
    shares = [(above,), (left, right)]
    if any(_table_misleads(z) for z in shares):
        return normal_parts(rng)
    over, low, high = mean + above * deviation, mean - left * deviation, mean + right * deviation
    return {
        "mean": mean,
        "deviation": deviation,
        "over": _short(over),
        "low": _short(low),
        "high": _short(high),
    }


def _table_misleads(z: tuple[Decimal, ...]) -> bool:
    """Whether percents from a table of four digits are not the true ones, to two decimals."""
    tails = [0.5 - erf(float(part) / sqrt(2)) / 2 for part in z]
    exact, table = (sum(tails), sum(round(tail, 4) for tail in tails))
    return round(100 * exact, 2) != round(100 * table, 2)


def _z(treated: int, placebo: int, patients: int) -> float:
    both = treated + placebo
    return (treated - placebo) / sqrt(both * (2 * patients - both) / (2 * patients))


def _is_told(z: float) -> bool:
    return _LEAST_Z < z < _MOST_Z and abs(z - _SIGNIFICANT) > _UNDECIDED


def _short(number: Decimal) -> Decimal:
    """Without zeros at its end: 10.5, not 10.50."""
    return number.quantize(Decimal(1)) if number == number.to_integral() else number.normalize()
