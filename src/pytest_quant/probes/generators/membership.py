"""Which members a rule picks: words of a kind, numbers of a list, ones of a row of digits."""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_quant.probes.generators.listing import listed
from pytest_quant.probes.generators.wording import CAPITALS

_KINDS: dict[str, list[str]] = {
    "colours": ["red", "blue", "green", "white", "black", "yellow", "brown", "purple"],
    "animals": ["dog", "cat", "horse", "cow", "pig", "goat", "sheep", "mouse"],
    "fruits": ["apple", "pear", "plum", "grape", "lemon", "banana", "cherry", "peach"],
    "tools": ["hammer", "saw", "drill", "axe", "shovel", "rake", "file", "wrench"],
    "days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "months": ["January", "April", "June", "July", "August", "October", "December"],
    "numbers": ["one", "two", "three", "four", "five", "six", "seven", "eight"],
    "clothes": ["shirt", "coat", "hat", "shoe", "sock", "glove", "scarf", "dress"],
}


def another_kind(rng: Random) -> dict[str, Any]:
    """Three words of a kind and one of another."""
    kind, other = rng.sample(list(_KINDS), 2)
    alike, odd = rng.sample(_KINDS[kind], 3), rng.choice(_KINDS[other])
    return {"words": rng.sample([*alike, odd], 4), "odd": odd, "kind": kind}


def overlap(rng: Random, sizes: list[int]) -> dict[str, Any]:
    """The members of one list that another list also holds, or does not hold; at least one."""
    first: list[int] = []
    shared: list[int] = []
    alone: list[int] = []
    while not (shared and alone):
        numbers = rng.sample(range(1, 40), 2 * sizes[1])
        first = numbers[: rng.randint(*sizes)]
        shared = [number for number in first if rng.random() < 0.5]
        alone = [number for number in first if number not in shared]
    others = numbers[-rng.randint(1, sizes[1]) :]
    second = rng.sample([*shared, *others], len(shared) + len(others))
    wanted, asked = rng.choice([(shared, "are also"), (alone, "are not")])
    return {
        "first": listed(first),
        "second": listed(second),
        "asked": asked,
        "working": ", ".join(f"{n} {'yes' if n in shared else 'no'}" for n in first),
        "terms": listed(wanted),
    }


def parity(rng: Random, digits: list[int]) -> dict[str, Any]:
    """A row of zeros and ones, with the parity of the ones after each digit."""
    row = rng.choices((0, 1), k=rng.randint(*digits))
    states = ["odd" if sum(row[: i + 1]) % 2 else "even" for i in range(len(row))]
    working = ", ".join(f"{digit} {state}" for digit, state in zip(row, states, strict=True))
    return {"row": "".join(map(str, row)), "working": working, "value": states[-1]}


def which_city(rng: Random) -> dict[str, Any]:
    """A country, its capital and three other capitals."""
    country, *others = rng.sample(list(CAPITALS), 4)
    cities = [CAPITALS[name] for name in (country, *others)]
    return {"country": country, "capital": cities[0], "cities": rng.sample(cities, 4)}
