"""Questions about plain facts: answered a second time from the text of the question alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.generators import assert_pure_and_seeded

from pytest_quant.probes.generators import facts
from pytest_quant.probes.generators.fact_tables import (
    ANIMALS,
    COUNTRIES,
    GROUPS,
    OPPOSITES,
    SCALES,
    SYMBOLS,
)

GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "symbol": facts.symbol,
    "opposite": facts.opposite,
    "animal_class": facts.animal_class,
    "comparison": facts.comparison,
    "continent_of_capital": facts.continent_of_capital,
    "weekday": partial(facts.weekday, days=[1, 10]),
    "odd_one_out": facts.odd_one_out,
    "true_statements": partial(facts.true_statements, count=[3, 4]),
}
CLASS_OF = {animal: kind for kind, animals in ANIMALS.items() for animal in animals}
CAPITAL_OF = {land: city for lands in COUNTRIES.values() for land, city in lands.items()}


def drawn(name: str, count: int = 300) -> Iterator[dict[str, Any]]:
    rng = Random(f"test:{name}")
    return (GENERATORS[name](rng) for _ in range(count))


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_and_seeded(name: str) -> None:
    assert_pure_and_seeded(lambda: drawn(name))


def test_every_fact_of_a_table_has_one_answer() -> None:
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)
    assert sum(map(len, ANIMALS.values())) == len(CLASS_OF)
    cities = list(CAPITAL_OF.values())
    assert len(set(cities)) == len(cities) == sum(map(len, COUNTRIES.values()))
    members = [name for names in GROUPS.values() for name in names]
    assert len(set(members)) == len(members)
    for word, (other, _) in OPPOSITES.items():
        assert OPPOSITES.get(other, (word,))[0] in (word, "old", "young", "hard", "soft", "thick")


def test_a_symbol_and_its_element() -> None:
    sides = Counter()
    for values in drawn("symbol"):
        tokens = re.findall(r"\w+", values["question"])
        elements = [element for element in SYMBOLS if element in tokens]
        if elements:
            assert values["fact"] == SYMBOLS[elements[0]]
        else:
            assert SYMBOLS[values["fact"]] in tokens
        sides[bool(elements)] += 1
    assert min(sides.values()) > 100


def test_an_opposite_is_not_in_its_question() -> None:
    for values in drawn("opposite"):
        tokens = re.findall(r"\w+", values["question"])
        assert values["fact"] not in tokens
        assert any(OPPOSITES.get(token, ("",))[0] == values["fact"] for token in tokens)


def test_every_class_of_animals_is_right_equally_often() -> None:
    counted = Counter()
    for values in drawn("animal_class", 1200):
        named = [
            animal for animal in CLASS_OF if re.search(rf"\ban? {animal}\b", values["question"])
        ]
        assert CLASS_OF[max(named, key=len)] == values["fact"]
        counted[values["fact"]] += 1
    assert min(counted.values()) > 150


def test_a_comparison_is_in_the_order_of_its_scale() -> None:
    directions = Counter()
    for values in drawn("comparison"):
        ((more, less, things),) = (
            scale
            for scale in SCALES
            if {values["a"], values["b"]} <= set(scale[2])
            and ({scale[0], scale[1]} & set(re.findall(r"\w+", values["question"])))
        )
        upward = re.search(rf"\b{more}\b", values["question"]) is not None
        order = sorted((values["a"], values["b"]), key=things.index, reverse=upward)
        assert values["fact"] == order[0]
        assert upward or less in values["question"]
        directions[upward, values["fact"] == values["a"]] += 1
    assert min(directions.values()) > 40


def test_a_continent_is_reached_over_the_country() -> None:
    for values in drawn("continent_of_capital"):
        assert values["city"] in values["question"]
        assert CAPITAL_OF[values["country"]] == values["city"]
        assert values["country"] in COUNTRIES[values["fact"]]
        assert values["country"] not in values["question"].replace("Mexico City", "")


def test_a_weekday_by_the_calendar() -> None:
    steps = set()
    for values in drawn("weekday"):
        start = next(
            day
            for day in (date(2024, 1, 1) + timedelta(days=i) for i in range(7))
            if f"{day:%A}" in values["question"]
        )
        days = int(re.findall(r"\d+", values["question"])[0])
        back = any(word in values["question"] for word in ("before", "ago", "earlier"))
        there = start + timedelta(days=-days if back else days)
        assert values["fact"] == f"{there:%A}" != f"{start:%A}"
        assert len(values["working"].split(", ")) == days
        assert values["working"].endswith(values["fact"])
        steps.add((days, back))
    assert len(steps) == 18


def test_one_of_four_words_is_the_odd_one() -> None:
    group_of = {name: kind for kind, names in GROUPS.items() for name in names}
    forms = Counter()
    for values in drawn("odd_one_out"):
        kinds = [group_of[word] for word in values["four"]]
        (odd,) = (w for w, k in zip(values["four"], kinds, strict=True) if w == values["fact"])
        if len(set(kinds)) == 2:
            assert kinds.count(group_of[odd]) == 1
            assert group_of[odd] not in values["question"]
        else:
            assert len(set(kinds)) == 4
            assert f"is {group_of[odd]}:" in values["question"]
        forms[len(set(kinds)), " not " in values["question"]] += 1
    assert min(forms.values()) > 40


def holds(statement: str) -> bool:
    if match := re.fullmatch(r"The capital of (.+) is (.+)\.", statement):
        return CAPITAL_OF[match[1]] == match[2]
    if match := re.fullmatch(r"The symbol of (.+) is (.+)\.", statement):
        return SYMBOLS[match[1]] == match[2]
    match = re.fullmatch(r"An? (.+) is an? (.+)\.", statement)
    assert match, statement
    return CLASS_OF[match[1]] == match[2]


def test_statements_are_counted() -> None:
    hits = Counter()
    for values in drawn("true_statements"):
        statements = re.findall(r"[A-Z][^.]+\.", values["statements"])
        verdicts = [holds(statement) for statement in statements]
        assert values["hits"] == sum(verdicts)
        known = re.findall(r"([A-Z][^.]+), so (true|false)\.", values["working"])
        assert [word == "true" for _, word in known] == verdicts
        assert all(holds(f"{fact}.") for fact, _ in known)
        hits[values["hits"]] += 1
    assert set(hits) == {0, 1, 2, 3, 4}
