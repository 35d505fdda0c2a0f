"""Facts asked in many wordings, clean or perturbed, and references to be resolved."""

from __future__ import annotations

from random import Random
from typing import Any

CAPITALS: dict[str, str] = {
    "Argentina": "Buenos Aires", "Australia": "Canberra", "Austria": "Vienna",
    "Belgium": "Brussels", "Brazil": "Brasilia", "Bulgaria": "Sofia", "Canada": "Ottawa",
    "Chile": "Santiago", "China": "Beijing", "Cuba": "Havana", "Denmark": "Copenhagen",
    "Egypt": "Cairo", "Finland": "Helsinki", "France": "Paris", "Germany": "Berlin",
    "Greece": "Athens", "Hungary": "Budapest", "Iceland": "Reykjavik", "India": "New Delhi",
    "Iran": "Tehran", "Ireland": "Dublin", "Italy": "Rome", "Japan": "Tokyo",
    "Kenya": "Nairobi", "Norway": "Oslo", "Peru": "Lima", "Poland": "Warsaw",
    "Portugal": "Lisbon", "Romania": "Bucharest", "Spain": "Madrid", "Sweden": "Stockholm",
    "Thailand": "Bangkok", "Turkey": "Ankara", "Vietnam": "Hanoi",
}  # fmt: skip

_ASKED = ["What is {}?", "Name {}.", "Tell me {}.", "Please name {}.", "Can you name {}?",
          "I need {}.", "Which city is {}?"]  # fmt: skip
_SUBJECTS = ["the capital of {}", "the capital city of {}", "{}'s capital", "{}'s capital city"]
_REASONS_TO_ASK = ["", "For a quiz: ", "For my report: ", "For school: ", "One more question. "]

# A hand-made world in which "too small" is said of the holder, "too big" of the thing held.
_HELD = ["trophy", "book", "ball", "lamp", "bottle", "drum", "clock", "vase", "globe", "radio"]
_HOLDERS = ["suitcase", "box", "bag", "drawer", "crate", "basket", "chest", "locker", "trunk"]
_FITS = ["does not fit in", "will not go into", "cannot be put into"]
_REASONS = [("too small", "holder"), ("too narrow", "holder"), ("too big", "held"),
            ("too wide", "held")]  # fmt: skip

_NAMES = ["Mia", "Tom", "Ann", "Ben", "Eva", "Leo", "Zoe", "Max", "Ida", "Sam", "Uma", "Kim"]


def capital(rng: Random) -> dict[str, Any]:
    """A country and its capital, asked in one of many wordings."""
    country = rng.choice(list(CAPITALS))
    subject = rng.choice(_SUBJECTS).format(country)
    question = rng.choice(_REASONS_TO_ASK) + rng.choice(_ASKED).format(subject)
    return {"question": question, "capital": CAPITALS[country]}


def capital_misspelt(rng: Random, typos: list[int]) -> dict[str, Any]:
    """The same question with some letters dropped, doubled or swapped."""
    values = capital(rng)
    clean = values["question"]
    return {**values, "clean": clean, "question": misspell(rng, clean, rng.randint(*typos))}


def misspell(rng: Random, text: str, typos: int) -> str:
    """``text`` with ``typos`` slips of the keyboard; first letters stay as they are.

    Unless ``typos`` is 0 the result differs: slips that undo each other are drawn again.
    """
    slipped = text
    while typos and slipped == text:
        for _ in range(typos):
            slipped = _slip(rng, slipped)
    return slipped


def _slip(rng: Random, text: str) -> str:
    inside = [
        i for i in range(1, len(text) - 1) if text[i - 1 : i + 2].isalpha() and text[i].islower()
    ]
    i = rng.choice(inside)
    slip = rng.choice(["drop", "double", "swap"])
    if slip == "drop":
        return text[:i] + text[i + 1 :]
    if slip == "double":
        return text[:i] + text[i] + text[i:]
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def pronoun(rng: Random) -> dict[str, Any]:
    """A sentence whose "it" means one of two things, decided by the reason given."""
    held, holder = rng.choice(_HELD), rng.choice(_HOLDERS)
    reason, means = rng.choice(_REASONS)
    sentence = f"The {held} {rng.choice(_FITS)} the {holder} because it is {reason}."
    meant = held if means == "held" else holder
    return {"sentence": sentence, "reason": reason, "held": held, "holder": holder, "it": meant}


def entries(rng: Random, count: list[int]) -> dict[str, Any]:
    """Named numbers in a list, one of which is asked for."""
    names = rng.sample(_NAMES, rng.randint(*count))
    numbers = rng.sample(range(10, 100), len(names))
    i = rng.randrange(len(names))
    listed = ", ".join(f"{name} {number}" for name, number in zip(names, numbers, strict=True))
    known = ", ".join(map(str, numbers))
    return {"entries": listed, "name": names[i], "number": numbers[i], "known": known}
