"""Persons, places, dates and companies named in a few sentences."""

from __future__ import annotations

from random import Random
from typing import Any

_FIRST = ["Anna", "Peter", "Clara", "Henry", "Laura", "Simon", "Nina", "Oscar", "Ruth", "Felix"]
_LAST = ["Berg", "Moss", "Reed", "Novak", "Costa", "Lind", "Weber", "Hayes", "Rossi", "Dahl"]
_CITIES = ["Oslo", "Lisbon", "Vienna", "Prague", "Cairo", "Lima", "Dublin", "Athens", "Madrid",
           "Warsaw", "Ottawa", "Nairobi"]  # fmt: skip
_MONTHS = ["January", "February", "March", "April", "June", "July", "August", "September",
           "October", "November", "December"]  # fmt: skip
# Each names persons (p), cities (c) and dates (d).
_SENTENCES = [
    "{p} met {q} in {c} on {d}.",
    "On {d}, {p} flew from {c} to {e}.",
    "{p} has lived in {c} since {d}.",
    "The letter that {p} wrote to {q} reached {c} on {d}.",
    "{p} will speak in {c} on {d}, and in {e} later.",
    "The museum in {c}, which {p} runs, opens on {d}.",
    "{p} and {q} left {c} on {d}.",
]
_KINDS = {"persons": "pq", "cities": "ce", "dates": "d"}

# Names that hold the name of a city.
_DOUBLE_FIRST = ["Sydney", "Florence", "Austin", "Victoria", "Chelsea", "Adelaide"]
_DOUBLE_LAST = ["London", "Lincoln", "Wells", "Bristol", "Durham", "Paris"]
_FIRMS = ["Boston Paper", "Geneva Watches", "Milan Shoes", "Denver Steel", "Porto Lines",
          "Turin Motors"]  # fmt: skip
_DOUBLE_SENTENCES = [
    "{p} left {f} and moved to {c}.",
    "In {c}, {p} sells the goods of {f}.",
    "{f} has sent {p} to {c} for a year.",
    "{p} of {f} was born in {c}.",
    "The head of {f}, {p}, never comes to {c}.",
]
_DOUBLE_KINDS = {"persons": "p", "cities": "c", "companies": "f"}


def entities(rng: Random, sentences: list[int]) -> dict[str, Any]:
    """Sentences, and all that they name of one kind."""
    count = rng.randint(*sentences)
    firsts, lasts = iter(rng.sample(_FIRST, 2 * count)), iter(rng.sample(_LAST, 2 * count))
    cities = iter(rng.sample(_CITIES, 2 * count))
    days = rng.sample(range(1, 29), count)
    named: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    said = []
    for frame, day in zip(rng.sample(_SENTENCES, count), days, strict=True):
        values = {letter: f"{next(firsts)} {next(lasts)}" for letter in "pq"}
        values |= {letter: next(cities) for letter in "ce"}
        values["d"] = f"{day} {rng.choice(_MONTHS)}"
        said.append(frame.format(**values))
        for kind, letters in _KINDS.items():
            named[kind] += [values[x] for x in letters if f"{{{x}}}" in frame]
    kind = rng.choice(list(_KINDS))
    return {
        "text": " ".join(said),
        "kind": kind,
        "wanted": "; ".join(named[kind]),
        "others": "; ".join(name for k, names in named.items() if k != kind for name in names),
        "aliases": [_other_forms(date) for date in named["dates"]],
    }


def double_names(rng: Random, sentences: list[int]) -> dict[str, Any]:
    """The same, where persons and companies are named after cities."""
    count = rng.randint(*sentences)
    firsts = rng.sample(_DOUBLE_FIRST, count)
    lasts = rng.sample(_DOUBLE_LAST, count)
    persons = [
        f"{first} {rng.choice(_LAST)}" if rng.random() < 0.5 else f"{rng.choice(_FIRST)} {last}"
        for first, last in zip(firsts, lasts, strict=True)
    ]
    named = {"persons": persons, "cities": rng.sample(_CITIES, count),
             "companies": rng.sample(_FIRMS, count)}  # fmt: skip
    said = [
        frame.format(p=named["persons"][i], c=named["cities"][i], f=named["companies"][i])
        for i, frame in enumerate(rng.sample(_DOUBLE_SENTENCES, count))
    ]
    kind = rng.choice(list(named))
    return {
        "text": " ".join(said),
        "kind": kind,
        "wanted": "; ".join(named[kind]),
        "others": "; ".join(name for k, names in named.items() if k != kind for name in names),
    }


def _other_forms(date: str) -> str:
    day, month = date.split()
    ordinal = f"{day}{_ending(int(day))}"
    forms = [f"{month} {day}", f"{ordinal} {month}", f"{ordinal} of {month}", f"{month} {ordinal}"]
    return " = ".join([date, *forms])


def _ending(day: int) -> str:
    if day in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
