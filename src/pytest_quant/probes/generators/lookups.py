"""Looking things up in a short context: from copying an entry to following a chain of entries.

Names are made-up syllables and values are drawn anew for every case, so that nothing can be
memorised: whoever answers has read the entries.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

from pytest_quant.probes.generators.listing import listed

_SYLLABLES = ["ba", "do", "fi", "ga", "hu", "ja", "ku", "lo", "mi", "na", "pi", "ro", "su", "ta",
              "vi", "zu"]  # fmt: skip
_COLOURS = ["red", "blue", "green", "white", "black"]


def made_up_names(rng: Random, count: int, *, alike: bool = False) -> list[str]:
    """So many different names of two syllables; unless ``alike``, none begin the same."""
    if not alike:
        return [first + rng.choice(_SYLLABLES) for first in rng.sample(_SYLLABLES, count)]
    pairs = rng.sample(range(len(_SYLLABLES) ** 2), count)
    return ["".join(_SYLLABLES[i] for i in divmod(pair, len(_SYLLABLES))) for pair in pairs]


def listed_entries(rng: Random, count: list[int]) -> dict[str, Any]:
    """Named values in a list, one of which is asked for."""
    names = made_up_names(rng, rng.randint(*count))
    values = rng.sample(range(1, 100), len(names))
    i = rng.randrange(len(names))
    entries = ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
    return {"entries": entries, "name": names[i], "value": values[i], "known": listed(values)}


def neighbours(rng: Random, count: list[int]) -> dict[str, Any]:
    """Names in a row; the one behind the name asked about is wanted."""
    names = made_up_names(rng, rng.randint(*count), alike=True)
    i = rng.randrange(len(names) - 1)
    return {"row": ", ".join(names), "name": names[i], "next": names[i + 1]}


def owners(rng: Random, count: list[int]) -> dict[str, Any]:
    """Numbers and where they go, one of which is asked for by its number."""
    names = made_up_names(rng, rng.randint(*count), alike=True)
    numbers = rng.sample(range(1, 100), len(names))
    i = rng.randrange(len(names))
    routes = ", ".join(f"{n} goes to {name}" for n, name in zip(numbers, names, strict=True))
    return {"routes": routes, "number": numbers[i], "name": names[i], "known": listed(names)}


def stated_codes(rng: Random, count: list[int]) -> dict[str, Any]:
    """One sentence an entry, with names that look alike."""
    names = made_up_names(rng, rng.randint(*count), alike=True)
    values = rng.sample(range(10, 100), len(names))
    i = rng.randrange(len(names))
    facts = [f"The code of {name} is {value}." for name, value in zip(names, values, strict=True)]
    return {
        "facts": " ".join(facts),
        "fact": facts[i],
        "name": names[i],
        "value": values[i],
        "known": listed(values),
    }


def updated_boxes(rng: Random, boxes: list[int], updates: list[int]) -> dict[str, Any]:
    """Boxes whose content is stated and then changes; the latest content of one is asked for."""
    names = made_up_names(rng, rng.randint(*boxes))
    owners_in_order = names + rng.choices(names, k=rng.randint(*updates))
    contents = rng.sample(range(1, 100), len(owners_in_order))
    said: set[str] = set()
    sentences = []
    for name, content in zip(owners_in_order, contents, strict=True):
        now = "now " if name in said else ""
        sentences.append(f"The box of {name} {now}holds {content}.")
        said.add(name)
    asked = rng.choice(names)
    history = [
        content for name, content in zip(owners_in_order, contents, strict=True) if name == asked
    ]
    return {
        "facts": " ".join(sentences),
        "name": asked,
        "history": ", then ".join(map(str, history)),
        "value": history[-1],
        "known": listed(contents),
    }


def coloured_things(rng: Random, matches: list[int], others: list[int]) -> dict[str, Any]:
    """Things with colours; how many have the colour asked for, and a count of them on the way."""
    colour, *rest = rng.sample(_COLOURS, len(_COLOURS))
    hits = rng.randint(*matches)
    colours = [colour] * hits + rng.choices(rest, k=rng.randint(*others))
    rng.shuffle(colours)
    names = made_up_names(rng, len(colours))
    pairs = list(zip(names, colours, strict=True))
    found = [name for name, its_colour in pairs if its_colour == colour]
    return {
        "things": ", ".join(f"{name} is {its_colour}" for name, its_colour in pairs),
        "colour": colour,
        "working": ", ".join(f"{name} {i}" for i, name in enumerate(found, 1)),
        "hits": hits,
    }


def chains(rng: Random, hops: list[int], count: list[int]) -> dict[str, Any]:
    """Chains of links that end in a number, all shuffled; one is followed from its beginning."""
    length = rng.randint(*hops)
    names = made_up_names(rng, length * rng.randint(*count))
    ends = rng.sample(range(10, 100), len(names) // length)
    followed = []
    for i, end in enumerate(ends):
        stops = [*names[i * length : (i + 1) * length], end]
        followed.append([f"{a} leads to {b}." for a, b in pairwise(stops)])
    links = [link for chain in followed for link in chain]
    rng.shuffle(links)
    return {
        "links": " ".join(links),
        "name": names[0],
        "working": " ".join(followed[0]),
        "value": ends[0],
        "known": listed(ends),
    }
