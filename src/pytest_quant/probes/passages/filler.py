"""Sentences that fill a passage: templates of a subject, filled in differently every time."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random

import yaml

# So many fruitless draws in a row mean that a subject has nothing new to say.
_MOST_MISSES = 200


@dataclass(frozen=True, slots=True)
class Subject:
    """Templates of sentences, each with the words for every place in it."""

    name: str
    sentences: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]


@cache
def subject(name: str) -> Subject:
    """A subject of this package; raises ``FileNotFoundError`` if there is none of that name."""
    text = resources.files(__package__).joinpath("subjects", f"{name}.yaml").read_text("utf-8")
    raw = yaml.safe_load(text)
    return Subject(name, tuple(_template(text, raw["slots"]) for text in raw["sentences"]))


def _template(
    text: str, slots: Mapping[str, Sequence[str]]
) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """Positions for names, and the words for each; ``{place_2}`` draws from ``place``, too."""
    pieces = list(string.Formatter().parse(text))
    names = [field for _, field, _, _ in pieces if field]
    positions = "".join(literal + ("{}" if field else "") for literal, field, _, _ in pieces)
    return positions, tuple(tuple(slots[name.removesuffix("_2")]) for name in names)


def filler(rng: Random, about: Subject) -> Iterator[str]:
    """Sentences, none of them twice. Raises ``ValueError`` when there are no more."""
    said: set[str] = set()
    misses = 0
    while misses < _MOST_MISSES:
        sentence = _filled(rng, *rng.choice(about.sentences))
        if sentence in said:
            misses += 1
            continue
        misses = 0
        said.add(sentence)
        yield sentence
    raise ValueError(f"the subject {about.name!r} has no more than {len(said)} sentences")


def _filled(rng: Random, template: str, places: Sequence[tuple[str, ...]]) -> str:
    """Every place drawn anew, none of the words twice."""
    while True:
        drawn = [rng.choice(words) for words in places]
        if len(set(drawn)) == len(drawn):
            sentence = template.format(*drawn)
            return sentence[0].upper() + sentence[1:]
