"""Questions whose answer is a list of steps: each depends on the one before."""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_quant.probes.generators.listing import listed


def arithmetic_sequence(rng: Random) -> dict[str, Any]:
    start, step, count = rng.randint(1, 99), rng.randint(2, 19), rng.randint(5, 9)
    terms = [start + step * i for i in range(count)]
    return {"start": start, "step": step, "count": count, "terms": listed(terms)}


def sum_of_two_before(rng: Random) -> dict[str, Any]:
    """A sequence in which each term is the sum of the two before it."""
    terms = [rng.randint(1, 20), rng.randint(1, 20)]
    count = rng.randint(6, 10)
    while len(terms) < count:
        terms.append(terms[-1] + terms[-2])
    return {"first": terms[0], "second": terms[1], "count": count, "terms": listed(terms)}


def doubling(rng: Random) -> dict[str, Any]:
    start, count = rng.randint(2, 500), rng.randint(4, 7)
    return {"start": start, "count": count, "terms": listed([start * 2**i for i in range(count)])}


def common_divisor(rng: Random) -> dict[str, Any]:
    """Euclid's algorithm by subtraction, with every pair on the way."""
    divisor = rng.randint(1, 12)
    a, b = divisor * rng.randint(2, 14), divisor * rng.randint(2, 14)
    pairs = [(a, b)]
    while pairs[-1][0] != pairs[-1][1]:
        x, y = pairs[-1]
        pairs.append((x - y, y) if x > y else (x, y - x))
    if a == b or len(pairs) > 9:
        return common_divisor(rng)
    working = ", ".join(f"({x}, {y})" for x, y in pairs)
    return {"a": a, "b": b, "working": working, "divisor": pairs[-1][0]}


def numbers_to_sort(rng: Random) -> dict[str, Any]:
    numbers = rng.sample(range(1, 100), rng.randint(3, 7))
    return {"numbers": listed(numbers), "terms": listed(sorted(numbers))}


def word_repeated(rng: Random) -> dict[str, Any]:
    """A word to be written a given number of times: an instruction that can be verified."""
    syllables = ["ba", "do", "fi", "ku", "lo", "me", "na", "pi", "ro", "su", "ta", "vi"]
    word = "".join(rng.choices(syllables, k=rng.randint(2, 3)))
    count = rng.randint(2, 8)
    return {"word": word, "count": count, "terms": listed([word] * count)}
