"""One fact in a passage of small talk: the shortest passages, of few and common words.

The length is counted in words; four words are about five to six tokens.
"""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_quant.probes.generators.lookups import made_up_names

DEPTHS = (0.0, 0.25, 0.5, 0.75, 1.0)

_ANIMALS = ["cat", "dog", "horse", "bird", "fox", "goat", "duck", "mouse", "cow", "hen"]
_LOOKS = ["old", "small", "young", "quiet", "brown", "grey", "happy", "tired", "wild", "big"]
_ACTIONS = ["sat", "slept", "ran", "waited", "played", "walked", "rested", "stood"]
_PLACES = ["near the river", "in the garden", "by the door", "under the tree", "on the hill",
           "behind the house", "at the gate", "in the field", "by the road",
           "on the bridge"]  # fmt: skip
_TIMES = ["In the morning", "At noon", "In the evening", "At night", "Later", "After lunch"]
_KINDS = ["code", "price", "age", "size"]


def needle(
    rng: Random, words: int, distractors: list[int], other_kinds: bool = False
) -> dict[str, Any]:
    """A passage of about so many words with one fact at a known depth, and others like it.

    The distractors state the same of other names that look alike; with ``other_kinds`` half of
    them state something else of the same name.
    """
    depth = rng.choice(DEPTHS)
    kind, *rest = rng.sample(_KINDS, len(_KINDS)) if other_kinds else ["code"]
    count = rng.randint(*distractors)
    name, *others = made_up_names(rng, 1 + count, alike=True)
    values = rng.sample(range(10, 100), 1 + count)
    about = [(other, name) for other in rest[: count // 2]] + [(kind, other) for other in others]
    facts = [
        f"The {what} of {who} is {value}."
        for (what, who), value in zip([(kind, name), *about], values, strict=False)
    ]
    sentences = small_talk(rng, words - 6 * len(facts))
    for distractor in facts[1:]:
        sentences.insert(rng.randint(0, len(sentences)), distractor)
    sentences.insert(round(depth * len(sentences)), facts[0])
    return {
        "passage": " ".join(sentences),
        "kind": kind,
        "name": name,
        "fact": facts[0],
        "value": values[0],
        "known": ", ".join(map(str, values)),
        "depth": f"{depth:g}",
    }


def small_talk(rng: Random, words: int) -> list[str]:
    """Different sentences that together have at least so many words."""
    sentences: dict[str, None] = {}
    total = 0
    while total < words:
        animal, action, place = rng.choice(_ANIMALS), rng.choice(_ACTIONS), rng.choice(_PLACES)
        if rng.random() < 0.6:
            sentence = f"The {rng.choice(_LOOKS)} {animal} {action} {place}."
        else:
            sentence = f"{rng.choice(_TIMES)} the {animal} {action} {place}."
        if sentence not in sentences:
            sentences[sentence] = None
            total += sentence.count(" ") + 1
    return list(sentences)
