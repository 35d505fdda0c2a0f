"""Every equation of the written arithmetic holds, and the steps lead from question to answer."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any

import pytest
from tests.generators import assert_pure_and_seeded, public_functions

from pytest_quant.probes.generators import written

GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "subtraction": partial(written.subtraction, digits=[2, 5]),
    "column": partial(written.column, count=[3, 6], digits=[2, 4]),
    "percentage": written.percentage,
    "fraction_sum": partial(written.fraction_sum, largest=12),
    "close_fractions": partial(written.close_fractions, largest=15),
    "long_division": partial(written.long_division, digits=[3, 5]),
    "unit_conversion": written.unit_conversion,
    "expression": partial(written.expression, operators=[2, 4]),
}
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def drawn(name: str, count: int = 300) -> Iterator[dict[str, Any]]:
    rng = Random(f"test:{name}")
    return (GENERATORS[name](rng) for _ in range(count))


def value(text: str) -> Fraction:
    """What an expression of the working is worth, worked out by Python's own grammar."""

    def of(node: ast.expr) -> Fraction:
        if isinstance(node, ast.BinOp):
            return Fraction(_OPERATORS[type(node.op)](of(node.left), of(node.right)))
        assert isinstance(node, ast.Constant)
        return Fraction(str(node.value))

    return of(ast.parse(text, mode="eval").body)


def steps(values: dict[str, Any]) -> list[tuple[str, Fraction]]:
    """The left sides and the results of the equations, each of which holds."""
    found = []
    for equation in values["working"].split(", "):
        sides = equation.split(" = ")
        assert len({value(side) for side in sides}) == 1, equation
        found.append((sides[0], value(sides[-1])))
    return found


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_and_seeded(name: str) -> None:
    assert_pure_and_seeded(lambda: drawn(name))


def test_every_public_function_is_tested_here() -> None:
    assert public_functions(written) == {*GENERATORS}


def test_subtraction_takes_away_one_place_after_the_other() -> None:
    for values in drawn("subtraction"):
        assert values["a"] > values["b"]
        left, taken = values["a"], []
        for equation, result in steps(values):
            before, part = map(int, equation.split(" - "))
            assert before == left
            assert len(str(part).rstrip("0")) == 1
            left = result
            taken.append(part)
        assert taken == sorted(taken, reverse=True)
        assert sum(taken) == values["b"]
        assert left == values["a"] - values["b"]


def test_column_keeps_a_running_total() -> None:
    counts = set()
    for values in drawn("column"):
        numbers = [int(part) for part in values["numbers"].split(", ")]
        counts.add(len(numbers))
        found = steps(values)
        assert [result for _, result in found] == [
            sum(numbers[: i + 2]) for i in range(len(numbers) - 1)
        ]
        assert [int(left.split(" + ")[1]) for left, _ in found] == numbers[1:]
        assert values["total"] == sum(numbers)
    assert counts == {3, 4, 5, 6}


def test_percentage_ends_in_the_exact_decimal() -> None:
    for values in drawn("percentage"):
        left, result = steps(values)[-1]
        assert left == f"{values['amount'] * values['percent']} / 100"
        assert result == Fraction(values["amount"] * values["percent"], 100)


def test_fractions_are_added_over_their_least_common_denominator() -> None:
    for values in drawn("fraction_sum"):
        p, q, r, s = (values[name] for name in "pqrs")
        assert q != s
        assert math.gcd(p, q) == math.gcd(r, s) == 1
        top, bottom = map(int, values["sum"].split("/"))
        assert bottom == math.lcm(q, s)
        assert Fraction(top, bottom) == Fraction(p, q) + Fraction(r, s)
        assert steps(values)[-1][1] == top


def test_close_fractions_are_compared_by_cross_products() -> None:
    larger_first = 0
    for values in drawn("close_fractions"):
        x, y = Fraction(values["x"]), Fraction(values["y"])
        assert 0 < abs(x - y) <= Fraction(1, 5)
        assert Fraction(values["larger"]) == max(x, y)
        larger_first += x > y
        *products, comparison = values["working"].split(", ")
        left, right = (value(product.split(" = ")[1]) for product in products)
        assert [value(product.split(" = ")[0]) for product in products] == [left, right]
        assert (left, right) == (x.numerator * y.denominator, y.numerator * x.denominator)
        assert comparison == f"{left} {'>' if x > y else '<'} {right}"
    assert 100 < larger_first < 200


def test_long_division_brings_down_one_digit_after_the_other() -> None:
    for values in drawn("long_division"):
        quotient, remainder = divmod(values["dividend"], values["divisor"])
        assert (values["quotient"], values["remainder"]) == (quotient, remainder)
        found = [
            tuple(map(int, re.findall(r"\d+", part))) for part in values["working"].split(", ")
        ]
        steps(values)
        assert int("".join(str(digit) for _, digit, _, _ in found)) == quotient
        assert {divisor for _, _, divisor, _ in found} == {values["divisor"]}
        assert found[-1][3] == remainder
        assert all(rest < divisor for _, _, divisor, rest in found)


def test_units_are_converted_by_their_factor() -> None:
    factors = {}
    for values in drawn("unit_conversion"):
        factors[values["large"], values["small"]] = values["factor"]
        assert 2 <= values["rest"] < values["factor"]
        assert steps(values)[-1][1] == values["count"] * values["factor"] + values["rest"]
    assert factors["hours", "minutes"] == factors["minutes", "seconds"] == 60
    assert factors["weeks", "days"] == 7
    assert factors["feet", "inches"] == factors["years", "months"] == 12
    assert len(factors) == 11


def test_an_expression_is_rewritten_until_it_is_a_number() -> None:
    lengths = set()
    for values in drawn("expression"):
        written_out = values["working"].split(" = ")
        assert written_out[0] == values["expression"]
        assert written_out[-1] == str(values["value"])
        assert {value(text) for text in written_out} == {values["value"]}
        # Each line has one operation less.
        operations = [len(re.findall(r" [-+*] ", text)) for text in written_out]
        assert operations == list(range(operations[0], -1, -1))
        lengths.add(operations[0])
        assert "(" in values["expression"]
        assert all(int(number) <= 999 for number in re.findall(r"\d+", values["working"]))
        for product in re.findall(r"(?<![*\d] )(\d+) \* (\d+)", values["working"]):
            assert all(len(factor) <= 3 for factor in product)
    assert lengths == {2, 3, 4}


@pytest.mark.parametrize(
    "text", ["7 - (5 - 2)", "(3 + 4) * 5", "3 * (4 * 5)", "12 - (3 + 4)", "8 + (6 - 2)"]
)
def test_brackets_stand_where_the_order_of_work_needs_them(text: str) -> None:
    found = {values["expression"] for values in drawn("expression", 3000)}
    shape = re.sub(r"\d+", "n", text)
    assert shape in {re.sub(r"\d+", "n", expression) for expression in found}
