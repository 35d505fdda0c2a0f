"""Every generator's answer is worked out a second time, in another way, from the question alone."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.generators import assert_pure_and_seeded, public_functions

from pytest_quant.probes.generators import arithmetic, chances, stepwise, wording

GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "operands": partial(arithmetic.operands, digits=[2, 5]),
    "written_product": partial(arithmetic.written_product, digits=[2, 3]),
    "decimals_alike": arithmetic.decimals_alike,
    "change": arithmetic.change,
    "dice_sum": chances.dice_sum,
    "urn": chances.urn,
    "arithmetic_sequence": stepwise.arithmetic_sequence,
    "sum_of_two_before": stepwise.sum_of_two_before,
    "doubling": stepwise.doubling,
    "common_divisor": stepwise.common_divisor,
    "numbers_to_sort": stepwise.numbers_to_sort,
    "word_repeated": stepwise.word_repeated,
    "capital": wording.capital,
    "capital_misspelt": partial(wording.capital_misspelt, typos=[2, 5]),
    "pronoun": wording.pronoun,
    "entries": partial(wording.entries, count=[1, 8]),
}


def drawn(name: str, count: int = 300) -> Iterator[dict[str, Any]]:
    rng = Random(f"test:{name}")
    return (GENERATORS[name](rng) for _ in range(count))


def numbers(text: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", text)]


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_and_seeded(name: str) -> None:
    assert_pure_and_seeded(lambda: drawn(name))


def test_every_public_function_is_tested_here() -> None:
    modules = (arithmetic, chances, stepwise, wording)
    assert public_functions(*modules) == {*GENERATORS, "misspell"}


class TestArithmetic:
    def test_operands_have_every_length(self) -> None:
        lengths = {(len(str(v["a"])), len(str(v["b"]))) for v in drawn("operands")}
        assert lengths == set(itertools.product(range(2, 6), repeat=2))

    def test_every_equation_of_a_written_product_holds(self) -> None:
        for values in drawn("written_product"):
            a, b = values["a"], values["b"]
            first, second, total = values["working"].split(", ")
            for equation, operator in ((first, "*"), (second, "*"), (total, "+")):
                left, right, result = numbers(equation)
                assert equation == f"{left} {operator} {right} = {result}"
                assert (left * right if operator == "*" else left + right) == result
            assert [numbers(first)[0], numbers(second)[0]] == [a, a]
            assert numbers(first)[1] + numbers(second)[1] == b
            assert numbers(total) == [numbers(first)[2], numbers(second)[2], a * b]

    def test_the_larger_of_two_decimals_that_look_alike(self) -> None:
        lengths = set()
        for values in drawn("decimals_alike"):
            x, y = Decimal(values["x"]), Decimal(values["y"])
            assert x != y
            assert Decimal(values["larger"]) == max(x, y)
            assert values["x"][:3] == values["y"][:3]
            lengths.add((len(values["x"]), len(values["y"])))
        # The longer one is the larger one often, but not always.
        assert len(lengths) == 7

    def test_change_is_never_negative(self) -> None:
        for values in drawn("change"):
            assert values["spent"] == sum([values["price"]] * values["count"])
            assert values["paid"] % 10 == 0
            assert 0 <= values["paid"] - values["spent"] < 30


class TestChances:
    def test_dice_by_enumeration(self) -> None:
        for values in drawn("dice_sum", 120):
            first, second = range(1, values["m"] + 1), range(1, values["n"] + 1)
            pairs = list(itertools.product(first, second))
            hits = [pair for pair in pairs if sum(pair) == values["total"]]
            assert (values["ways"], values["pairs"]) == (len(hits), len(pairs))
            low, high, ways, total = numbers(values["working"])
            assert (low, high) == (min(hits)[0], max(hits)[0])
            assert (ways, total) == (len(hits), len(pairs))

    def test_urn_by_counting_its_marbles(self) -> None:
        for values in drawn("urn"):
            counted = re.findall(r"(\d+) (\w+)", values["bag"])
            marbles = [colour for count, colour in counted for _ in range(int(count))]
            assert len({colour for _, colour in counted}) == len(counted) >= 2
            assert values["hits"] == marbles.count(values["colour"]) > 0
            assert values["total"] == len(marbles)
            for step in values["working"].split(", "):
                left, right, result = numbers(step)
                assert left + right == result
            assert result == values["total"]


class TestStepwise:
    def test_arithmetic_sequence(self) -> None:
        for values in drawn("arithmetic_sequence"):
            terms = numbers(values["terms"])
            assert (terms[0], len(terms)) == (values["start"], values["count"])
            assert {b - a for a, b in itertools.pairwise(terms)} == {values["step"]}

    def test_sum_of_two_before(self) -> None:
        for values in drawn("sum_of_two_before"):
            terms = numbers(values["terms"])
            assert terms[:2] == [values["first"], values["second"]]
            assert len(terms) == values["count"]
            assert all(c - b == a for a, b, c in zip(terms, terms[1:], terms[2:], strict=False))

    def test_doubling(self) -> None:
        for values in drawn("doubling"):
            terms = numbers(values["terms"])
            assert (terms[0], len(terms)) == (values["start"], values["count"])
            assert all(a + a == b for a, b in itertools.pairwise(terms))

    def test_common_divisor(self) -> None:
        for values in drawn("common_divisor"):
            a, b = values["a"], values["b"]
            assert a != b
            assert values["divisor"] == math.gcd(a, b)
            flat = numbers(values["working"])
            pairs = list(zip(flat[::2], flat[1::2], strict=True))
            assert pairs[0] == (a, b)
            assert pairs[-1] == (math.gcd(a, b),) * 2
            assert 2 <= len(pairs) <= 9
            for (x, y), after in itertools.pairwise(pairs):
                assert x != y
                assert after == ((x - y, y) if x > y else (x, y - x))

    def test_numbers_to_sort(self) -> None:
        for values in drawn("numbers_to_sort"):
            asked, terms = numbers(values["numbers"]), numbers(values["terms"])
            assert sorted(asked) == terms
            assert all(a < b for a, b in itertools.pairwise(terms))
            assert 3 <= len(terms) <= 7

    def test_word_repeated(self) -> None:
        for values in drawn("word_repeated"):
            words = values["terms"].split(", ")
            assert set(words) == {values["word"]}
            assert len(words) == values["count"]
            assert values["word"].isalpha()


class TestWording:
    def test_a_capital_is_asked_of_one_country(self) -> None:
        asked = set()
        for values in drawn("capital", 2000):
            countries = [name for name in wording.CAPITALS if name in values["question"]]
            assert len(countries) == 1
            assert values["capital"] == wording.CAPITALS[countries[0]]
            assert values["capital"] not in values["question"]
            assert "capital" in values["question"]
            asked.add(countries[0])
        assert asked == set(wording.CAPITALS)

    def test_capitals_are_told_apart(self) -> None:
        assert len(set(wording.CAPITALS.values())) == len(wording.CAPITALS)

    def test_a_misspelt_question_asks_the_same(self) -> None:
        for clean, misspelt in zip(
            (wording.capital(Random(f"m{i}")) for i in range(300)),
            (wording.capital_misspelt(Random(f"m{i}"), [2, 5]) for i in range(300)),
            strict=True,
        ):
            assert misspelt["capital"] == clean["capital"]
            assert abs(len(misspelt["question"]) - len(clean["question"])) <= 5

    @pytest.mark.parametrize("typos", [1, 2, 5])
    def test_misspelling_keeps_first_letters_and_all_that_is_no_letter(self, typos: int) -> None:
        text = "One more question. Can you name Germany's capital city?"
        changed = 0
        for i in range(500):
            misspelt = wording.misspell(Random(f"{typos}:{i}"), text, typos)
            words, before = misspelt.split(), text.split()
            assert [word[0] for word in words] == [word[0] for word in before]
            assert [c for c in misspelt if not c.isalpha()] == [c for c in text if not c.isalpha()]
            assert {c for c in misspelt if c.isalpha()} <= set(text)
            assert abs(len(misspelt) - len(text)) <= typos
            changed += misspelt != text
        # Two slips may undo each other, and two equal letters may be swapped.
        assert changed >= 0.97 * 500

    def test_a_text_without_slips_stays(self) -> None:
        assert wording.misspell(Random(1), "as it is", 0) == "as it is"

    def test_a_pronoun_means_what_the_reason_tells(self) -> None:
        # What is too small to hold is the holder, what is too big to be held is the thing.
        means = {"small": "holder", "narrow": "holder", "big": "held", "wide": "held"}
        seen = set()
        for values in drawn("pronoun"):
            sentence = re.fullmatch(
                r"The (\w+) (?:does|will|cannot) .* the (\w+) because it is too (\w+)\.",
                values["sentence"],
            )
            assert sentence
            held, holder, reason = sentence.groups()
            assert held != holder
            assert values["it"] == {"held": held, "holder": holder}[means[reason]]
            assert (values["held"], values["holder"]) == (held, holder)
            assert values["reason"] == f"too {reason}"
            seen.add(reason)
        assert seen == set(means)

    def test_an_entry_is_looked_up(self) -> None:
        sizes = set()
        for values in drawn("entries"):
            listed = dict(entry.split() for entry in values["entries"].split(", "))
            assert listed[values["name"]] == str(values["number"])
            assert len(set(listed.values())) == len(listed)
            sizes.add(len(listed))
        assert sizes == set(range(1, 9))
