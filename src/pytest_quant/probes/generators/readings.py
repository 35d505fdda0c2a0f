"""Sentences of several readings: which one a hint fixes, how many there are, what stays open."""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_quant.probes.generators.facts import with_article
from pytest_quant.probes.generators.listing import enumerated
from pytest_quant.probes.generators.word_senses import WORD_SENSES

_WOMEN = ["Mia", "Ann", "Eva", "Zoe", "Ida", "Uma", "Sue", "Amy"]
_MEN = ["Tom", "Ben", "Leo", "Max", "Jim", "Bob", "Dan", "Ron"]
_NAMES = [*_WOMEN, *_MEN]

_MENTIONS = ["noticed", "asked about", "talked about", "remembered", "forgot", "thought of"]

_SEEN = ["saw", "watched", "spotted", "observed"]
_INSTRUMENTS = ["telescope", "camera", "torch", "mirror", "lens", "lantern", "phone", "lamp"]
# {x} is the one who had the thing, {y} the other.
_DECIDING = ["Only {x} had one.", "{y} had none.", "{y} held nothing.", "{x} put it away later.",
             "{y} had left everything at home.", "{x} carried it all day."]  # fmt: skip
_IDLE = ["It was a warm day.", "{x} was tired.", "{x} waved.", "Both were on a hill.",
         "Neither said a word.", "{x} went home later.", "Each of them owned one."]  # fmt: skip

_TOLD = ["had won", "had lost", "was late", "had to leave", "was right", "had made a mistake"]

_DONE = [("girls", "read", "books", "read"), ("boys", "ate", "cakes", "eaten"),
         ("cooks", "tried", "soups", "tried"), ("guests", "sang", "songs", "sung"),
         ("pupils", "wrote", "words", "written"), ("teachers", "saw", "films", "seen"),
         ("artists", "drew", "birds", "drawn"), ("judges", "drank", "teas", "drunk")]  # fmt: skip

_KINDS = ["cups", "plates", "bowls", "hats", "bags", "pens", "chairs", "lamps", "balls", "boxes"]
_COLOURS = ["red", "blue", "green", "white", "black", "yellow"]

_ORDERS = [("older", "younger"), ("taller", "shorter"), ("faster", "slower"), ("richer", "poorer")]

_TRAITS: dict[str, tuple[str, str, list[str]]] = {
    "city": ("lives in {}", "Where does {} live?", ["Rome", "Paris", "Lima", "Oslo", "Cairo"]),
    "job": ("works as a {}", "What is {}'s job?", ["cook", "nurse", "pilot", "farmer", "judge"]),
    "pet": ("has a {}", "Which pet does {} have?", ["dog", "cat", "parrot", "horse", "snake"]),
    "colour": ("likes {}", "Which colour does {} like?", ["red", "blue", "green", "white", "pink"]),
}


def word_sense(rng: Random) -> dict[str, Any]:
    """A word of two meanings; the second sentence fixes which."""
    word = rng.choice(list(WORD_SENSES))
    meant = rng.choice(list(WORD_SENSES[word]))
    hint = rng.choice(WORD_SENSES[word][meant])
    one, other = rng.sample(list(WORD_SENSES[word]), 2)
    story = f"{rng.choice(_NAMES)} {rng.choice(_MENTIONS)} the {word}. {hint}"
    return {"story": story, "word": word, "one": one, "other": other, "meant": meant}


def instrument_holder(rng: Random) -> dict[str, Any]:
    """Who had the telescope: the sentence leaves it open, the hint may settle it."""
    a, b = rng.sample(_NAMES, 2)
    thing = rng.choice(_INSTRUMENTS)
    x, y = rng.sample([a, b], 2)
    decides = rng.random() < 2 / 3
    story = f"{a} {rng.choice(_SEEN)} {b} with {with_article(thing)}. "
    story += rng.choice(_DECIDING if decides else _IDLE).format(x=x, y=y)
    return {"story": story, "thing": thing, "a": a, "b": b,
            "holder": x if decides else "unclear"}  # fmt: skip


def referents(rng: Random) -> dict[str, Any]:
    """Everybody whom a pronoun can mean, by gender, in the order of the sentence."""
    people = rng.sample(_NAMES, rng.choice([2, 3, 3, 4, 4]))
    split = rng.randint(1, len(people) - 1)
    pronoun, fitting = rng.choice([("she", _WOMEN), ("he", _MEN)])
    possible = [name for name in people if name in fitting]
    if not possible:
        return referents(rng)
    told = f"{enumerated(people[:split])} told {enumerated(people[split:])}"
    story = f"{told} that {pronoun} {rng.choice(_TOLD)}."
    return {"story": story, "pronoun": pronoun, "possible": ", ".join(possible)}


def distributed_count(rng: Random) -> dict[str, Any]:
    """ "Each of n did k things": how many things, by a hint or at the limits."""
    who, did, things, done = rng.choice(_DONE)
    n, k = rng.sample(range(2, 13), 2)
    hint, limit, shared = rng.choice(
        [
            (f"They all {did} the same ones. ", "", True),
            (f"No two of them {did} the same one. ", "", False),
            ("", " at least", True),
            ("", " at most", False),
        ]
    )
    count = k if shared else n * k
    working = f"the same {k} for all" if shared else f"{n} * {k} = {n * k}"
    story = f"{n} {who} {did} {k} {things} each. {hint}How many different {things} were {done}"
    return {"question": f"{story}{limit}?", "count": count, "other": n * k if shared else k,
            "working": working}  # fmt: skip


def coordination(rng: Random) -> dict[str, Any]:
    """ "The red cups and plates": red ones only, or all of the plates; both are counted."""
    first, second = rng.sample(_KINDS, 2)
    colour, *others = rng.sample(_COLOURS, 3)
    a, b, c, d = (rng.randint(2, 19) for _ in range(4))
    groups = [f"{a} {colour} {first}", f"{b} {colour} {second}", f"{c} {others[0]} {second}",
              f"{d} {others[1]} {first}"]  # fmt: skip
    rng.shuffle(groups)
    narrow, wide = a + b, a + b + c
    working = f"Only {colour}: {a} + {b} = {narrow}. All the {second}: {narrow} + {c} = {wide}"
    return {"groups": enumerated(groups), "name": rng.choice(_NAMES), "colour": colour,
            "first": first, "second": second, "working": working,
            "counts": f"{narrow}, {wide}"}  # fmt: skip


def partial_order(rng: Random) -> dict[str, Any]:
    """Two comparisons of three people: what follows, what is excluded, and what stays open."""
    names = rng.sample(_NAMES, 3)
    more, less = rng.choice(_ORDERS)
    value = rng.choice(["yes", "no", "unknown"])
    a, b, c = names
    if value == "unknown":
        shared_first = rng.random() < 0.5
        facts = [(a, b), (a, c)] if shared_first else [(b, a), (c, a)]
        asked = rng.choice([(b, c), (c, b)])
        result = f"nothing on {b} and {c}"
    else:
        facts = [(a, b), (b, c)]
        asked = (a, c) if value == "yes" else (c, a)
        result = f"so {a} over {c}"
    rng.shuffle(facts)
    stated = [_stated(rng, pair, more, less) for pair in facts]
    flipped = rng.random() < 0.5
    question = f"Is {asked[1]} {less} than {asked[0]}?" if flipped else (
        f"Is {asked[0]} {more} than {asked[1]}?"
    )  # fmt: skip
    working = ", ".join(f"{high} over {low}" for high, low in facts)
    return {"facts": " ".join(stated), "question": question, "value": value,
            "working": f"{working}, {result}"}  # fmt: skip


def missing_fact(rng: Random, people: list[int]) -> dict[str, Any]:
    """Two facts on each of a few people, and a question that they may leave open."""
    names = rng.sample(_NAMES, rng.randint(*people))
    asked, *rest = rng.sample(list(_TRAITS), 4)
    told, question, _ = _TRAITS[asked]
    values = dict(zip(names, rng.sample(_TRAITS[asked][2], len(names)), strict=True))
    name, other = rng.sample(names, 2)
    known = rng.random() < 0.77
    story = []
    for person in names:
        silent = person == name and not known
        kinds = rng.sample(rest, 2) if silent else [asked, rng.choice(rest)]
        rng.shuffle(kinds)
        parts = [
            _TRAITS[kind][0].format(
                values[person] if kind == asked else rng.choice(_TRAITS[kind][2])
            )
            for kind in kinds
        ]
        story.append(f"{person} {' and '.join(parts)}.")
    found = f"{name} {told.format(values[name])}"
    return {
        "story": " ".join(story),
        "question": question.format(name),
        "fact": values[name] if known else "unknown",
        "alias": values[name] if known else "not stated",
        "denied": "unknown" if known else f"{name} {told.format(values[other])}",
        "working": found if known else f"Nothing says this of {name}",
    }


def _stated(rng: Random, pair: tuple[str, str], more: str, less: str) -> str:
    high, low = pair
    return rng.choice([f"{high} is {more} than {low}.", f"{low} is {less} than {high}."])
