"""Every iterate of the guide's step-by-step questions, worked out a second time in another way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from tests.generators import assert_pure_and_seeded, public_functions

from pytest_quant import check
from pytest_quant.base.library import PROBES
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.generators import recurrences
from pytest_quant.probes.reader import read_probes

GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "fibonacci": partial(recurrences.fibonacci, count=[12, 18]),
    "hanoi": recurrences.hanoi,
    "triangle": recurrences.triangle,
    "remainders": partial(recurrences.remainders, steps=[3, 7]),
    "newton": recurrences.newton,
    "bisection": recurrences.bisection,
    "linear_recurrence": recurrences.linear_recurrence,
    "population": recurrences.population,
    "logistic_map": recurrences.logistic_map,
}
GUIDE = {probe.guide: probe for probe in read_probes(PROBES / "iterative.yaml") if probe.guide}


def drawn(name: str, count: int = 200) -> Iterator[dict[str, Any]]:
    """The guide's figures, then draws: both have to stand the same test."""
    for probe in GUIDE.values():
        if probe.generator == f"{recurrences.__name__}.{name}":
            yield from map(dict, probe.pinned)
    rng = Random(f"test:{name}")
    yield from (GENERATORS[name](rng) for _ in range(count))


def terms(values: dict[str, Any]) -> list[Fraction]:
    return [Fraction(term) for term in values["terms"].split(", ")]


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_and_seeded(name: str) -> None:
    assert_pure_and_seeded(lambda: drawn(name))


def test_every_public_function_is_tested_here() -> None:
    assert public_functions(recurrences) == {*GENERATORS}


def test_the_guide_asks_nine() -> None:
    assert {*GUIDE} == {f"4.9.{kind}.{question}" for kind in (1, 2, 3) for question in (1, 2, 3)}


def test_fibonacci_by_its_closed_form() -> None:
    def f(n: int) -> int:
        golden = (1 + math.sqrt(5)) / 2
        return round(golden**n / math.sqrt(5))

    for values in drawn("fibonacci"):
        a, b = values["first"], values["second"]
        count = values["count"]
        assert terms(values) == [a, b, *(a * f(n - 2) + b * f(n - 1) for n in range(3, count + 1))]


def test_hanoi_by_moving_the_tower() -> None:
    def moves(height: int, source: int, target: int, pegs: list[list[int]]) -> int:
        if height == 0:
            return 0
        spare = 3 - source - target
        before = moves(height - 1, source, spare, pegs)
        disk = pegs[source].pop()
        assert all(below > disk for below in pegs[target])
        pegs[target].append(disk)
        return before + 1 + moves(height - 1, spare, target, pegs)

    fewest = {n: moves(n, 0, 2, [[*range(n, 0, -1)], [], []]) for n in range(1, 11)}
    for values in drawn("hanoi"):
        found = dict(zip(range(values["low"], values["high"] + 1), terms(values), strict=True))
        assert all(found[n] == fewest[n] for n in found if n in fewest)
        assert all(b == 2 * a + 1 for a, b in pairwise(terms(values)))
        assert values["things"] == f"{values['thing']}s"


def test_triangle_by_binomial_coefficients() -> None:
    for values in drawn("triangle"):
        n, left, right = values["n"], values["left"], values["right"]
        assert terms(values) == [
            left * math.comb(n - 1, k) + (right * math.comb(n - 1, k - 1) if k else 0)
            for k in range(values["k"] + 1)
        ]


def test_remainders_end_in_the_divisor() -> None:
    for values in drawn("remainders"):
        chain = terms(values)
        assert chain[:2] == [values["a"], values["b"]]
        assert chain[-1] == math.gcd(values["a"], values["b"])
        for a, b, rest in zip(chain, chain[1:], chain[2:], strict=False):
            assert rest == a % b > 0
        assert chain[-2] % chain[-1] == 0


def test_newton_in_its_general_form() -> None:
    for values in drawn("newton"):
        x = Decimal(values["guess"])
        with localcontext(prec=80):
            for term in values["terms"].split(", "):
                x -= (x * x - values["radicand"]) / (2 * x)
                assert abs(x - Decimal(term)) <= Decimal("5e-7")
                assert len(term.partition(".")[2]) == 6
        assert values["count"] == len(terms(values))


def test_midpoints_by_the_binary_digits_of_the_root() -> None:
    for values in drawn("bisection"):
        p, q, low = values["p"], values["q"], values["low"]
        x = low + 1.0
        for _ in range(60):
            x -= (x**3 - p * x - q) / (3 * x**2 - p)
        assert low < x < low + 1
        found = terms(values)
        assert found == [
            low + Fraction(2 * math.floor((x - low) * 2**k) + 1, 2 ** (k + 1))
            for k in range(values["count"])
        ]
        # Both halves are taken, so that nothing is gained by always taking the same.
        assert {b > a for a, b in pairwise([*found, Fraction(x)])} == {True, False}


def test_linear_recurrence_by_its_closed_form() -> None:
    for values in drawn("linear_recurrence"):
        factor = values["factor"]
        shift = values["shift"] if values["sign"] == "+" else -values["shift"]
        balance = Fraction(-shift, factor - 1)
        places = [*range(1, 9), values["later"]]
        assert terms(values) == [
            (values["start"] - balance) * factor ** (n - 1) + balance for n in places
        ]


def test_population_in_doubles() -> None:
    for values in drawn("population"):
        p = float(values["start"])
        found = terms(values)
        for term in found:
            p = float(values["rate"]) * p - float(values["crowding"]) * p * p
            assert abs(p - float(term)) < 0.00501
        assert len(found) == values["count"]
        assert sorted({*found}) == found


def test_logistic_map_in_doubles() -> None:
    for values in drawn("logistic_map"):
        x = float(values["start"])
        for term in terms(values):
            x = float(values["rate"]) * x * (1 - x)
            assert abs(x - float(term)) < 5.01e-7
        assert len(terms(values)) == values["count"] - 1


@pytest.mark.parametrize(("place", "digits", "passes"), [
    ("4.9.3.2", 2, True), ("4.9.3.2", 1, False), ("4.9.3.3", 6, True), ("4.9.3.3", 2, False),
])  # fmt: skip
def test_the_tolerance_forgives_the_rounding_that_is_allowed(
    place: str, digits: int, passes: bool
) -> None:
    """A careful walk through every step passes always, a sloppy one fails somewhere."""
    name = {"4.9.3.2": "population", "4.9.3.3": "logistic_map"}[place]
    verdicts = set()
    for values in drawn(name, 30):
        step = {
            "population": lambda x, v=values: v["rate"] * x - v["crowding"] * x * x,
            "logistic_map": lambda x, v=values: v["rate"] * x * (1 - x),
        }[name]
        x, walked = Decimal(str(values["start"])), []
        for _ in terms(values):
            x = round(step(x), digits)
            walked.append(str(x))
        options = GUIDE[place].check_options
        verdicts.add(check("sequence", ", ".join(walked), values["terms"], **options).correct)
    assert verdicts == {True} if passes else False in verdicts


# Place in the guide -> the figures that the question shows, and the last number of the answer.
FIGURES = {
    "4.9.1.1": (["Fibonacci", "1 and 1", "first 15"], "610"),
    "4.9.1.2": (["three pegs", "1 to 6 disks"], "63"),
    "4.9.1.3": (["C(10, 4)", "C(n, 0) = 1", "C(n, n) = 1"], "210"),
    "4.9.2.1": (["1071 and 462"], "21"),
    "4.9.2.2": (["root of 28", "x_0 = 5", "4 steps"], "5.291503"),
    "4.9.2.3": (["x^3 - 2x - 5", "between 2 and 3", "4 times"], "2.0625"),
    "4.9.3.1": (["a_1 = 2", "3 * a_n - 1", "first 8"], f"{(3**12 + 1) // 2}"),
    "4.9.3.2": (["1.2 * P(n) - 0.0001 * P(n)^2", "P(0) = 100", "P(10)"], "506.79"),
    "4.9.3.3": (["3.9 * x_n * (1 - x_n)", "x_1 = 0.2", "x_10"], "0.974216"),
}


@pytest.mark.parametrize("place", FIGURES)
def test_the_figures_of_the_guide_are_the_first_case(place: str) -> None:
    figures, last = FIGURES[place]
    (case,) = draw_cases(GUIDE[place], 1)
    assert all(figure in case.prompt for figure in figures)
    assert case.expected.split(", ")[-1] == last


@pytest.mark.parametrize("place", FIGURES)
def test_there_are_200_cases(place: str) -> None:
    assert len(draw_cases(GUIDE[place], 200)) == 200
