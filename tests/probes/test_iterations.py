"""Every sequence of the step-by-step questions is followed a second time, from the question."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from tests.generators import assert_pure_and_seeded, public_functions

from pytest_quant.probes.generators import iterations

GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "countdown": iterations.countdown,
    "running_sums": partial(iterations.running_sums, count=[4, 8]),
    "collatz": partial(iterations.collatz, count=[5, 9]),
    "halving_to_binary": iterations.halving_to_binary,
    "geometric": iterations.geometric,
    "second_differences": iterations.second_differences,
    "congruential": partial(iterations.congruential, count=[3, 5]),
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
    assert public_functions(iterations) == {*GENERATORS}


def test_countdown_stops_before_it_is_negative() -> None:
    for values in drawn("countdown"):
        terms = numbers(values["terms"])
        assert terms[0] == values["start"]
        assert {a - b for a, b in pairwise(terms)} == {values["step"]}
        assert terms[-1] < values["step"]
        assert 4 <= len(terms) <= 9


def test_running_sums_grow_by_the_numbers() -> None:
    for values in drawn("running_sums"):
        terms = numbers(values["terms"])
        assert [b - a for a, b in pairwise([0, *terms])] == numbers(values["numbers"])


def test_collatz_never_goes_round() -> None:
    for values in drawn("collatz"):
        terms = numbers(values["terms"])
        assert (terms[0], len(terms)) == (values["start"], values["count"])
        assert len({*terms}) == len(terms)
        for a, b in pairwise(terms):
            assert a == 2 * b if a % 2 == 0 else b == 3 * a + 1


def test_binary_digits_are_what_the_halves_leave() -> None:
    for values in drawn("halving_to_binary"):
        assert int(values["binary"], 2) == values["number"]
        flat = numbers(values["working"])
        halves, left = flat[::2], flat[1::2]
        assert (halves[0], halves[-1]) == (values["number"], 1)
        assert all(a - 2 * b in (0, 1) for a, b in pairwise(halves))
        assert "".join(map(str, reversed(left))) == values["binary"]


def test_every_product_of_a_geometric_sequence_holds() -> None:
    for values in drawn("geometric"):
        terms = numbers(values["terms"])
        assert (terms[0], len(terms)) == (values["start"], values["count"])
        assert values["working"] == ", ".join(
            f"{a} * {values['factor']} = {b}" for a, b in pairwise(terms)
        )
        assert all(b == values["factor"] * a for a, b in pairwise(terms))


def test_second_differences_are_all_equal() -> None:
    for values in drawn("second_differences"):
        shown, terms = numbers(values["shown"]), numbers(values["terms"])
        assert (len(shown), len(terms)) == (4, values["count"])
        first = [b - a for a, b in pairwise(shown + terms)]
        assert len({b - a for a, b in pairwise(first)}) == 1
        lead, *equations = re.split(r", (?=\d+ \+)", values["working"])
        assert numbers(lead) == first[:3]
        found = [numbers(equation) for equation in equations]
        assert all(a + b == c for a, b, c in found)
        assert [c for _, _, c in found[1::2]] == terms
        assert [c for _, _, c in found[::2]] == first[3:]


def test_a_congruential_generator_repeats_no_number() -> None:
    for values in drawn("congruential"):
        terms = numbers(values["terms"])
        assert (terms[0], len(terms)) == (values["start"], values["count"])
        assert len({*terms}) == len(terms)
        assert max(terms) < values["modulus"]
        flat = numbers(values["working"])
        for (a, b), step in zip(
            pairwise(terms), (flat[i : i + 7] for i in range(0, len(flat), 7)), strict=False
        ):
            factor, before, shift, value, again, whole, left = step
            assert (factor, before, shift) == (values["factor"], a, values["shift"])
            assert value == again == factor * a + shift
            assert whole % values["modulus"] == 0
            assert left == value - whole == b
