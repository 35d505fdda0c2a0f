"""Rules to be followed step by step: a slip in one step spoils all that come after it."""

from __future__ import annotations

from itertools import accumulate, pairwise
from random import Random
from typing import Any

from pytest_quant.probes.generators.listing import listed


def countdown(rng: Random) -> dict[str, Any]:
    """Subtracting the same number until 0 is near; when to stop is part of the question."""
    step, count = rng.randint(3, 29), rng.randint(4, 9)
    start = step * (count - 1) + rng.randrange(step)
    return {"start": start, "step": step, "terms": listed(range(start, -1, -step))}


def running_sums(rng: Random, count: list[int]) -> dict[str, Any]:
    numbers = [rng.randint(2, 50) for _ in range(rng.randint(*count))]
    return {"numbers": listed(numbers), "terms": listed(accumulate(numbers))}


def collatz(rng: Random, count: list[int]) -> dict[str, Any]:
    """Halve an even number, triple an odd one and add 1."""
    terms = [rng.randint(3, 999)]
    length = rng.randint(*count)
    while len(terms) < length:
        last = terms[-1]
        terms.append(3 * last + 1 if last % 2 else last // 2)
    if 1 in terms[:-1]:
        return collatz(rng, count)
    return {"start": terms[0], "count": length, "terms": listed(terms)}


def halving_to_binary(rng: Random) -> dict[str, Any]:
    """A number halved down to 1, with what each half leaves: its binary digits in reverse."""
    number = rng.randint(8, 2047)
    halves = [number >> shift for shift in range(number.bit_length())]
    working = ", ".join(f"{half} leaves {half % 2}" for half in halves)
    return {"number": number, "binary": f"{number:b}", "working": working}


def geometric(rng: Random) -> dict[str, Any]:
    """A geometric sequence, with every product written out."""
    start, factor, count = rng.randint(2, 99), rng.randint(3, 9), rng.randint(4, 5)
    terms = [start * factor**i for i in range(count)]
    working = ", ".join(f"{a} * {factor} = {b}" for a, b in pairwise(terms))
    return {
        "start": start,
        "factor": factor,
        "count": count,
        "terms": listed(terms),
        "working": working,
    }


def second_differences(rng: Random) -> dict[str, Any]:
    """The next terms of a sequence whose differences grow by the same amount each time."""
    growth, count = rng.randint(1, 6), rng.randint(2, 3)
    steps = list(accumulate([rng.randint(2, 15), *[growth] * (count + 2)]))
    terms = list(accumulate([rng.randint(1, 30), *steps]))
    working = [f"The steps are {listed(steps[:3])}"]
    for (before, step), (last, term) in zip(pairwise(steps[2:]), pairwise(terms[3:]), strict=True):
        working.append(f"{before} + {growth} = {step}, {last} + {step} = {term}")
    return {
        "shown": listed(terms[:4]),
        "count": count,
        "terms": listed(terms[4:]),
        "working": ", ".join(working),
    }


def congruential(rng: Random, count: list[int]) -> dict[str, Any]:
    """Multiply, add, keep the remainder; no number comes twice."""
    modulus, factor, shift = rng.randint(7, 20), rng.randint(2, 9), rng.randint(1, 9)
    terms = [rng.randrange(modulus)]
    working = []
    for _ in range(rng.randint(*count) - 1):
        value = factor * terms[-1] + shift
        whole = value // modulus * modulus
        working.append(f"{factor} * {terms[-1]} + {shift} = {value}, {value} - {whole}")
        terms.append(value - whole)
        working[-1] += f" = {terms[-1]}"
    if len({*terms}) < len(terms):
        return congruential(rng, count)
    return {
        "modulus": modulus,
        "factor": factor,
        "shift": shift,
        "start": terms[0],
        "count": len(terms),
        "terms": listed(terms),
        "working": ", ".join(working),
    }
