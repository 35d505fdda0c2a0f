"""Questions with typos whose answers are sentences: facts that a right one states.

Each fact is a list of wordings, any of which states it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from pytest_quant.probes.generators.wording import CAPITALS, misspell


@dataclass(frozen=True, slots=True)
class _Topic:
    """What is asked, what an answer states in short and in full, and what it must not state."""

    question: str
    summary: str
    facts: list[list[str]]
    myths: list[str]


# Lowest and highest number of inhabitants, in millions, that the last ten years' sources give.
_MILLIONS: dict[str, tuple[int, int]] = {
    "Argentina": (43, 48), "Australia": (24, 28), "Austria": (9, 9), "Belgium": (11, 12),
    "Brazil": (203, 220), "Canada": (36, 42), "Chile": (18, 20), "Cuba": (10, 11),
    "Egypt": (96, 118), "France": (64, 69), "Germany": (82, 85), "Greece": (10, 11),
    "Hungary": (9, 10), "Iran": (80, 93), "Ireland": (5, 5), "Italy": (58, 61),
    "Japan": (122, 127), "Kenya": (48, 58), "Norway": (5, 6), "Peru": (31, 35),
    "Poland": (36, 41), "Portugal": (10, 11), "Romania": (18, 20), "Spain": (46, 50),
    "Sweden": (10, 11), "Thailand": (65, 72), "Turkey": (79, 88), "Vietnam": (93, 102),
}  # fmt: skip
_CAPITAL_AND_PEOPLE = [
    "What is the capital of {}, and about how many people live in that country?",
    "Name the capital of {} and the approximate population of the country.",
    "How many inhabitants does {} have, roughly, and what is its capital called?",
    "Which city is the capital of {}, and how large is the population of {}?",
    "I would like to know the capital of {} and the rough number of people in the country.",
    "Tell me about {}: which city is its capital, and what is its population?",
]

_TOPICS = [
    _Topic(
        "how a vaccine keeps somebody from falling ill",
        "the immune system meets a harmless part of the germ, forms antibodies and remembers it",
        [
            ["immune system", "immune response", "immunity", "defences", "defenses"],
            ["antibody", "T cell", "B cell", "white blood cell", "memory cell"],
            ["weakened", "inactivated", "harmless", "dead", "killed", "piece", "part of",
             "fragment", "antigen", "mRNA", "protein"],
            ["remember", "recognise", "recognize", "memory", "later", "future", "next time"],
        ],
        ["cause autism", "are antibiotics", "kill ... directly"],
    ),
    _Topic(
        "how soap gets greasy hands clean",
        "one end of a soap molecule holds grease, the other water, so grease is rinsed off",
        [
            ["grease", "fat", "oil", "lipid", "hydrophobic"],
            ["water", "hydrophilic"],
            ["micelle", "surround", "two ends", "one end", "tail", "head", "molecule"],
            ["rinse", "wash away", "washed away", "carry away", "carried away", "lift"],
        ],
        ["soap dissolves the skin"],
    ),
    _Topic(
        "how an antibiotic helps against an infection",
        "it kills bacteria or stops their growth by blocking what only they need; not viruses",
        [
            ["bacteria", "bacterium", "bacterial"],
            ["cell wall", "protein synthesis", "ribosome", "DNA", "enzyme", "process"],
            ["kill", "destroy", "inhibit", "stop ... growing", "stop ... multiplying", "growth"],
            ["not ... virus", "not ... viral", "no effect ... virus", "resistance", "resistant"],
        ],
        ["antibiotics kill viruses", "antibiotics work against viruses"],
    ),
    _Topic(
        "how a fridge keeps food cold",
        "a refrigerant evaporates inside and takes up heat, is compressed and gives it off outside",
        [
            ["refrigerant", "coolant", "fluid", "gas"],
            ["evaporate", "evaporator", "evaporation", "expand", "boil"],
            ["compress", "compressor"],
            ["condense", "condenser", "release ... heat", "give off ... heat", "outside",
             "removes heat", "absorbs heat"],
        ],
        ["blows in cold from outside"],
    ),
    _Topic(
        "how a rainbow comes about",
        "sunlight is bent and reflected in raindrops, each colour at its own angle",
        [
            ["refract", "refraction", "bend", "bent"],
            ["drop", "droplet", "raindrop"],
            ["reflect", "reflection"],
            ["wavelength", "disperse", "dispersion", "spectrum", "split", "separate"],
        ],
        ["pigment in the rain"],
    ),
    _Topic(
        "why the sea rises and falls twice a day",
        "the moon's gravity raises two bulges of water, under which the earth turns",
        [
            ["moon", "lunar"],
            ["gravity", "gravitational", "pull", "attraction"],
            ["bulge"],
            ["rotate", "rotation", "spin", "turn"],
        ],
        ["tides are caused by wind", "caused by the wind"],
    ),
    _Topic(
        "why there are summers and winters",
        "the earth's axis is tilted, so each half gets more direct light in one part of the orbit",
        [
            ["tilt", "inclined", "inclination", "axis"],
            ["orbit", "around the sun", "revolve"],
            ["hemisphere"],
            ["direct", "directly", "angle", "more sunlight", "longer days", "daylight"],
        ],
        ["because ... closer to the sun", "summer when ... closer to the sun"],
    ),
    _Topic(
        "what insulin does in the body",
        "made in the pancreas, it lets cells take up glucose and so lowers the blood sugar",
        [
            ["blood sugar", "glucose", "sugar in the blood"],
            ["cell", "muscle", "tissue"],
            ["pancreas", "pancreatic"],
            ["absorb", "take up", "uptake", "take in", "enter", "store", "liver", "energy"],
        ],
        ["insulin raises the blood sugar", "insulin raises blood sugar"],
    ),
    _Topic(
        "how a seat belt protects a driver in a crash",
        "the car stops and the body moves on; the belt slows it and spreads the force",
        [
            ["inertia", "keep moving", "keeps moving", "continue", "momentum", "forward"],
            ["stop", "slow", "decelerate", "deceleration", "restrain", "hold"],
            ["force", "spread", "distribute", "chest", "pelvis", "hip", "shoulder"],
            ["thrown", "ejected", "eject", "windscreen", "windshield", "dashboard",
             "steering wheel"],
        ],
        ["belt makes the car stop"],
    ),
    _Topic(
        "how green plants make their own food",
        "with light, chlorophyll makes sugar and oxygen of carbon dioxide and water",
        [
            ["sunlight", "light", "sun", "solar"],
            ["carbon dioxide", "CO2"],
            ["water"],
            ["sugar", "glucose", "carbohydrate"],
            ["oxygen"],
            ["chlorophyll", "chloroplast"],
        ],
        ["plants eat soil", "food from the soil"],
    ),
]  # fmt: skip
_BEFORE = ["", "Hello! ", "One question: ", "For school: ", "Quick one: ", "Hi, I wonder. "]
_ASKED = ["Can you explain {}?", "Please tell me {}.", "I never understood {}.", "Do you know {}?",
          "Explain {}, please.", "My son asks {}."]  # fmt: skip


def capital_and_people_misspelt(rng: Random, typos: list[int]) -> dict[str, Any]:
    """A country's capital and its number of inhabitants in millions."""
    country = rng.choice(list(_MILLIONS))
    clean = rng.choice(_BEFORE) + rng.choice(_CAPITAL_AND_PEOPLE).replace("{}", country)
    low, high = _MILLIONS[country]
    people = [f"{number} million" for number in range(low, high + 1)]
    span = people[0] if low == high else f"{low} to {people[-1]}"
    return {
        "question": misspell(rng, clean, rng.randint(*typos)),
        "clean": clean,
        "summary": f"{CAPITALS[country]}, {span}",
        "facts": [[CAPITALS[country]], people],
    }


def explanation_misspelt(rng: Random, typos: list[int]) -> dict[str, Any]:
    """How something works, or why it is so."""
    topic = rng.choice(_TOPICS)
    clean = rng.choice(_BEFORE) + rng.choice(_ASKED).format(topic.question)
    return {
        "question": misspell(rng, clean, rng.randint(*typos)),
        "clean": clean,
        "summary": topic.summary,
        "facts": topic.facts,
        "myths": topic.myths,
    }
