"""The vocabularies of translation: what a word stands for is one thing, and it is never a copy."""

from __future__ import annotations

from collections import Counter

import pytest

from pytest_quant.checkers.words import phrase
from pytest_quant.probes.generators.number_words import in_words
from pytest_quant.probes.generators.vocabulary import (
    COLOURS,
    LANGUAGES,
    NOUNS,
    WORDS,
    coloured,
    sentences,
)


def test_no_word_stands_for_two_or_is_its_own_translation() -> None:
    for place, language in enumerate(LANGUAGES):
        seen = Counter(phrase(form) for forms in WORDS.values() for form in set(forms[place]))
        # "eau" and "l'eau" may be read alike; two English words may not.
        owners = {
            key: {e for e, forms in WORDS.items() if key in map(phrase, forms[place])}
            for key in seen
        }
        assert {key: who for key, who in owners.items() if len(who) > 1} == {}, language
        same = [e for e, forms in WORDS.items() if phrase(e) in map(phrase, forms[place])]
        assert same == [], language


def test_a_coloured_noun_is_never_its_own_translation() -> None:
    for noun in NOUNS:
        for colour in COLOURS:
            for language in LANGUAGES:
                assert f"the {colour} {noun}" not in coloured(noun, colour, language)


@pytest.mark.parametrize("language", ["English", *LANGUAGES])
def test_every_number_has_words_of_its_own(language: str) -> None:
    forms = [phrase(form) for number in range(13, 100) for form in set(in_words(number, language))]
    assert len(forms) == len(set(forms)) >= 87


@pytest.mark.parametrize(
    ("number", "language", "words"),
    [
        (17, "Spanish", "diecisiete"),
        (26, "Spanish", "veintiséis"),
        (31, "Spanish", "treinta y uno"),
        (21, "German", "einundzwanzig"),
        (66, "German", "sechsundsechzig"),
        (71, "French", "soixante et onze"),
        (80, "French", "quatre-vingts"),
        (81, "French", "quatre-vingt-un"),
        (99, "French", "quatre-vingt-dix-neuf"),
        (61, "French", "soixante et un"),
        (40, "English", "forty"),
        (99, "English", "ninety-nine"),
    ],
)
def test_the_usual_words_come_first(number: int, language: str, words: str) -> None:
    assert in_words(number, language)[0] == words


def test_gender_and_place_of_an_adjective() -> None:
    assert coloured("door", "white", "French") == ["la porte blanche"]
    assert coloured("book", "white", "French") == ["le livre blanc"]
    assert coloured("key", "black", "French") == ["la clé noire", "la clef noire"]
    assert coloured("book", "red", "German") == ["das rote Buch"]
    assert coloured("table", "yellow", "Spanish") == ["la mesa amarilla"]
    assert sentences("my sister", "sees", "two", "key", "French") == [
        "ma sœur voit deux clés.",
        "ma sœur voit deux clefs.",
        "ma soeur voit deux clés.",
        "ma soeur voit deux clefs.",
    ]
