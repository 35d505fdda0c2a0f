"""Planting facts in filler: a passage of about so many tokens, each fact at a known depth.

Every tokenizer counts differently, so length is approximate by definition: a passage of N tokens
has 3/4 N words, as English text has in the vocabularies of common models.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

WORDS_PER_TOKEN = 0.75
LENGTHS = {"256": 256, "1k": 1024, "4k": 4096, "16k": 16_384, "32k": 32_768}
DEPTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Planted:
    """A sentence to plant: at ``depth`` from 0 (the beginning) to 1 (the end), or anywhere."""

    text: str
    depth: float | None = None


def words_of(tokens: int) -> int:
    """The number of words that stands for so many tokens."""
    return round(tokens * WORDS_PER_TOKEN)


def length_name(tokens: int) -> str:
    """The shorthand of a length: ``256``, ``1k``, ``32k``."""
    return next((name for name, n in LENGTHS.items() if n == tokens), str(tokens))


def build(rng: Random, filler: Iterator[str], tokens: int, planted: Sequence[Planted]) -> list[str]:
    """The sentences of a passage, in order. Planted ones keep their order at equal depth.

    Never shorter than asked by more than a sentence; longer only if what is planted is.
    Depth counts sentences: at 0.5 as many stand before a fact as behind it, give or take those
    planted beside it. Raises ``ValueError`` if the filler ends.
    """
    missing = words_of(tokens) - sum(len(fact.text.split()) for fact in planted)
    around: list[str] = []
    while missing > 0:
        sentence = next(filler)
        around.append(sentence)
        missing -= len(sentence.split())
    # A fact anywhere lies strictly inside, so that "at the beginning" and "at the end" hold.
    places = [rng.uniform(0.02, 0.98) if fact.depth is None else fact.depth for fact in planted]
    order = sorted(range(len(planted)), key=places.__getitem__)
    gaps = [round(places[i] * len(around)) for i in order]
    passage: list[str] = []
    for at in range(len(around) + 1):
        first, last = bisect.bisect_left(gaps, at), bisect.bisect_right(gaps, at)
        passage += [planted[i].text for i in order[first:last]]
        passage += around[at : at + 1]
    return passage


def paragraphs(rng: Random, sentences: Sequence[str], size: tuple[int, int] = (4, 7)) -> str:
    """The sentences as text, so many in a paragraph."""
    parts: list[str] = []
    at = 0
    while at < len(sentences):
        step = rng.randint(*size)
        parts.append(" ".join(sentences[at : at + step]))
        at += step
    return "\n\n".join(parts)
