"""Long passages to be searched: a planted fact, endpoints, a medical history, a market report."""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_quant.probes.passages.builder import DEPTHS, Planted, build, length_name, paragraphs
from pytest_quant.probes.passages.filler import filler, subject

_FIRST = ["Marian", "Marion", "Martin", "Marlin", "Ellis", "Ellen", "Alan", "Allen"]
_LAST = ["Holt", "Hold", "Hult", "Halt", "Reed", "Read", "Rede", "Ried", "Moss", "Mors"]
_STATED = [
    "The locker of {} opens with the number {}.",
    "The number {1} opens the locker of {0}.",
    "Whoever wants to open the locker of {} needs the number {}.",
]

_SIGNS_IN = [
    "checks a user name and a password and returns a session token",
    "renews a session token that is about to expire",
    "ends the session of the user who calls it",
    "mails a link with which a forgotten password is replaced",
    "confirms a one-time code that was sent to the user's phone",
    "registers a security key for a user's next sign-in",
    "tells whether a session token is still valid",
    "turns the code of an outside identity provider into a session token",
    "locks a user's account after too many failed sign-ins",
]
_DOES_ELSE = [
    "returns the invoices of a month", "creates a label for a parcel",
    "reports how many pieces of an article are in stock", "stores a picture of an article",
    "deletes a comment", "converts a price into another currency",
    "adds an address to the newsletter", "searches articles by keyword",
    "exports orders of a quarter", "rates a delivery", "returns the opening hours of a branch",
    "moves an order to another date",
]  # fmt: skip
_ENDPOINTS = [
    "kestrel", "opal", "heron", "basalt", "willow", "ember", "quartz", "lark", "cedar", "onyx",
    "plover", "maple", "garnet", "swift", "birch", "flint", "wren", "topaz",
]  # fmt: skip
_NEEDS = ["needs a session token in its header", "answers within two seconds",
          "accepts at most {} calls a minute", "is open to partners only",
          "needs an encrypted connection"]  # fmt: skip
_VERBS = ["GET", "POST", "PUT", "DELETE"]

# How each is called, how else, and how the history puts it.
_RISKS: dict[str, tuple[str, str]] = {
    "high blood pressure": (
        "hypertension = blood pressure", "a diagnosis of high blood pressure was made",
    ),
    "smoking": ("cigarettes = smoker = tobacco", "the patient took up smoking, a pack a day"),
    "diabetes": ("diabetic", "diabetes of the second type was found"),
    "high cholesterol": ("cholesterol", "a blood test showed high cholesterol"),
    "obesity": ("overweight = obese", "obesity was noted for the first time"),
    "lack of exercise": (
        "inactivity = sedentary = desk job", "a desk job brought a lasting lack of exercise",
    ),
    "heart attack of the father": (
        "heart attack = family history", "the father had a heart attack at the age of 49",
    ),
    "sleep apnoea": ("apnea", "a night in the sleep laboratory revealed sleep apnoea"),
    "heavy drinking": ("alcohol = drinking", "heavy drinking was admitted for the first time"),
}  # fmt: skip
_HARMLESS: dict[str, str] = {
    "broken wrist": "a broken wrist was set after a fall",
    "appendix operation": "an appendix operation went well",
    "ingrown toenail": "an ingrown toenail was removed",
    "cataract": "a cataract was removed from the right eye",
    "torn meniscus": "a torn meniscus was treated",
    "hearing loss": "a hearing loss in the left ear was measured",
    "lactose intolerance": "a lactose intolerance was confirmed",
    "tonsil operation": "a tonsil operation was carried out",
}

_MAKERS = ["Norvik", "Belmar", "Solis", "Quandt", "Tarvo", "Ellmau", "Pirelle", "Askom"]
# Of each aspect: how it is told, its range, and whether more is better.
_ASPECTS: dict[str, tuple[str, tuple[int, int], bool]] = {
    "price": ("the price in dollars is", (120, 380), False),
    "delivery": ("the days until delivery are", (2, 21), False),
    "warranty": ("the years of warranty are", (1, 10), True),
    "battery": ("the hours that the battery lasts are", (4, 40), True),
    "weight": ("the weight in grams is", (300, 990), False),
    "noise": ("the noise in decibels is", (30, 75), False),
    "service": ("the number of service points is", (5, 95), True),
    "colours": ("the number of colours on offer is", (2, 30), True),
    "repair": ("the days that a repair takes are", (1, 25), False),
    "energy": ("the energy used in watts is", (8, 60), False),
}


def planted_fact(rng: Random, tokens: int, distractors: list[int]) -> dict[str, Any]:
    """One number in a chronicle, at a known depth, among others of people with similar names."""
    depth = rng.choice(DEPTHS)
    names = [f"{first} {last}" for first in _FIRST for last in _LAST]
    name, *others = rng.sample(names, 1 + rng.randint(*distractors))
    # Some share the first name, some the last.
    others[0] = rng.choice([n for n in names if n.split()[0] == name.split()[0] and n != name])
    others = [other for other in dict.fromkeys(others) if other != name]
    numbers = rng.sample(range(1000, 10_000), 1 + len(others))
    planted = [Planted(rng.choice(_STATED).format(name, numbers[0]), depth)]
    planted += [
        Planted(rng.choice(_STATED).format(other, number))
        for other, number in zip(others, numbers[1:], strict=True)
    ]
    sentences = build(rng, filler(rng, subject("town")), tokens, planted)
    return {
        "passage": paragraphs(rng, sentences),
        "name": name,
        "number": numbers[0],
        "known": ", ".join(map(str, numbers)),
        "length": length_name(tokens),
        "depth": f"{depth:g}",
    }


def sign_in_endpoints(rng: Random, tokens: int) -> dict[str, Any]:
    """Documentation in which only the descriptions tell which endpoints sign users in."""
    wanted = rng.sample(_SIGNS_IN, rng.randint(3, 6))
    others = rng.sample(_DOES_ELSE, rng.randint(4, 8))
    words = rng.sample(_ENDPOINTS, len(wanted) + len(others))
    version = rng.randint(1, 4)
    paths = {
        text: f"/v{version}/{word}" for text, word in zip((*wanted, *others), words, strict=True)
    }
    planted = [
        Planted(
            f"The endpoint {rng.choice(_VERBS)} {path} {text}; it "
            f"{rng.choice(_NEEDS).format(rng.randint(10, 90))}."
        )
        for text, path in paths.items()
    ]
    rng.shuffle(planted)
    sentences = build(rng, filler(rng, subject("software")), tokens, planted)
    return {
        "passage": paragraphs(rng, sentences),
        "items": "; ".join(paths[text] for text in wanted),
        "among": "; ".join(paths[text] for text in others),
        "aliases": "; ".join(f"{path} = {path.split('/')[-1]}" for path in paths.values()),
        "length": length_name(tokens),
    }


def risk_history(rng: Random, tokens: int) -> dict[str, Any]:
    """Dated events of a patient, out of order; those that endanger the heart are asked for."""
    risks = rng.sample(list(_RISKS), rng.randint(3, 6))
    harmless = rng.sample(list(_HARMLESS), rng.randint(3, 5))
    years = dict(zip((*risks, *harmless), rng.sample(range(1985, 2024), 11), strict=False))
    planted = [
        Planted(f"In {years[name]}, {_RISKS[name][1] if name in _RISKS else _HARMLESS[name]}.")
        for name in rng.sample(list(years), len(years))
    ]
    sentences = build(rng, filler(rng, subject("clinic")), tokens, planted)
    return {
        "passage": paragraphs(rng, sentences),
        "items": "; ".join(sorted(risks, key=years.__getitem__)),
        "among": "; ".join(harmless),
        "aliases": "; ".join(f"{name} = {_RISKS[name][0]}" for name in risks),
        "length": length_name(tokens),
    }


def advantages(rng: Random, tokens: int) -> dict[str, Any]:
    """Figures of three makers; in which aspects the first is ahead of both others."""
    makers = rng.sample(_MAKERS, 3)
    ahead = set(rng.sample(list(_ASPECTS), rng.randint(3, 5)))
    planted = []
    for aspect, (told, bounds, more_is_better) in _ASPECTS.items():
        best, middle, worst = sorted(
            rng.sample(range(bounds[0], bounds[1] + 1), 3), reverse=more_is_better
        )
        own = best if aspect in ahead else rng.choice([middle, worst])
        rest = rng.sample([figure for figure in (best, middle, worst) if figure != own], 2)
        figures = list(zip(makers, (own, *rest), strict=True))
        rng.shuffle(figures)
        (a, x), (b, y), (c, z) = figures
        sentence = f"{told} {x} for {a}, {y} for {b} and {z} for {c}."
        planted.append(Planted(sentence[0].upper() + sentence[1:]))
    rng.shuffle(planted)
    sentences = build(rng, filler(rng, subject("market")), tokens, planted)
    return {
        "passage": paragraphs(rng, sentences),
        "maker": makers[0],
        "others": f"{makers[1]} and {makers[2]}",
        "aspects": ", ".join(_ASPECTS),
        "items": "; ".join(aspect for aspect in _ASPECTS if aspect in ahead),
        "among": "; ".join(aspect for aspect in _ASPECTS if aspect not in ahead),
        "length": length_name(tokens),
    }
