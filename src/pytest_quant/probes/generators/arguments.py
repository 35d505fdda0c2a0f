"""Forms of argument, about real things and made-up ones: what follows, what does not, and why.

Made-up nouns leave nothing but the form to go by; real ones add what a reader knows anyway.
"""

from __future__ import annotations

from random import Random
from typing import Any

_NAMES = ["Fluffy", "Rex", "Milo", "Luna", "Bella", "Oscar", "Ruby", "Toby", "Daisy", "Bruno"]
_KINDS = ["cat", "horse", "robin", "lizard", "goat", "wug", "dax", "blicket", "fep", "zorp"]
_TRAITS = ["a tail", "two ears", "a collar", "a passport", "three spots", "a twin", "a blue tongue"]

_BOTH, _FIRST, _SECOND, _ONE = (
    "both premises may be true",
    "premise 1 is false",
    "premise 2 is false",
    "at least one premise is false, but it is open which",
)
# What comes to light, and what that does to "every kind has the trait" and "name is a kind".
_FINDINGS = [
    ("{name} does not have {trait}", _ONE),
    ("{other}, another {kind}, does not have {trait}", _FIRST),
    ("there is a {kind} somewhere that lacks {trait}", _FIRST),
    ("{name} is not a {kind} at all", _SECOND),
    ("{name} was mistaken for a {kind} and is none", _SECOND),
    ("{name} does have {trait}", _BOTH),
    ("{other}, which is not a {kind}, does not have {trait}", _BOTH),
    ("{other}, which is not a {kind}, has {trait} as well", _BOTH),
]

_CLASSES = [("roses", "flowers"), ("poodles", "dogs"), ("oaks", "trees"), ("novels", "books"),
            ("sparrows", "birds"), ("hammers", "tools"), ("lemons", "fruits")]  # fmt: skip
_MADE_UP_CLASSES = ["wugs", "daxes", "feps", "blickets", "zorps", "loms", "gubs", "nacks", "tovs"]
# What some things do, and its denial.
_DOINGS = [("fade quickly", "do not fade quickly"), ("are expensive", "are not expensive"),
           ("make noise", "do not make noise"), ("are very old", "are not very old"),
           ("float on water", "do not float on water"), ("smell sweet", "do not smell sweet"),
           ("glow at night", "do not glow at night"),
           ("need shade", "do not need shade")]  # fmt: skip
# Two premises about the classes A and B and a doing C, and what they say of "some A do C".
_FIGURES = [
    ("Some {a} are {b}. All {b} {c}", "follows"),
    ("All {b} {c}. There are {a} that are {b}", "follows"),
    ("Some {b} are {a}. All {b} {c}", "follows"),
    ("All {a} are {b}. No {b} {c}", "excluded"),
    ("No {b} {c}. Whatever belongs to the {a} belongs to the {b}", "excluded"),
    ("All {a} are {b}. Some {b} {c}", "open"),
    ("All {a} are {b}. Some {b} {not_c}", "open"),
    ("Some {a} are {b}. Some {b} {c}", "open"),
    ("No {a} are {b}. Some {b} {c}", "open"),
]

# A condition, a consequence, and the denials of both.
_EVENTS = [
    ("it is raining", "the ground is wet", "it is not raining", "the ground is not wet"),
    ("the oven is on", "the kitchen is warm", "the oven is not on", "the kitchen is not warm"),
    ("Ann is in Rome", "Ann is in Italy", "Ann is not in Rome", "Ann is not in Italy"),
    ("the fuse is blown", "the lamp is dark", "the fuse is not blown", "the lamp is not dark"),
    ("the shop is shut", "the street is quiet", "the shop is not shut", "the street is not quiet"),
    ("Ben has a fever", "Ben feels tired", "Ben has no fever", "Ben does not feel tired"),
    ("the tank is dry", "the engine stops", "the tank is not dry", "the engine does not stop"),
    ("the dog barks", "the baby wakes up", "the dog does not bark", "the baby does not wake up"),
]  # fmt: skip
_MADE_UP_THINGS = ["wug", "dax", "fep", "blicket", "zorp", "lom", "gub", "nack", "tov", "merp"]
_MADE_UP_STATES = ["glim", "tarrow", "plony", "veck", "sorrish", "mave", "brindy", "quell"]


def contradicted_syllogism(rng: Random) -> dict[str, Any]:
    """A syllogism, a later finding, and four verdicts on its premises in any order."""
    name, other = rng.sample(_NAMES, 2)
    values = {"name": name, "other": other, "kind": rng.choice(_KINDS)}
    values["trait"] = rng.choice(_TRAITS)
    verdict = rng.choice([_BOTH, _FIRST, _SECOND, _ONE])
    finding = rng.choice([text for text, means in _FINDINGS if means == verdict])
    verdicts = rng.sample([_BOTH, _FIRST, _SECOND, _ONE], 4)
    return {
        **values,
        "finding": finding.format_map(values),
        "verdicts": verdicts,
        "letter": "ABCD"[verdicts.index(verdict)],
    }


def existential_syllogism(rng: Random) -> dict[str, Any]:
    """Two premises from which "some A do C" follows, which rule it out, or which leave it open."""
    a, b = rng.choice(_CLASSES) if rng.random() < 0.5 else rng.sample(_MADE_UP_CLASSES, 2)
    c, not_c = rng.choice(_DOINGS)
    value = rng.choice(["follows", "excluded", "open"])
    figure = rng.choice([text for text, means in _FIGURES if means == value])
    premises = figure.format(a=a, b=b, c=c, not_c=not_c)
    return {"premises": premises, "claim": f"some {a} {c}", "value": value}


def conditional_form(rng: Random) -> dict[str, Any]:
    """An inference from a conditional, and the name of its form."""
    if rng.random() < 0.3:
        first, second, not_first, not_second = rng.choice(_EVENTS)
    else:
        things, states = rng.sample(_MADE_UP_THINGS, 2), rng.sample(_MADE_UP_STATES, 2)
        first, second = (f"the {t} is {s}" for t, s in zip(things, states, strict=True))
        not_first, not_second = (s.replace(" is ", " is not ") for s in (first, second))
    fact, claim, form = rng.choice(
        [
            (first, second, "modus ponens"),
            (not_second, not_first, "modus tollens"),
            (second, first, "affirming the consequent"),
            (not_first, not_second, "denying the antecedent"),
        ]
    )
    return {"first": first, "second": second, "fact": fact, "claim": claim, "form": form}
