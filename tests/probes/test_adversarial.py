"""The guide's adversarial questions: what was disturbed can be undone, and no guess pays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.generators import assert_pure_and_seeded, public_functions

from pytest_quant.probes.generators import explanations, homophones, persons, references
from pytest_quant.probes.generators.wording import CAPITALS

CONFUSIONS = ["where", "affect", "their"]
GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    **{
        f"written_by_ear {name}": partial(
            homophones.written_by_ear, confusion=name, rates=[0.3, 0.6, 1.0]
        )
        for name in CONFUSIONS
    },
    "deed_misspelt": partial(persons.deed_misspelt, typos=[2, 6]),
    "capital_and_people_misspelt": partial(explanations.capital_and_people_misspelt, typos=[3, 7]),
    "explanation_misspelt": partial(explanations.explanation_misspelt, typos=[3, 7]),
    "too_big_or_too_small": references.too_big_or_too_small,
    "eater_or_eaten": references.eater_or_eaten,
    "who_had_it": references.who_had_it,
}
SOUNDS = [
    {"where", "were", "wear"},
    {"affect", "effect"},
    {"affects", "effects"},
    {"affected", "effected"},
    {"their", "there", "they're"},
    {"heard", "herd"},
]


def drawn(name: str, count: int = 400) -> Iterator[dict[str, Any]]:
    rng = Random(f"test:{name}")
    return (GENERATORS[name](rng) for _ in range(count))


def test_every_public_function_is_tested_here() -> None:
    assert public_functions(explanations, homophones, persons, references) == {
        name.split()[0] for name in GENERATORS
    }


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_and_seeded(name: str) -> None:
    assert_pure_and_seeded(lambda: drawn(name))


class TestHomophones:
    @pytest.mark.parametrize("confusion", CONFUSIONS)
    def test_marked_words_sound_alike_and_the_rest_is_the_same(self, confusion: str) -> None:
        for values in drawn(f"written_by_ear {confusion}"):
            clean, message = values["clean_message"], values["message"]
            assert re.sub(r"\*[^*]+\*", "*", clean) == re.sub(r"\*[^*]+\*", "*", message)
            right = [word.lower() for word in re.findall(r"\*([^*]+)\*", clean)]
            heard = [word.lower() for word in re.findall(r"\*([^*]+)\*", message)]
            assert ", ".join(right) == values["words"]
            assert len(right) >= 3
            assert right != heard
            for one, other in zip(right, heard, strict=True):
                assert any({one, other} <= sound for sound in SOUNDS)

    @pytest.mark.parametrize("confusion", CONFUSIONS)
    def test_no_answer_is_right_often(self, confusion: str) -> None:
        answers = Counter(values["words"] for values in drawn(f"written_by_ear {confusion}"))
        assert answers.most_common(1)[0][1] < 0.1 * answers.total()


class TestSlips:
    @pytest.mark.parametrize(
        "name", ["deed_misspelt", "capital_and_people_misspelt", "explanation_misspelt"]
    )
    def test_questions_are_readable_and_do_not_give_the_answer(self, name: str) -> None:
        for values in drawn(name):
            clean, question = values["clean"], values["question"]
            assert clean != question
            assert SequenceMatcher(None, clean, question).ratio() > 0.75
            answers = [values["name"]] if "name" in values else []
            answers += [CAPITALS[c] for c in CAPITALS if c in clean and "facts" in values]
            assert not any(answer in question for answer in answers)

    def test_populations_are_ranges_of_whole_millions(self) -> None:
        for values in drawn("capital_and_people_misspelt"):
            capital, people = values["facts"]
            (country,) = (name for name, city in CAPITALS.items() if [city] == capital)
            assert country in values["clean"]
            numbers = [int(text.removesuffix(" million")) for text in people]
            assert numbers == list(range(numbers[0], numbers[-1] + 1))
            assert numbers[-1] <= 1.3 * numbers[0]

    def test_every_topic_has_more_facts_than_an_answer_needs(self) -> None:
        topics = {values["summary"]: values for values in drawn("explanation_misspelt")}
        assert len(topics) >= 8
        for values in topics.values():
            assert len(values["facts"]) > 3
            assert all(values["facts"])
            assert values["myths"]


class TestReferences:
    @pytest.mark.parametrize("name", ["too_big_or_too_small", "eater_or_eaten"])
    def test_the_clean_sentence_names_what_it_is(self, name: str) -> None:
        for values in drawn(name):
            assert values["sentence"].count(" it was ") == 1
            named = values["sentence"].replace(" it was ", f" the {values['it']} was ")
            assert named == values["clean_sentence"]
            assert values["sentence"].endswith(f"{values['reason']}.")

    @pytest.mark.parametrize(
        ("name", "options"),
        [("too_big_or_too_small", ("one", "other")), ("eater_or_eaten", ("eater", "eaten"))],
    )
    def test_either_is_meant_as_often(self, name: str, options: tuple[str, str]) -> None:
        meant = Counter(
            next(option for option in options if values[option] == values["it"])
            for values in drawn(name)
        )
        assert set(meant) == set(options)
        assert min(meant.values()) > 0.4 * meant.total()

    def test_no_word_of_the_reason_tells_which_place_is_meant(self) -> None:
        """ "Too small" is said of the thing in one relation and of the other in another."""
        places = {
            (values["reason"], values["it"] == values["one"])
            for values in drawn("too_big_or_too_small", 2000)
        }
        assert {("too small", True), ("too small", False)} <= places
        assert {("too long", True), ("too long", False)} <= places

    def test_the_owner_is_the_one_that_the_sentence_gives(self) -> None:
        owners: Counter[str] = Counter()
        for values in drawn("who_had_it"):
            sentence = values["sentence"]
            if f"with my {values['thing']}" in sentence:
                owner = "the writer"
            elif f"with their {values['thing']}" in sentence:
                owner = f"the {values['animals']}"
            else:
                assert sentence.startswith("Out ")
                owner = re.findall(r"the [\w ]+, (\w+) saw", sentence)[0]
            assert owner == values["owner"]
            owners[
                "animals" if owner.startswith("the ") and owner != "the writer" else owner[:3]
            ] += 1
        assert owners["animals"] > 0.25 * owners.total()
        assert owners["the"] > 0.25 * owners.total()
