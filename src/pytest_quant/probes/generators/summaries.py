"""Short reports to be summarized: which facts must be in, and which are to be left out."""

from __future__ import annotations

from random import Random
from typing import Any

_FIRST = ["Anna", "Peter", "Clara", "Henry", "Laura", "Simon", "Nina", "Oscar"]
_LAST = ["Berg", "Moss", "Reed", "Novak", "Costa", "Lind", "Weber", "Hayes"]
_CITIES = ["Oslo", "Lisbon", "Vienna", "Prague", "Cairo", "Lima", "Dublin", "Athens"]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_JOBS = ["The mayor", "The engineer", "The painter", "The banker", "The teacher", "The actor"]

# What happened: how the report tells it, how a summary may, and of what it is said.
_DEEDS: dict[str, tuple[str, str, list[str]]] = {
    "opened": (
        "{city} has a new {thing} at last. {job} {person} opened it on {day}.",
        "opened | opens | opening | inaugurated | inaugurates",
        ["library", "bridge", "museum", "clinic", "school", "theatre"],
    ),
    "bought": (
        "The old {thing} of {city} has found an owner. {job} {person} bought it on {day}.",
        "bought | buys | buying | purchased | purchases | acquired | acquires | sold to",
        ["mill", "castle", "cinema", "station", "brewery", "chapel"],
    ),
    "won": (
        "This year, the {thing} was held in {city}. {job} {person} won it on {day}.",
        "won | wins | winning | winner | victory | victorious",
        ["marathon", "regatta", "chess tournament", "rowing race", "cooking contest"],
    ),
}
# A side remark, and the word by which it is known.
_REMARKS = {
    "rain": "Rain fell all morning.", "coffee": "Coffee was served in paper cups.",
    "dog": "A dog ran across the square.", "trumpet": "A boy played the trumpet.",
    "flag": "Flags hung from the windows.", "traffic": "Traffic was held up for an hour.",
    "balloon": "A child lost her balloon.", "microphone": "The microphone failed twice.",
    "bread": "A baker gave away bread.", "bell": "The bells rang at noon.",
}  # fmt: skip

# What may be done to a thing.
_PROJECTS = {
    "hall": "repaint the hall", "bus": "buy a bus", "fence": "mend the fence",
    "oven": "replace the oven", "pond": "drain the pond", "choir": "pay for a choir",
    "path": "widen the path", "roof": "insulate the roof", "piano": "sell the piano",
    "bench": "put up a bench", "statue": "restore the statue", "cellar": "clear the cellar",
}  # fmt: skip
_AGREED = ["The board agreed to {}.", "All were in favour of the plan to {}.",
           "It was settled to {}."]  # fmt: skip
_REFUSED = ["The wish to {} was turned down.", "There was no majority for the plan to {}.",
            "Whether to {} is to be discussed next year.",
            "The motion to {} was withdrawn."]  # fmt: skip


def report(rng: Random, remarks: list[int]) -> dict[str, Any]:
    """Who did what, where and on which day, among remarks that do not matter."""
    deed = rng.choice(list(_DEEDS))
    told, forms, things = _DEEDS[deed]
    thing, city, day = rng.choice(things), rng.choice(_CITIES), rng.choice(_DAYS)
    last = rng.choice(_LAST)
    person = f"{rng.choice(_FIRST)} {last}"
    asides = rng.sample(list(_REMARKS), rng.randint(*remarks))
    where, who = (
        f"{part.rstrip('.')}."
        for part in told.format(
            city=city, thing=thing, job=rng.choice(_JOBS), person=person, day=day
        ).split(". ")
    )
    half = len(asides) // 2
    parts = [where, *(_REMARKS[a] for a in asides[:half]), who]
    parts += [_REMARKS[a] for a in asides[half:]]
    return {
        "report": " ".join(parts),
        "deed": deed,
        "facts": f"{last}; {forms}; {thing}; {city}; {day}",
        "asides": "; ".join(asides),
        "summary": f"{person} {deed} the {thing} in {city} on {day}.",
    }


def minutes(rng: Random, agreed: list[int], refused: list[int]) -> dict[str, Any]:
    """What a meeting settled, among what it did not."""
    yes, no = rng.randint(*agreed), rng.randint(*refused)
    things = rng.sample(list(_PROJECTS), yes + no)
    said = [rng.choice(_AGREED).format(_PROJECTS[thing]) for thing in things[:yes]]
    said += [rng.choice(_REFUSED).format(_PROJECTS[thing]) for thing in things[yes:]]
    rng.shuffle(said)
    return {
        "minutes": " ".join(said),
        "settled": "; ".join(things[:yes]),
        # What nobody spoke of was not decided either.
        "others": "; ".join(thing for thing in _PROJECTS if thing not in things[:yes]),
        "summary": f"The board will {' and '.join(_PROJECTS[thing] for thing in things[:yes])}.",
    }
