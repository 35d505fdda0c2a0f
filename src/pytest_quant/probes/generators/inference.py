"""Samples for statistical tests, chosen so that a table of four digits gives the asked digits."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import comb, erf, sqrt
from random import Random
from typing import Any

_LEAST_Z, _MOST_Z = 0.7, 3.3


def trial(rng: Random) -> dict[str, Any]:
    """A drug and a placebo in groups of one size, and the p-value of Fisher's exact test."""
    patients = rng.randrange(40, 201, 10)
    placebo = rng.randint(patients // 5, patients // 2)
    treated = rng.randint(placebo + 1, min(patients - 1, placebo + patients // 3))
    if not _LEAST_Z < _z(treated, placebo, patients) < _MOST_Z:
        return trial(rng)
    return {
        "patients": patients,
        "treated": treated,
        "placebo": placebo,
        "fisher": fisher(treated, placebo, patients),
    }


def rates(rng: Random) -> dict[str, Any]:
    """The same, told in percent."""
    patients = rng.choice([50, 100, 150, 200, 250, 300, 400])
    percents = [p for p in range(10, 91) if p * patients % 100 == 0]
    first, second = sorted(rng.sample(percents, 2))
    placebo, treated = first * patients // 100, second * patients // 100
    if not _LEAST_Z < _z(treated, placebo, patients) < _MOST_Z:
        return rates(rng)
    return {
        "patients": patients,
        "treated": treated,
        "placebo": placebo,
        "treated_percent": second,
        "placebo_percent": first,
    }


def fisher(first: int, second: int, size: int) -> Fraction:
    """The two-sided p-value of Fisher's exact test for two groups of one size.

    It adds the chances of all tables with the same margins that are no likelier than this one.
    """
    successes = first + second
    ways = [comb(size, k) * comb(size, successes - k) for k in range(successes + 1)]
    return Fraction(sum(w for w in ways if w <= ways[first]), sum(ways))


def tosses(rng: Random) -> dict[str, Any]:
    """A coin that may or may not be fair."""
    count = rng.randrange(60, 401, 20)
    return {"tosses": count, "heads": rng.randint(35 * count // 100, 65 * count // 100)}


def normal_parts(rng: Random) -> dict[str, Any]:
    """A normal distribution, a value above its mean and two values around it."""
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


def _short(number: Decimal) -> Decimal:
    """Without zeros at its end: 10.5, not 10.50."""
    return number.quantize(Decimal(1)) if number == number.to_integral() else number.normalize()
