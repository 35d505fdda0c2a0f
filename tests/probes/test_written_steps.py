"""Chances, purchases and journeys are worked out a second time, and every written step holds."""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.generators import assert_pure_and_seeded, public_functions

from pytest_quant.probes.generators import draws, journeys, money

GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "complement": draws.complement,
    "mean_of_parts": partial(draws.mean_of_parts, parts=[3, 6]),
    "divisible": draws.divisible,
    "spins": partial(draws.spins, length=[2, 3]),
    "two_draws": draws.two_draws,
    "at_least_one": draws.at_least_one,
    "screening": draws.screening,
    "budget": partial(money.budget, purchases=[1, 3]),
    "shopping": partial(money.shopping, kinds=[1, 4]),
    "proportion": money.proportion,
    "price_change": money.price_change,
    "simple_interest": money.simple_interest,
    "break_even": partial(money.break_even, most=999),
    "hours": partial(journeys.hours, legs=[2, 3]),
    "arrival": journeys.arrival,
}
# What the last written step must come to.
RESULTS = {
    "complement": lambda v: Fraction(v["rest"], v["below"]),
    "mean_of_parts": lambda v: v["sum"],
    "divisible": lambda v: v["hits"],
    "spins": lambda v: v["all"],
    "two_draws": lambda v: v["pairs"],
    "at_least_one": lambda v: v["ways"],
    "screening": lambda v: v["positive"],
    "budget": lambda v: v["left"],
    "shopping": lambda v: v["total"],
    "proportion": lambda v: v["cost"],
    "price_change": lambda v: v["new"],
    "simple_interest": lambda v: v["worth"],
    "hours": lambda v: v["hours"],
}
SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_NUMBER = r"\d+(?:/\d+)?"
_STEP = re.compile(rf"({_NUMBER}(?: [-+*/] {_NUMBER})+) = ({_NUMBER})(?: rest (\d+))?")


def drawn(name: str, count: int = 200) -> Iterator[dict[str, Any]]:
    rng = Random(f"test:{name}")
    return (GENERATORS[name](rng) for _ in range(count))


def steps(working: str) -> list[tuple[Fraction, str, Fraction, int]]:
    """The equations of a working: left side's value, its text, the result, the rest."""
    return [
        (value(left), left, Fraction(result), int(rest or 0))
        for left, result, rest in _STEP.findall(working)
    ]


def value(left: str) -> Fraction:
    """Sums and differences of numbers, or one product or quotient."""
    first, *others = left.split()
    total = Fraction(first)
    for sign, number in zip(others[::2], others[1::2], strict=True):
        total = SIGNS[sign](total, Fraction(number))
    return total


def counted(listed: str) -> list[tuple[int, str]]:
    """The counts and the nouns of a list such as "4 red and 3 blue"."""
    return [(int(count), noun) for count, noun in re.findall(r"(\d+) (\w+)", listed)]


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_and_seeded(name: str) -> None:
    assert_pure_and_seeded(lambda: drawn(name))


def test_every_public_function_is_tested_here() -> None:
    assert public_functions(draws, journeys, money) == set(GENERATORS)


@pytest.mark.parametrize("name", GENERATORS)
def test_every_written_step_holds(name: str) -> None:
    for values in drawn(name):
        found = steps(values["working"])
        assert len(found) == values["working"].count(" = ") > 0
        for exact, left, result, rest in found:
            divisor = Fraction(left.split()[-1]) if rest else Fraction(1)
            assert exact == result + rest / divisor, values["working"]
        if name in RESULTS:
            assert found[-1][2] == RESULTS[name](values)


class TestChances:
    def test_complement(self) -> None:
        for values in drawn("complement"):
            assert values["above"] + values["rest"] == values["below"]
            assert values["above"] != values["rest"]

    def test_mean_of_parts(self) -> None:
        for values in drawn("mean_of_parts"):
            numbers = [int(number) for number in re.findall(r"\d+", values["numbers"])]
            assert (values["parts"], values["sum"]) == (len(numbers), sum(numbers))
            assert values["largest"] == max(numbers)

    def test_divisible_by_counting(self) -> None:
        for values in drawn("divisible"):
            first, second = values["first"], values["second"]
            hits = [n for n in range(1, values["last"] + 1) if not n % first or not n % second]
            assert values["hits"] == len(hits)
            assert first < second

    def test_spins_by_enumeration(self) -> None:
        for values in drawn("spins", 60):
            parts = [values["one"]] * values["above"]
            parts += [values["other"]] * (values["below"] - values["above"])
            series = tuple(values["series"].split(", "))
            assert len(series) == values["count"]
            spun = list(itertools.product(parts, repeat=len(series)))
            assert (values["ways"], values["all"]) == (spun.count(series), len(spun))

    def test_two_draws_by_enumeration(self) -> None:
        events = set()
        for values in drawn("two_draws"):
            marbles = [colour for n, colour in counted(values["bag"]) for _ in range(n)]
            pairs = list(itertools.permutations(marbles, 2))
            named = re.findall(r"(?:are|is) (\w+)", values["event"])
            wanted = (named[0], named[-1])
            assert (values["ways"], values["pairs"]) == (pairs.count(wanted), len(pairs))
            assert values["put_back"] == marbles.count(wanted[0]) * marbles.count(wanted[1])
            events.add(len(named))
        assert events == {1, 2}

    def test_at_least_one_by_enumeration(self) -> None:
        for values in drawn("at_least_one"):
            marbles = [True] * values["hits"] + [False] * values["others"]
            pairs = list(itertools.product(marbles, repeat=2))
            assert (values["ways"], values["pairs"]) == (sum(map(any, pairs)), len(pairs))

    def test_screening_by_bayes(self) -> None:
        for values in drawn("screening"):
            prior = Fraction(values["ill"], values["people"])
            found = Fraction(values["above"], values["below"])
            wrong = Fraction(values["others_above"], values["others_below"])
            posterior = prior * found / (prior * found + (1 - prior) * wrong)
            assert Fraction(values["found"], values["positive"]) == posterior


class TestMoney:
    def test_budget(self) -> None:
        for values in drawn("budget"):
            prices = [int(price) for price in re.findall(r"\d+", values["bought"])]
            assert values["has"] - sum(prices) == values["left"] > 0
            assert values["first_left"] == values["has"] - prices[0]

    def test_shopping(self) -> None:
        for values in drawn("shopping"):
            bought = re.findall(r"(\d+) \w+ at (\d+) dollars each", values["bought"])
            assert values["total"] == sum(int(count) * int(price) for count, price in bought)
            assert values["prices"] == sum(int(price) for _, price in bought)

    def test_proportion(self) -> None:
        for values in drawn("proportion"):
            assert Fraction(values["cost"], values["total"]) == Fraction(
                values["asked"], values["known"]
            )
            assert values["asked"] != values["known"]

    def test_price_change(self) -> None:
        directions = set()
        for values in drawn("price_change"):
            sign = {"rises": 1, "falls": -1}[values["moves"]]
            factor = 1 + Fraction(sign * values["percent"], 100)
            assert values["new"] == values["price"] * factor
            assert abs(values["new"] - values["price"]) == values["share"]
            directions.add(sign)
        assert directions == {1, -1}

    def test_simple_interest(self) -> None:
        for values in drawn("simple_interest"):
            yearly = Fraction(values["saved"] * values["rate"], 100)
            assert values["yearly"] == yearly
            assert values["worth"] == values["saved"] + values["years"] * yearly
            assert values["interest"] == values["years"] * yearly

    def test_break_even(self) -> None:
        for values in drawn("break_even"):
            margin = values["price"] - values["cost"]
            assert margin * values["units"] == values["rent"]
            difference, *division = steps(values["working"])
            assert difference[2] == margin
            assert "".join(str(step[2]) for step in division) == str(values["units"])
            assert division[-1][3] == 0


class TestJourneys:
    def test_hours(self) -> None:
        for values in drawn("hours"):
            legs = re.findall(r"(\d+) km at (\d+) km an hour", values["legs"])
            times = [Fraction(int(way), int(speed)) for way, speed in legs]
            assert values["hours"] == sum(times)
            assert values["last"] == times[-1]

    def test_arrival(self) -> None:
        carried = set()
        for values in drawn("arrival"):
            leaves = datetime.strptime(values["leaves"], "%H:%M")
            hours, minutes = (int(values[name].split()[0]) for name in ("hours", "minutes"))
            arrives = leaves + timedelta(hours=hours, minutes=minutes)
            assert values["arrives"] == f"{arrives:%H:%M}"
            assert arrives.date() == leaves.date()
            assert values["unpadded"] == values["arrives"].removeprefix("0")
            carried.add("60" in values["working"])
        assert carried == {True, False}
