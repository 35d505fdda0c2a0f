"""Translation over closed vocabularies, both ways: one rendering is right, or a stated set."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from pytest_quant.probes.generators.number_words import in_words
from pytest_quant.probes.generators.vocabulary import (
    COLOURS,
    LANGUAGES,
    NOUNS,
    NUMBERS,
    SUBJECTS,
    SYNONYMS,
    VERBS,
    WORDS,
    coloured,
    english_sentences,
    sentences,
)

_ASKED = [
    "Translate from {source} into {target}: {text}",
    "What is this in {target}? ({source}) {text}",
    "Put this {source} text into {target}: {text}",
    "How does one say this {source} text in {target}: {text}",
]


def word(rng: Random) -> dict[str, Any]:
    """A single word: a weekday, a month, a colour, a thing."""
    english, language = rng.choice(list(WORDS)), rng.choice(LANGUAGES)
    there = WORDS[english][LANGUAGES.index(language)]
    return _asked(rng, language, (english, *SYNONYMS.get(english, ())), there)


def number(rng: Random) -> dict[str, Any]:
    """A number in words."""
    value, language = rng.randint(13, 99), rng.choice(LANGUAGES)
    return _asked(rng, language, in_words(value, "English"), in_words(value, language))


def phrase(rng: Random) -> dict[str, Any]:
    """A noun with its article and its colour: gender, ending and place of the colour differ."""
    noun, colour, language = (
        rng.choice(list(NOUNS)),
        rng.choice(list(COLOURS)),
        rng.choice(LANGUAGES),
    )
    english = [f"the {name} {noun}" for name in (colour, *SYNONYMS.get(colour, ()))]
    return _asked(rng, language, english, coloured(noun, colour, language))


def sentence(rng: Random) -> dict[str, Any]:
    """A sentence of a subject, a verb and a number of things."""
    subject, verb = rng.choice(list(SUBJECTS)), rng.choice(list(VERBS))
    count, noun, language = (
        rng.choice(list(NUMBERS)),
        rng.choice(list(NOUNS)),
        rng.choice(LANGUAGES),
    )
    english = english_sentences(subject, verb, count, noun)
    other = sentences(subject, verb, count, noun, language)
    return _asked(rng, language, [_capital(t) for t in english], [_capital(t) for t in other])


def _asked(
    rng: Random, language: str, english: Sequence[str], other: Sequence[str]
) -> dict[str, Any]:
    """One of the two ways, the usual wording to be translated."""
    back = rng.random() < 0.5
    source, target = (language, "English") if back else ("English", language)
    given, wanted = (other, english) if back else (english, other)
    question = rng.choice(_ASKED).format(source=source, target=target, text=given[0])
    right, *others = wanted
    return {
        "question": question if question[-1] in ".?" else f"{question}.",
        "right": right.removesuffix("."),
        "others": [text.removesuffix(".") for text in others],
    }


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
