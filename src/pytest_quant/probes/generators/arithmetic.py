"""Operands and written-out working of arithmetic questions."""

from __future__ import annotations

from random import Random
from typing import Any


def operands(rng: Random, digits: list[int]) -> dict[str, Any]:
    """Two whole numbers; their lengths are drawn first, so that short ones are not rare."""
    a, b = (_with_digits(rng, rng.randint(*digits)) for _ in range(2))
    return {"a": a, "b": b}


def written_product(rng: Random, digits: list[int]) -> dict[str, Any]:
    """A product of ``a`` and a two-digit ``b``, through its two partial products."""
    a = _with_digits(rng, rng.randint(*digits))
    b = rng.randint(11, 99)
    tens, ones = b // 10 * 10, b % 10
    working = f"{a} * {tens} = {a * tens}, {a} * {ones} = {a * ones}, {a * tens} + {a * ones}"
    return {"a": a, "b": b, "working": f"{working} = {a * b}"}


def decimals_alike(rng: Random) -> dict[str, Any]:
    """Two decimals that agree at first sight, of different length as often as not."""
    whole = rng.randint(0, 9)
    first = rng.randint(0, 9)
    lengths = rng.sample([1, 2, 3], 2) if rng.random() < 0.5 else [2, 2]
    tails = ["".join(str(rng.randint(0, 9)) for _ in range(n - 1)) for n in lengths]
    texts = [f"{whole}.{first}{tail}" for tail in tails]
    if float(texts[0]) == float(texts[1]):
        return decimals_alike(rng)
    return {"x": texts[0], "y": texts[1], "larger": max(texts, key=float)}


def change(rng: Random) -> dict[str, Any]:
    """A purchase of several equal things, with the total on the way."""
    price, count = rng.randint(2, 19), rng.randint(2, 9)
    paid = -(-(price * count + rng.randint(0, 20)) // 10) * 10
    things = rng.choice(["pens", "cups", "lamps", "books", "bags", "hats", "plants", "keys"])
    name = rng.choice(["Mia", "Tom", "Ann", "Ben", "Eva", "Leo", "Zoe", "Max"])
    return {
        "price": price,
        "count": count,
        "spent": price * count,
        "paid": paid,
        "things": things,
        "name": name,
    }


def _with_digits(rng: Random, digits: int) -> int:
    return rng.randint(10 ** (digits - 1), 10**digits - 1)
