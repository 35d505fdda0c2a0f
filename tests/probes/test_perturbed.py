"""What was disturbed can be undone: the answer of the clean question is still that of the other."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.generators import assert_pure_and_seeded, public_functions
from tests.probes.shipped import BY_ID as LIBRARY
from tests.probes.shipped import first_cases

from pytest_quant.probes.cases import draw_values
from pytest_quant.probes.generators import perturbed, wording

GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "sum_misspelt": partial(perturbed.sum_misspelt, digits=[2, 4], typos=[2, 5]),
    "sum_in_words": partial(perturbed.sum_in_words, digits=[1, 4]),
    "sum_distracted": partial(perturbed.sum_distracted, digits=[2, 3], asides=[1, 3]),
    "larger_with_homophones": perturbed.larger_with_homophones,
    "capital_shouted": perturbed.capital_shouted,
    "sorting_with_doubled_words": perturbed.sorting_with_doubled_words,
    "pronoun_misspelt": partial(perturbed.pronoun_misspelt, typos=[2, 5]),
    "change_misspelt": partial(perturbed.change_misspelt, typos=[4, 9]),
}
MISSPELT = ["sum_misspelt", "pronoun_misspelt", "change_misspelt"]
SUMS = ["sum_misspelt", "sum_in_words", "sum_distracted"]


VALUES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip


def drawn(name: str, count: int = 300) -> Iterator[dict[str, Any]]:
    rng = Random(f"test:{name}")
    return (GENERATORS[name](rng) for _ in range(count))


def test_every_public_function_is_tested_here() -> None:
    assert public_functions(perturbed) == {*GENERATORS, "replace_words", "spell"}


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_and_seeded(name: str) -> None:
    assert_pure_and_seeded(lambda: drawn(name))


@pytest.mark.parametrize("name", GENERATORS)
def test_no_question_is_its_own_clean_one(name: str) -> None:
    assert all(values["question"] != values["clean"] for values in drawn(name))


@pytest.mark.parametrize("name", MISSPELT)
def test_slips_leave_numbers_and_most_letters_alone(name: str) -> None:
    for values in drawn(name):
        clean, question = values["clean"], values["question"]
        assert re.findall(r"\d+", clean) == re.findall(r"\d+", question)
        assert SequenceMatcher(None, clean, question).ratio() > 0.75


@pytest.mark.parametrize("name", SUMS)
def test_the_clean_sum_is_of_the_same_numbers(name: str) -> None:
    for values in drawn(name):
        clean = values["clean"].removesuffix(" Write the sum")
        assert clean == f"What is {values['a']} + {values['b']}?"


def test_number_words_read_as_the_numbers() -> None:
    for values in drawn("sum_in_words"):
        a, b = re.findall(r"What is (.*) plus (.*)\?", values["question"])[0]
        assert (read(a), read(b)) == (values["a"], values["b"])
    assert [read(perturbed.spell(n)) for n in range(10_000)] == list(range(10_000))


def read(text: str) -> int:
    """Number words back to the number, by another way than they were made."""
    total = 0
    part = 0
    for word in text.replace("-", " ").split():
        if word == "hundred":
            part *= 100
        elif word == "thousand":
            total, part = total + part * 1000, 0
        else:
            part += VALUES[word]
    return total + part


def test_only_one_sentence_is_a_sum() -> None:
    for values in drawn("sum_distracted"):
        assert values["question"].count("What is") == 1
        assert values["clean"] in values["question"]
        asides = values["question"].replace(values["clean"], "").split(".")
        assert 1 <= sum(any(char.isdigit() for char in aside) for aside in asides) <= 3


def test_homophones_can_be_put_right() -> None:
    right = {"Witch": "Which", "oar": "or", "ore": "or", "thee": "the"}
    for values in drawn("larger_with_homophones"):
        words = values["question"].split(" ")
        assert " ".join(right.get(word, word) for word in words) == values["clean"]


def test_case_and_spaces_can_be_put_right() -> None:
    for values in drawn("capital_shouted"):
        assert " ".join(values["question"].casefold().split()) == values["clean"].casefold()


def test_doubled_words_can_be_taken_out() -> None:
    for values in drawn("sorting_with_doubled_words"):
        words = [word for word, _ in itertools.groupby(values["question"].split(" "))]
        assert " ".join(words) == values["clean"]


# The family whose questions the clean prompts of another are: the embedded model learns it there.
SISTERS = {
    "capital_misspelt": "capital",
    "capital_shouted": "capital",
    "sum_misspelt": "addition",
    "sum_in_words": "addition",
    "sum_distracted": "addition",
    "larger_with_homophones": "decimal_comparison",
    "sorting_with_doubled_words": "sorting",
    "pronoun_misspelt": "pronoun",
    "change_misspelt": "change",
}
_NAMES = re.compile(
    rf"\d+|{'|'.join(wording.CAPITALS)}"
    rf"|{'|'.join(wording._HELD + wording._HOLDERS)}|\b[A-Z][a-z]{{2}}(?= buys)"
)


def form(prompt: str) -> str:
    """A prompt without its numbers and names."""
    return _NAMES.sub("#", prompt)


def test_every_core_pair_has_a_sister() -> None:
    pairs = {p.id for p in LIBRARY.values() if p.clean is not None and p.solution is not None}
    assert pairs == set(SISTERS)


@pytest.mark.parametrize("name", SISTERS)
def test_clean_prompts_are_questions_of_the_sister(name: str) -> None:
    sister = LIBRARY[SISTERS[name]]
    learned = {form(p) for p, _ in itertools.islice(draw_values(sister, "t", "training"), 4000)}
    clean = {form(case.clean or "") for case in first_cases(name, 100)}
    assert clean <= learned
