"""Instructions about a list of words, each with the one text that carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from pytest_quant.probes.generators.listing import listed

WORDS = [
    "apple", "bag", "ball", "bell", "boat", "book", "box", "bread", "cat", "chair", "clock",
    "coat", "cup", "dog", "door", "farm", "fish", "gate", "glass", "hand", "hat", "horse", "house",
    "key", "lamp", "letter", "map", "milk", "moon", "paper", "pen", "plant", "radio", "ring",
    "river", "road", "room", "salt", "school", "ship", "shoe", "snow", "star", "stone", "sun",
    "table", "tea", "train", "tree", "wall", "water", "wind", "window", "winter",
]  # fmt: skip
_NAMES = ["Mia", "Tom", "Ann", "Ben", "Eva", "Leo", "Zoe", "Max", "Ida", "Sam", "Uma", "Kim"]
_REMARKS = ["go", "stop", "left", "right", "hot", "cold", "up", "down", "yes", "never", "maybe"]
_SEPARATORS = {"a dash": "-", "a slash": "/", "a plus sign": "+", "an underscore": "_"}
_INITIALS = sorted({word[0] for word in WORDS if sum(w[0] == word[0] for w in WORDS) >= 4})


def reversed_words(rng: Random, count: list[int]) -> dict[str, Any]:
    """A list to be written backwards."""
    words = rng.sample(WORDS, rng.randint(*count))
    return {"words": listed(words), "terms": listed(words[::-1])}


def words_with_initial(rng: Random, count: list[int]) -> dict[str, Any]:
    """A list of which the words with one first letter are wanted: some, but never all."""
    initial = rng.choice(_INITIALS)
    size = rng.randint(*count)
    wanted = rng.sample([w for w in WORDS if w[0] == initial], rng.randint(1, min(4, size - 1)))
    others = rng.sample([w for w in WORDS if w[0] != initial], size - len(wanted))
    words = _shuffled(rng, [*wanted, *others])
    kept = [word for word in words if word in wanted]
    return {"words": listed(words), "initial": initial, "terms": listed(kept)}


def joined_words(rng: Random, count: list[int]) -> dict[str, Any]:
    """Words to be joined by a sign instead of commas."""
    words = rng.sample(WORDS, rng.randint(*count))
    name = rng.choice(list(_SEPARATORS))
    return {"words": listed(words), "sign": name, "joined": _SEPARATORS[name].join(words)}


def capital_letters(rng: Random, count: list[int]) -> dict[str, Any]:
    """Words to be written in capital letters."""
    text = " ".join(rng.sample(WORDS, rng.randint(*count)))
    return {"words": text, "capitals": text.upper()}


def acronym(rng: Random, count: list[int]) -> dict[str, Any]:
    """The first letters of some words; the working names them one by one."""
    words = rng.sample(WORDS, rng.randint(*count))
    working = ", ".join(f"{word} {word[0].upper()}" for word in words)
    letters = "".join(word[0] for word in words).upper()
    return {"words": " ".join(words), "working": working, "acronym": letters}


def line_endings(rng: Random, count: list[int]) -> dict[str, Any]:
    """One line for each word, all with the same last word."""
    *words, end = rng.sample(WORDS, rng.randint(*count) + 1)
    lines = [f"{word} {end}" for word in words]
    return {"words": listed(words), "end": end, "terms": listed(lines), "lines": "\n".join(lines)}


def alphabetical(rng: Random, count: list[int]) -> dict[str, Any]:
    """Words to be sorted; no two begin with the same letter."""
    initials = rng.sample(sorted({word[0] for word in WORDS}), rng.randint(*count))
    words = [rng.choice([word for word in WORDS if word[0] == initial]) for initial in initials]
    if words == sorted(words):
        return alphabetical(rng, count)
    return {"words": listed(words), "terms": listed(sorted(words))}


def counted_words(rng: Random, count: list[int]) -> dict[str, Any]:
    """How many words there are; the working numbers them."""
    words = rng.sample(WORDS, rng.randint(*count))
    working = ", ".join(f"{word} {number}" for number, word in enumerate(words, 1))
    return {"words": " ".join(words), "working": working, "count": len(words)}


def counted_occurrences(rng: Random, count: list[int], most: int) -> dict[str, Any]:
    """How often one word occurs in a list; the working keeps the count after every word."""
    times = rng.randint(1, most)
    word, *others = rng.sample(WORDS, 4)
    size = max(rng.randint(*count), times + 1)
    words = _shuffled(rng, [word] * times + rng.choices(others, k=size - times))
    counts = [words[: i + 1].count(word) for i in range(size)]
    working = ", ".join(f"{w} {n}" for w, n in zip(words, counts, strict=True))
    return {"word": word, "words": listed(words), "working": working, "count": times}


def alternating_speakers(rng: Random, count: list[int]) -> dict[str, Any]:
    """Two speakers who take turns, each with one remark."""
    names = rng.sample(_NAMES, 2)
    says = dict(zip(names, rng.sample(_REMARKS, 2), strict=True))
    first, second = _shuffled(rng, names)
    turns = [(first, second)[i % 2] for i in range(rng.randint(*count))]
    return {
        "one": names[0],
        "other": names[1],
        "remark": says[names[0]],
        "reply": says[names[1]],
        "first": first,
        "count": len(turns),
        "turns": listed([f"{name} says {says[name]}" for name in turns]),
    }


def filtered_and_reversed(rng: Random, count: list[int]) -> dict[str, Any]:
    """Two instructions in a row: leave some words out, then turn the rest around."""
    values = words_with_initial(rng, count)
    kept = [word for word in values["words"].split(", ") if word[0] != values["initial"]]
    if len(kept) < 2:
        return filtered_and_reversed(rng, count)
    return {
        "words": values["words"],
        "initial": values["initial"],
        "kept": listed(kept),
        "terms": listed(kept[::-1]),
    }


def _shuffled(rng: Random, items: Sequence[str]) -> list[str]:
    return rng.sample(list(items), len(items))
