"""Look-up drills: texts that answer dozens of look-ups for the length of one passage.

A question about a list teaches one look-up in sixty tokens or more, too few for the skill to come
in hours. A drill states its entries once and then recalls them over and over, and each recalled
value counts as an answer. No drill has the form of a question, so none is a case that a run asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from pytest_quant.probes.generators.lookups import made_up_names
from pytest_quant.probes.generators.needles import small_talk

DRILL = "drill"
# (how an entry is stated, how it is recalled); the part behind "|" is looked up.
_FORMS = (
    ("{name} {value}", "{name}| {value}"),
    ("{name} {value}", "value of {name}? Answer:| {value}"),
    ("{value} goes to {name}", "{value} goes to| {name}"),
    ("{value} goes to {name}", "Where does {value} go? Answer:| {name}"),
    ("The code of {name} is {value}.", "The code of {name} is| {value}."),
    ("The code of {name} is {value}.", "What is the code of {name}? Answer:| {value}"),
    ("The box of {name} holds {value}.", "the box of {name}? Answer:| {value}"),
)
_SHORT_PART = 0.8

Part = tuple[str, bool]


def drills(seed: str) -> Iterator[list[Part]]:
    """Endless drills; each is its text in parts, and whether a part is looked up.

    Four of five are a few lines long; the others spread their entries over a passage of up to
    about a thousand tokens.
    """
    rng = Random(f"drills:{seed}")
    while True:
        spread = rng.random() > _SHORT_PART
        count = rng.randint(2, 8 if spread else 12)
        names = made_up_names(rng, count, alike=rng.random() < 0.5)
        values = rng.sample(range(1, 100), count)
        entries = [
            {"name": name, "value": str(value)} for name, value in zip(names, values, strict=True)
        ]
        if rng.random() < 0.2:
            yield _successors(rng, names)
            continue
        stated, recalled = rng.choice(_FORMS)
        lines = [stated.format(**entry) for entry in entries]
        if spread:
            talk = small_talk(rng, rng.randint(20, 600))
            for line in lines:
                talk.insert(rng.randint(0, len(talk)), line)
            lines = talk
        between = " " if stated.endswith(".") or spread else ", "
        parts = [(between.join(lines) + "\n", False)]
        for entry in rng.sample(entries, count):
            asked, found = recalled.format(**entry).split("|")
            parts += [(asked, False), (found, True), ("\n", False)]
        yield parts


def _successors(rng: Random, names: list[str]) -> list[Part]:
    """Names in a row, and for some of them the name behind."""
    parts = [(", ".join(names) + "\n", False)]
    for i in rng.sample(range(len(names) - 1), len(names) - 1):
        parts += [(f"after {names[i]}", False), (f" {names[i + 1]}", True), ("\n", False)]
    return parts
