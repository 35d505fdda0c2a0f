"""Chances of draws, spins and tests, each worked out in steps of one small sum or product."""

from __future__ import annotations

from math import lcm, prod
from random import Random
from typing import Any

from pytest_quant.probes.generators.listing import enumerated
from pytest_quant.probes.generators.running import running

_COLOURS = ["red", "blue", "green", "white", "black", "yellow"]
_EVENTS = [
    "it rains", "it snows", "the bus is late", "the lamp breaks", "the team wins", "Mia wins",
    "Tom wins", "Ann is at home", "Ben is at home", "the shop is open", "the test is easy",
    "the door is open",
]  # fmt: skip
_NUMBERED = ["Cards", "Balls", "Tickets", "Stones", "Coins"]


def complement(rng: Random) -> dict[str, Any]:
    """A chance other than one half, and what is missing to 1."""
    below = rng.randint(3, 30)
    above = rng.choice([n for n in range(1, below) if 2 * n != below])
    rest = below - above
    return {
        "event": rng.choice(_EVENTS),
        "above": above,
        "below": below,
        "rest": rest,
        "working": f"{below}/{below} - {above}/{below} = {rest}/{below}",
    }


def mean_of_parts(rng: Random, parts: list[int]) -> dict[str, Any]:
    """The numbers on a spinner of equal parts, and their running sum."""
    numbers = [rng.randint(1, 20) for _ in range(rng.randint(*parts))]
    return {
        "numbers": enumerated(numbers),
        "parts": len(numbers),
        "sum": sum(numbers),
        "largest": max(numbers),
        "working": running("+", numbers),
    }


def divisible(rng: Random) -> dict[str, Any]:
    """Numbers up to a last one that are divisible by one of two: counted without counting twice."""
    last = rng.randint(12, 60)
    first, second = sorted(rng.sample(range(2, 7), 2))
    each, other, both = (last // n for n in (first, second, lcm(first, second)))
    hits = each + other - both
    working = f"By {first}: {each}. By {second}: {other}. By both: {both}. "
    return {
        "things": rng.choice(_NUMBERED),
        "last": last,
        "first": first,
        "second": second,
        "each": each,
        "other": other,
        "hits": hits,
        "working": f"{working}{each} + {other} - {both} = {hits}",
    }


def spins(rng: Random, length: list[int]) -> dict[str, Any]:
    """An uneven spinner of two colours, and a series of them in order."""
    colours = rng.sample(_COLOURS, 2)
    below = rng.randint(3, 9)
    above = rng.choice([n for n in range(1, below) if 2 * n != below])
    series = [rng.randrange(2) for _ in range(rng.randint(*length))]
    tops = [(above, below - above)[i] for i in series]
    fractions = " * ".join(f"{top}/{below}" for top in tops)
    return {
        "one": colours[0],
        "other": colours[1],
        "above": above,
        "below": below,
        "count": len(series),
        "series": ", ".join(colours[i] for i in series),
        "ways": prod(tops),
        "all": below ** len(series),
        "working": f"{fractions}. {running('*', tops)}. {running('*', [below] * len(series))}",
    }


def two_draws(rng: Random) -> dict[str, Any]:
    """Two marbles drawn one after the other and kept: both of a colour, or of two in order."""
    colours = rng.sample(_COLOURS, rng.randint(2, 3))
    counts = [rng.randint(2, 7) for _ in colours]
    first = rng.randrange(len(colours))
    second = rng.choice([i for i in range(len(colours)) if i != first])
    event = f"the first is {colours[first]} and the second is {colours[second]}"
    left = counts[second]
    if rng.random() < 0.5:
        event, left = f"both are {colours[first]}", counts[first] - 1
    total, hits = sum(counts), counts[first]
    kept = left if event.startswith("the") else hits
    working = f"{' + '.join(map(str, counts))} = {total}. First {hits}/{total}, then "
    working += f"{left}/{total - 1}. {hits} * {left} = {hits * left}, "
    return {
        "bag": enumerated([f"{n} {colour}" for n, colour in zip(counts, colours, strict=True)]),
        "event": event,
        "ways": hits * left,
        "pairs": total * (total - 1),
        "put_back": hits * kept,
        "total": total,
        "working": f"{working}{total} * {total - 1} = {total * (total - 1)}",
    }


def at_least_one(rng: Random) -> dict[str, Any]:
    """Two draws with putting back, of which at least one is of a colour."""
    colours = rng.sample(_COLOURS, 2)
    hits, others = rng.randint(1, 9), rng.randint(1, 9)
    total = hits + others
    ways = total**2 - others**2
    return {
        "hits": hits,
        "others": others,
        "colour": colours[0],
        "other": colours[1],
        "ways": ways,
        "pairs": total**2,
        "working": f"{hits} + {others} = {total}. No {colours[0]}: {others} * {others} = "
        f"{others**2} of {total} * {total} = {total**2}. {total**2} - {others**2} = {ways}",
    }


def screening(rng: Random) -> dict[str, Any]:
    """A test for an illness in whole people: Bayes' rule as four counts."""
    below, others_below = rng.randint(2, 9), rng.randint(2, 9)
    above, others_above = rng.randint(1, below - 1), rng.randint(1, others_below - 1)
    group, others_group = rng.randint(1, 6), rng.randint(3, 12)
    ill, others = below * group, others_below * others_group
    found, wrong = above * group, others_above * others_group
    return {
        "people": ill + others,
        "ill": ill,
        "above": above,
        "below": below,
        "others_above": others_above,
        "others_below": others_below,
        "found": found,
        "positive": found + wrong,
        "working": f"{ill + others} - {ill} = {others}. "
        f"{ill} / {below} = {group}, {group} * {above} = {found}. "
        f"{others} / {others_below} = {others_group}, {others_group} * {others_above} = {wrong}. "
        f"{found} + {wrong} = {found + wrong}",
    }
