"""Sentences whose pronoun or phrase could belong to several things, and belongs to one.

Each comes with its ``clean`` form, which names what is meant.
"""

from __future__ import annotations

from random import Random
from typing import Any

# A relation, the things that can stand in it, and what is said of the one and of the other.
_FITTING: list[tuple[str, list[str], list[str], list[str], list[str]]] = [
    ("would not go into", ["trophy", "globe", "drum", "lamp", "vase", "violin", "radio", "kettle",
     "clock"],
     ["brown suitcase", "green box", "old trunk", "top drawer", "wooden crate", "blue locker"],
     ["big", "wide", "long", "bulky"], ["small", "narrow", "short", "tight"]),
    ("could not be pushed under", ["chest", "bench", "ladder", "cage", "heater", "cart", "stool",
     "barrel"],
     ["white table", "iron bed", "long shelf", "front porch", "stage", "parked van"],
     ["high", "tall", "bulky"], ["low", "close to the floor"]),
    ("did not cover", ["cloth", "rug", "blanket", "sheet", "tarp", "curtain"],
     ["round table", "stone floor", "double bed", "glass door", "rowing boat", "stain"],
     ["small", "short", "narrow"], ["large", "long", "wide"]),
]  # fmt: skip
_WHEN = ["", "Yesterday ", "In the end ", "As before, ", "Sadly, ", "This time ", "Alas, "]

_EATERS: list[tuple[str, str]] = [
    ("fish", "worm"), ("owl", "mouse"), ("snake", "frog"), ("fox", "hen"), ("cat", "bird"),
    ("spider", "fly"), ("pike", "perch"), ("heron", "eel"), ("bear", "salmon"), ("wolf", "lamb"),
    ("toad", "beetle"), ("gull", "crab"), ("lizard", "moth"), ("otter", "trout"), ("hawk", "rat"),
    ("shark", "seal"), ("hedgehog", "snail"), ("duck", "tadpole"), ("lion", "zebra"),
    ("stork", "newt"),
]  # fmt: skip
_EATING = ["ate", "swallowed", "caught", "gulped down", "went after"]
_OF_THE_EATER = ["hungry", "starving", "looking for food", "short of food", "feeding its young",
                 "out hunting"]  # fmt: skip
_OF_THE_EATEN = ["tasty", "slow", "easy to catch", "unable to flee", "a good meal", "careless"]
_TIMES = ["", " in the evening", " at dawn", " near the bank", " behind the barn", " last night",
          " by the road"]  # fmt: skip

_ANIMALS = ["mountain lions", "wolves", "herons", "deer", "eagles", "otters", "foxes", "bears"]
_PLACES = ["on the trail", "by the lake", "in the valley", "near the bridge", "at the ford",
           "below the cliff", "beside the old mill", "at the edge of the wood"]  # fmt: skip
_OUT = ["hiking", "walking", "camping", "climbing", "cycling", "fishing"]
_GEAR = ["binoculars", "camera", "telescope", "field glass", "sketch book", "phone", "drone"]
_THEIRS = ["young", "prey", "food", "meal", "offspring"]
_FRIENDS = ["Tom", "Ann", "Ben", "Eva", "Leo", "Zoe", "Max", "Ida"]


def too_big_or_too_small(rng: Random) -> dict[str, Any]:
    """Two things that do not fit each other, and "it" for the one that is to blame."""
    relation, ones, others, of_one, of_other = rng.choice(_FITTING)
    one, other = rng.choice(ones), rng.choice(others)
    means_one = rng.random() < 0.5
    reason = f"too {rng.choice(of_one if means_one else of_other)}"
    it = one if means_one else other
    start = rng.choice(_WHEN)
    beginning = f"{start}{'the' if start else 'The'} {one} {relation} the {other} because"
    return {
        "sentence": f"{beginning} it was {reason}.",
        "clean_sentence": f"{beginning} the {it} was {reason}.",
        "reason": reason,
        "one": one,
        "other": other,
        "it": it,
    }


def eater_or_eaten(rng: Random) -> dict[str, Any]:
    """An animal and its prey, and "it" for one of them."""
    eater, eaten = rng.choice(_EATERS)
    means_eater = rng.random() < 0.5
    reason = rng.choice(_OF_THE_EATER if means_eater else _OF_THE_EATEN)
    it = eater if means_eater else eaten
    beginning = f"The {eater} {rng.choice(_EATING)} the {eaten}{rng.choice(_TIMES)} because"
    return {
        "sentence": f"{beginning} it was {reason}.",
        "clean_sentence": f"{beginning} the {it} was {reason}.",
        "reason": reason,
        "eater": eater,
        "eaten": eaten,
        "it": it,
    }


def who_had_it(rng: Random) -> dict[str, Any]:
    """A sighting with a thing that the writer, a friend or the animals could have had."""
    animals, place, out = rng.choice(_ANIMALS), rng.choice(_PLACES), rng.choice(_OUT)
    friend, gear = rng.choice(_FRIENDS), rng.choice(_GEAR)
    owner = rng.choice(["the writer", friend, f"the {animals}"])
    away = f"{friend} had stayed at home."
    if owner == "the writer":
        sentence = f"{away} I saw the {animals} {place} while I was {out} with my {gear}."
        clean = f"{away} I had my {gear} with me. I was {out} and saw the {animals} {place}."
    elif owner == friend:
        sight = f"{friend} saw the {animals} {place}"
        sentence = f"Out {out} with the {gear}, {sight} as I slept."
        clean = f"{friend} had the {gear} and was out {out}. As I slept, {sight}."
    else:
        gear = rng.choice(_THEIRS)
        sentence = f"{away} I saw the {animals} {place} with their {gear} while I was {out}."
        clean = f"{away} The {animals} had their {gear} with them {place}. I saw it while {out}."
    return {
        "sentence": sentence,
        "clean_sentence": clean,
        "thing": gear,
        "friend": friend,
        "animals": animals,
        "owner": owner,
    }
