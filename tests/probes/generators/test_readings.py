"""Sentences of several readings: their answers, worked out from the text of the question alone."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.generators import assert_pure_and_seeded, public_functions

from pytest_quant.probes.generators import readings
from pytest_quant.probes.generators.word_senses import WORD_SENSES

GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "word_sense": readings.word_sense,
    "instrument_holder": readings.instrument_holder,
    "referents": readings.referents,
    "distributed_count": readings.distributed_count,
    "coordination": readings.coordination,
    "partial_order": readings.partial_order,
    "missing_fact": partial(readings.missing_fact, people=[2, 3]),
}
WOMEN = {"Mia", "Ann", "Eva", "Zoe", "Ida", "Uma", "Sue", "Amy"}


def drawn(name: str, count: int = 300) -> Iterator[dict[str, Any]]:
    rng = Random(f"test:{name}")
    return (GENERATORS[name](rng) for _ in range(count))


def names(text: str) -> list[str]:
    return re.findall(r"\b[A-Z][a-z]{2}\b", text)


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_and_seeded(name: str) -> None:
    assert_pure_and_seeded(lambda: drawn(name))


def test_every_public_function_is_tested_here() -> None:
    assert public_functions(readings) == set(GENERATORS)


def test_a_hint_belongs_to_one_meaning_and_does_not_name_it() -> None:
    hints = [
        (word, meaning, hint)
        for word, senses in WORD_SENSES.items()
        for meaning, listed in senses.items()
        for hint in listed
    ]
    assert len({(word, hint) for word, _, hint in hints}) == len(hints)
    for word, _, hint in hints:
        assert not any(re.search(rf"\b{meaning}\b", hint) for meaning in WORD_SENSES[word]), hint
    assert all(len(senses) == 2 for senses in WORD_SENSES.values())


def test_a_word_sense_is_fixed_by_the_hint() -> None:
    for values in drawn("word_sense"):
        hint = values["story"].split(". ", 1)[1]
        assert hint in WORD_SENSES[values["word"]][values["meant"]]
        assert {values["one"], values["other"]} == set(WORD_SENSES[values["word"]])


def test_who_had_the_instrument() -> None:
    counted = Counter()
    for values in drawn("instrument_holder", 900):
        _, hint = values["story"].split(". ", 1)
        (*_, named) = [None, *(name for name in names(hint) if name in (values["a"], values["b"]))]
        other = {values["a"]: values["b"], values["b"]: values["a"]}
        if re.search(r"only|put it|carried it", hint, re.IGNORECASE):
            expected = named
        elif re.search(r"had none|held nothing|had left everything", hint):
            expected = other[named]
        else:
            expected = "unclear"
        assert values["holder"] == expected, values["story"]
        counted["unclear" if expected == "unclear" else expected == values["a"]] += 1
    assert min(counted.values()) > 240


def test_whom_a_pronoun_can_mean() -> None:
    sizes = set()
    for values in drawn("referents"):
        people = names(values["story"])
        fitting = [name for name in people if (name in WOMEN) == (values["pronoun"] == "she")]
        assert values["possible"] == ", ".join(fitting) != ""
        assert f" {values['pronoun']} " in values["story"]
        sizes.add((len(people), len(fitting)))
    assert len(sizes) == 9


def test_a_count_by_its_hint() -> None:
    kinds = Counter()
    for values in drawn("distributed_count"):
        n, k = (int(digits) for digits in re.findall(r"\d+", values["question"]))
        shared = "the same ones" in values["question"] or "at least" in values["question"]
        apart = "No two" in values["question"] or "at most" in values["question"]
        assert shared != apart
        assert values["count"] == (k if shared else n * k)
        assert {values["count"], values["other"]} == {k, n * k}
        kinds[shared, "at " in values["question"]] += 1
    assert min(kinds.values()) > 50


def test_both_readings_of_a_coordination() -> None:
    for values in drawn("coordination"):
        groups = {
            (colour, kind): int(count)
            for count, colour, kind in re.findall(r"(\d+) (\w+) (\w+)", values["groups"])
        }
        assert len(groups) == 4
        first = groups[values["colour"], values["first"]]
        second = {c: count for (c, kind), count in groups.items() if kind == values["second"]}
        narrow, wide = first + second[values["colour"]], first + sum(second.values())
        assert values["counts"] == f"{narrow}, {wide}"
        for a, b, total in re.findall(r"(\d+) \+ (\d+) = (\d+)", values["working"]):
            assert int(a) + int(b) == int(total)


def test_what_two_comparisons_leave_open() -> None:
    counted = Counter()
    for values in drawn("partial_order", 600):
        above = set()
        for one, word, other in re.findall(r"(\w+) is (\w+) than (\w+)\.", values["facts"]):
            upward = word in ("older", "taller", "faster", "richer")
            above.add((one, other) if upward else (other, one))
        people = sorted({name for pair in above for name in pair})
        match = re.fullmatch(r"Is (\w+) (\w+) than (\w+)\?", values["question"])
        assert match
        upward = match[2] in ("older", "taller", "faster", "richer")
        high, low = (match[1], match[3]) if upward else (match[3], match[1])
        possible = {
            order.index(high) < order.index(low)
            for order in itertools.permutations(people)
            if all(order.index(a) < order.index(b) for a, b in above)
        }
        expected = {(True,): "yes", (False,): "no"}.get(tuple(possible), "unknown")
        assert values["value"] == expected
        counted[expected] += 1
    assert min(counted.values()) > 150


def test_a_missing_fact_is_unknown() -> None:
    counted = Counter()
    asks = {"live": "lives in", "job": "works as a", "pet": "has a", "colour": "likes"}
    for values in drawn("missing_fact"):
        told = next(told for word, told in asks.items() if word in values["question"])
        (name,) = (name for name in names(values["question"]) if name in values["story"])
        (sentence,) = re.findall(rf"{name} [^.]+\.", values["story"])
        match = re.search(rf"{told} (\w+)", sentence)
        assert values["fact"] == (match[1] if match else "unknown")
        assert told in values["story"]
        if match:
            assert f"{name} {told} {match[1]}" == values["working"]
        counted[match is not None] += 1
    assert 40 < counted[False] < 100
