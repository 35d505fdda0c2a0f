"""Sentences to be rewritten: another tense, number, person or word, from closed tables."""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_quant.probes.generators.listing import enumerated

# The form after "I", the form after "she", the past.
_VERBS = [
    ("break", "breaks", "broke"), ("bring", "brings", "brought"), ("buy", "buys", "bought"),
    ("carry", "carries", "carried"), ("clean", "cleans", "cleaned"), ("close", "closes", "closed"),
    ("draw", "draws", "drew"), ("drop", "drops", "dropped"), ("find", "finds", "found"),
    ("give away", "gives away", "gave away"), ("hide", "hides", "hid"), ("hold", "holds", "held"),
    ("keep", "keeps", "kept"), ("leave", "leaves", "left"), ("lift", "lifts", "lifted"),
    ("lose", "loses", "lost"), ("make", "makes", "made"), ("open", "opens", "opened"),
    ("paint", "paints", "painted"), ("push", "pushes", "pushed"), ("see", "sees", "saw"),
    ("sell", "sells", "sold"), ("take", "takes", "took"), ("wash", "washes", "washed"),
    ("watch", "watches", "watched"), ("write on", "writes on", "wrote on"),
]  # fmt: skip
_NOUNS = {
    "bag": "bags", "box": "boxes", "brush": "brushes", "city": "cities", "clock": "clocks",
    "cup": "cups", "dish": "dishes", "door": "doors", "foot": "feet", "glass": "glasses",
    "goose": "geese", "key": "keys", "knife": "knives", "lamp": "lamps", "leaf": "leaves",
    "letter": "letters", "mouse": "mice", "paper": "papers", "plant": "plants", "shelf": "shelves",
    "story": "stories", "table": "tables", "tooth": "teeth", "wall": "walls", "watch": "watches",
    "wolf": "wolves",
}  # fmt: skip
_THINGS = ["bag", "box", "clock", "cup", "dish", "door", "key", "lamp", "letter", "paper", "plant",
           "table", "wall", "glass", "knife"]  # fmt: skip
_ADJECTIVES = ["old", "new", "red", "green", "small", "big", "warm", "cold", "clean", "white"]
_PEOPLE = ["boy", "girl", "king", "queen", "nurse", "farmer", "teacher", "cook", "child", "man"]
_PRONOUNS = {
    **dict.fromkeys(("Mia", "Ann", "Eva", "Zoe", "Ida"), ("she", "her")),
    **dict.fromkeys(("Tom", "Ben", "Leo", "Max", "Sam"), ("he", "his")),
}
_NUMBERS = ["two", "three", "four", "five", "six"]


def past_tense(rng: Random, clauses: list[int]) -> dict[str, Any]:
    """A sentence of one or more clauses with one subject, and the same in the past."""
    subject = _person(rng)
    verbs = rng.sample(_VERBS, rng.randint(*clauses))
    objects = [_thing(rng) for _ in verbs]
    now, then = (
        enumerated([f"{verb[form]} {thing}" for verb, thing in zip(verbs, objects, strict=True)])
        for form in (1, 2)
    )
    return {"sentence": f"{subject} {now}.", "past": f"{subject} {then}."}


def word_replaced(rng: Random, clauses: list[int]) -> dict[str, Any]:
    """A sentence in which a word, wherever it stands, gives way to another."""
    old, new, *others = rng.sample(_THINGS, 5)
    size = rng.randint(*clauses)
    places = set(rng.sample(range(size), rng.randint(1, size)))
    things = [old if i in places else rng.choice(others) for i in range(size)]
    verbs = [verb[1] for verb in rng.sample(_VERBS, size)]
    adjectives = rng.choices(_ADJECTIVES, k=size)
    subject = _person(rng)
    sentence, replaced = (
        f"{subject} {enumerated([f'{v} the {a} {n}' for v, a, n in zip(*parts, strict=True)])}."
        for parts in (
            (verbs, adjectives, things),
            (verbs, adjectives, [new if thing == old else thing for thing in things]),
        )
    )
    return {"old": old, "new": new, "sentence": sentence, "replaced": replaced}


def plural_phrase(rng: Random, count: list[int]) -> dict[str, Any]:
    """Single things, and the same in numbers."""
    things = rng.sample(list(_NOUNS), rng.randint(*count))
    number = rng.choice(_NUMBERS)
    one, many = [], []
    for thing in things:
        adjective = f"{rng.choice(_ADJECTIVES)} " if rng.random() < 0.6 else ""
        one.append(f"one {adjective}{thing}")
        many.append(f"{number} {adjective}{_NOUNS[thing]}")
    return {"one": ", ".join(one), "number": number, "many": ", ".join(many)}


def third_person(rng: Random, clauses: list[int]) -> dict[str, Any]:
    """What someone says of themselves, and the same told by another."""
    name = rng.choice(list(_PRONOUNS))
    she, her = _PRONOUNS[name]
    verbs = rng.sample(_VERBS, rng.randint(*clauses))
    things = rng.sample(_THINGS, len(verbs))
    mine = [f"I {v[0]} my {n}" for v, n in zip(verbs, things, strict=True)]
    hers = [f"{she} {v[1]} {her} {n}" for v, n in zip(verbs, things, strict=True)]
    told = name + enumerated(hers).removeprefix(she)
    return {"name": name, "she": she, "first": f"{enumerated(mine)}.", "third": f"{told}."}


def question_form(rng: Random) -> dict[str, Any]:
    """A statement, and the question to which it is the answer."""
    verb = rng.choice(_VERBS)
    subject, thing = _person(rng), _thing(rng)
    asked = f"Does {subject[0].lower()}{subject[1:]} {verb[0]} {thing}?"
    return {"statement": f"{subject} {verb[1]} {thing}.", "question": asked}


def _person(rng: Random) -> str:
    adjective = f"{rng.choice(_ADJECTIVES)} " if rng.random() < 0.4 else ""
    return f"The {adjective}{rng.choice(_PEOPLE)}"


def _thing(rng: Random) -> str:
    adjective = f"{rng.choice(_ADJECTIVES)} " if rng.random() < 0.5 else ""
    return f"the {adjective}{rng.choice(_THINGS)}"
