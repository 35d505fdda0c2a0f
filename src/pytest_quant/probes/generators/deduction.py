"""Questions that follow from a few statements, with the statements in the order they are used."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

_NAMES = ["Mia", "Tom", "Ann", "Ben", "Eva", "Leo", "Zoe", "Max", "Ida", "Sam", "Uma", "Kim"]
_NOUNS = ["wug", "dax", "fep", "lom", "zib", "tor", "gub", "pim", "nack", "sorp", "bleg", "vam"]
# More of a quality, the most of it, the least of it.
_ORDERS = [("taller", "tallest", "shortest"), ("older", "oldest", "youngest"),
           ("faster", "fastest", "slowest"), ("heavier", "heaviest", "lightest")]  # fmt: skip
_PLACES = ["hall", "barn", "mill", "shop", "park", "lake", "farm", "school", "bank", "church"]
_THINGS = ["key", "coin", "ring", "pen", "ball", "letter", "map", "watch"]
_HIDING = ["drawer", "bag", "box", "jar", "basket", "chest", "bottle", "bucket", "sack", "case"]


def syllogism_chain(rng: Random) -> dict[str, Any]:
    """Does a chain of "every A is a B" lead from what is given to what is claimed?

    Where it does not, the claim stands further back in the same chain, or in another one.
    """
    length, name = rng.randint(2, 4), rng.choice(_NAMES)
    nouns = rng.sample(_NOUNS, length + 4)
    chain, aside = nouns[: length + 1], nouns[length + 1 :][: rng.randint(2, 3)]
    follows = rng.random() < 0.5
    first, last = sorted(rng.sample(range(length + 1), 2))
    if follows:
        start, claimed = first, chain[last]
    elif rng.random() < 0.5:
        start, claimed = last, chain[first]
    else:
        start, claimed = first, rng.choice(aside)
    rules = [f"Every {a} is a {b}." for row in (chain, aside) for a, b in pairwise(row)]
    used = rules[start : last if follows else length]
    given = f"{name} is a {chain[start]}."
    end = [] if follows else [f"No rule for {chain[-1]}."]
    return {
        "statements": " ".join(rng.sample([given, *rules], len(rules) + 1)),
        "name": name,
        "claimed": claimed,
        "working": " ".join([given, *used, *end]),
        "value": "yes" if follows else "no",
    }


def extreme(rng: Random) -> dict[str, Any]:
    """Who comes first or last in an order of three to six people, given pair by pair."""
    more, most, least = rng.choice(_ORDERS)
    people = rng.sample(_NAMES, rng.randint(3, 6))
    pairs = [f"{a} is {more} than {b}" for a, b in pairwise(people)]
    shown = rng.sample(range(len(pairs)), len(pairs))
    # From the first statement on, towards the end that is asked for.
    upwards = rng.random() < 0.5
    used = range(shown[0], -1, -1) if upwards else range(shown[0], len(pairs))
    return {
        "statements": " ".join(f"{pairs[i]}." for i in shown),
        "asked": most if upwards else least,
        "working": ", ".join(pairs[i] for i in used),
        "person": people[0] if upwards else people[-1],
    }


def route(rng: Random, places: list[int]) -> dict[str, Any]:
    """A round of places, each leading to one other, followed for some steps."""
    around = rng.sample(_PLACES, rng.randint(*places))
    leads = [f"The {a} leads to the {b}." for a, b in pairwise([*around, around[0]])]
    steps = rng.randint(2, len(around) - 1)
    return {
        "statements": " ".join(rng.sample(leads, len(leads))),
        "start": around[0],
        "steps": steps,
        "working": ", ".join(f"{i} {around[i]}" for i in range(1, steps + 1)),
        "end": around[steps],
    }


def liars(rng: Random, people: list[int]) -> dict[str, Any]:
    """People who always lie or never do, each but one speaking of another."""
    names = rng.sample(_NAMES, rng.randint(*people))
    truthful = [rng.random() < 0.5 for _ in names]
    known = f"{names[0]} {_behaves(truthful[0])}"
    claims, concluded = [], []
    for (other, truth), (name, honest) in pairwise(zip(names, truthful, strict=True)):
        claims.append(f"{name} says that {other} {_behaves(honest == truth)}")
        concluded.append(f"{claims[-1]}, so {name} {_behaves(honest)}")
    return {
        "statements": " ".join(f"{s}." for s in rng.sample([known, *claims], len(names))),
        "name": names[-1],
        "working": ". ".join([known, *concluded]),
        "value": "yes" if truthful[-1] else "no",
    }


def elimination(rng: Random) -> dict[str, Any]:
    """A thing is in one of four places, three of which are ruled out."""
    places = rng.sample(_HIDING, 4)
    hidden = rng.choice(places)
    excluded = [place for place in places if place != hidden]
    a, b, c, d = places
    ruled_out = " ".join(f"It is not in the {place}." for place in rng.sample(excluded, 3))
    thing = rng.choice(_THINGS)
    return {
        "thing": thing,
        "ruled_out": ruled_out,
        "hidden": hidden,
        "a": a,
        "b": b,
        "c": c,
        "d": d,
    }


def _behaves(truthful: bool) -> str:
    return "tells the truth" if truthful else "lies"
