from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_quant.probes.expressions import ExpressionError, evaluate, to_exact


def fraction(expression: str, **values: Any) -> Fraction:
    """The value of an expression that must be rational."""
    value = evaluate(expression, values)
    assert value.is_Rational, value
    return Fraction(int(value.p), int(value.q))


class TestExactness:
    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            ("0.1 + 0.2", Fraction(3, 10)),
            ("1e-5 * 3", Fraction(3, 100_000)),
            (".5 + 5.", Fraction(11, 2)),
            ("1_000.25", Fraction(4001, 4)),
            ("0x1F", Fraction(31)),
            ("2 / 3 / 5", Fraction(2, 15)),
            ("-7 // 2", Fraction(-4)),
            ("-7 % 3", Fraction(2)),
            ("2 ** -3", Fraction(1, 8)),
            ("-2 ** 2", Fraction(-4)),
            ("(1 + 5.25 / 1200) ** 2", (1 + Fraction(525, 120_000)) ** 2),
            ("abs(-3.5)", Fraction(7, 2)),
            ("floor(-1.5) + ceiling(-1.5)", Fraction(-3)),
            ("gcd(12, 18, 4) + lcm(4, 6, 10)", Fraction(62)),
            ("max(1, 2.5, -3) - min(1, 2.5, -3)", Fraction(11, 2)),
            ("sum([1, 2.5, 3])", Fraction(13, 2)),
            ("factorial(20)", Fraction(math.factorial(20))),
            ("binomial(49, 6)", Fraction(math.comb(49, 6))),
            ("binomial(3, 5)", Fraction(0)),
            ("det([[1, 2], [3, 4]])", Fraction(-2)),
            ("det([(0.1, 0.2, 0), (0, 0.1, 0.3), (1, 0, 1)])", Fraction(7, 100)),
            ("log(8, 2)", Fraction(3)),
            ("sqrt(2) * sqrt(8)", Fraction(4)),
            ("cos(pi) + sin(pi / 6)", Fraction(-1, 2)),
            ("log(e ** 5) - exp(0)", Fraction(4)),
        ],
    )
    def test_rationals(self, expression: str, value: Fraction) -> None:
        assert fraction(expression) == value

    @pytest.mark.parametrize(
        ("expression", "digits"),
        [  # rounded to 30 decimals
            ("sqrt(2)", "1.414213562373095048801688724210"),
            ("pi", "3.141592653589793238462643383280"),
            ("e", "2.718281828459045235360287471353"),
            ("log(2)", "0.693147180559945309417232121458"),
            ("sin(1)", "0.841470984807896506652502321630"),
            ("(1 + sqrt(5)) / 2", "1.618033988749894848204586834366"),
        ],
    )
    def test_irrationals_stay_symbols(self, expression: str, digits: str) -> None:
        value = evaluate(expression, {})
        assert not value.is_Rational
        error = Fraction(str(value.evalf(60))) - Fraction(digits)
        assert abs(error) <= Fraction(1, 2 * 10**30)

    def test_a_literal_keeps_every_digit(self) -> None:
        text = "3.14159265358979323846264338327950288"
        assert fraction(text) == Fraction(text)
        assert fraction("123456789012345678901234567890") == 123456789012345678901234567890

    def test_values_of_every_kind(self) -> None:
        values = {
            "whole": 3,
            "ratio": Fraction(1, 3),
            "decimal": Decimal("0.10"),
            "double": 0.1,
            "listed": [1, Decimal("0.5")],
        }
        assert fraction("whole * ratio", **values) == 1
        assert fraction("decimal - double", **values) == 0
        assert fraction("sum(listed)", **values) == Fraction(3, 2)

    def test_a_parameter_hides_a_constant(self) -> None:
        assert fraction("e * pi", e=2, pi=3) == 6

    @given(st.lists(st.tuples(st.sampled_from("+-*"), st.decimals(-99, 99, places=3)), max_size=6))
    @settings(deadline=None, max_examples=60)
    def test_arithmetic_agrees_with_fractions(self, terms: list[tuple[str, Decimal]]) -> None:
        expression = "1"
        value = Fraction(1)
        for operator, term in terms:
            expression = f"({expression}) {operator} ({term:f})"
            number = Fraction(term)
            value = {"+": value + number, "-": value - number, "*": value * number}[operator]
        assert fraction(expression) == value


class TestDoubles:
    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            ("ieee(0.1 + 0.2)", 0.1 + 0.2),
            ("ieee(0.1 * 3)", 0.1 * 3),
            ("ieee(1 / 3)", 1 / 3),
            ("ieee(-0.7 - 0.1)", -0.7 - 0.1),
            ("ieee(2 ** 0.5)", 2**0.5),
            ("ieee(1 + 2 ** -53)", 1.0),
            ("ieee(7.5 % 0.7)", 7.5 % 0.7),
            ("ieee(pi)", math.pi),
            ("ieee(e)", math.e),
        ],
    )
    def test_every_operation_is_rounded(self, expression: str, value: float) -> None:
        assert fraction(expression) == Fraction(value)

    def test_the_rest_of_the_expression_stays_exact(self) -> None:
        assert fraction("ieee(0.1 + 0.2) - 0.3") == Fraction(0.1 + 0.2) - Fraction(3, 10) != 0
        assert fraction("ieee(a + b)", a=Decimal("0.1"), b=Decimal("0.2")) == Fraction(0.1 + 0.2)

    @given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
    @settings(deadline=None, max_examples=60)
    def test_agrees_with_the_processor(self, x: float, y: float) -> None:
        values = {"x": Decimal(repr(x)), "y": Decimal(repr(y))}
        assert fraction("ieee(x + y)", **values) == Fraction(x + y)
        assert fraction("ieee(x * y)", **values) == Fraction(x * y)

    @pytest.mark.parametrize(
        "expression",
        ["ieee(abs(0.1 - 0.3))", "ieee([1])", "ieee(1, 2)", "ieee()", "ieee(10 ** 400)"],
    )
    def test_only_arithmetic_in_range(self, expression: str) -> None:
        with pytest.raises(ExpressionError):
            evaluate(expression, {})


class TestErrors:
    @pytest.mark.parametrize(
        ("expression", "problem"),
        [
            ("a +", "is not an expression: invalid syntax"),
            ("", "is not an expression"),
            ("1; 2", "is not an expression"),
            ("a + c", "unknown name 'c'; known: a, b"),
            ("sqr(a)", "unknown function 'sqr'; known: abs, binomial"),
            ("abs", "unknown name 'abs'"),
            ("True + 1", "True is not a number"),
            ("'1' + 1", "\"'1'\" is not allowed here"),
            ("b + 1", "'text' is not a number"),
            ("1 / 0", "is not a finite real number"),
            ("0 ** -1", "is not a finite real number"),
            ("log(0)", "is not a finite real number"),
            ("sqrt(-1)", "I is not a finite real number"),
            ("log(-1)", "is not a finite real number"),
            ("[a, a]", "[7, 7] is not a finite real number"),
            ("min()", "is not a finite real number"),
            ("5 // 0", "by zero"),
            ("5 % 0", "by zero"),
            ("det([[1, 2]])", "NonSquareMatrixError"),
            ("det(3)", "expecting list of lists"),
            ("sum(3)", "not iterable"),
            ("sqrt(8, 3)", "1 positional argument"),
            ("factorial(3, 2)", "exactly 1 argument"),
            ("1j", "'1j' is not allowed here"),
            ("1e999999999", "1E+999999999 is out of range"),
        ],
    )
    def test_the_message_shows_the_expression(self, expression: str, problem: str) -> None:
        with pytest.raises(ExpressionError) as raised:
            evaluate(expression, {"a": 7, "b": "text"})
        assert str(raised.value).startswith(repr(expression))
        assert problem in str(raised.value)
        assert "\n" not in str(raised.value)

    def test_too_deep(self) -> None:
        for expression in (
            "+".join(["1"] * 20_000),
            "-" * 20_000 + "1",
            "(" * 400 + "1" + ")" * 400,
        ):
            with pytest.raises(ExpressionError):
                evaluate(expression, {})

    @pytest.mark.parametrize("value", [True, "1", None, {"a": 1}, object(), [1, "2"]])
    def test_what_is_no_number(self, value: Any) -> None:
        with pytest.raises(ValueError, match="is not a number"):
            to_exact(value)


class Trap:
    """Remembers whether anything was done to it."""

    touched = False

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__"):
            return object.__getattribute__(self, name)
        type(self).touched = True
        raise AssertionError(name)

    def __call__(self, *_: Any) -> Any:
        type(self).touched = True

    def __getitem__(self, _: Any) -> Any:
        type(self).touched = True


class TestNothingElseIsEvaluated:
    @pytest.mark.parametrize(
        "expression",
        [
            "trap.attribute",
            "trap()",
            "trap(1)",
            "trap[0]",
            "sqrt.__class__",
            "(1).__class__",
            "().__class__.__bases__",
            "lambda: 1",
            "(lambda: 1)()",
            "[x for x in [1]]",
            "{x for x in [1]}",
            "sum(x for x in [1])",
            "{1: 2}",
            "{1}",
            "(x := 1)",
            "1 if 1 else 2",
            "1 < 2",
            "1 and 2",
            "not 1",
            "~1",
            "1 << 2",
            "1 | 2",
            "[1] @ [1]",
            "f'{1}'",
            "b'1'",
            "...",
            "None",
            "[1, 2][0]",
            "sqrt(*[4])",
            "sqrt(number=4)",
            "max(**{})",
            "__import__('os')",
            "__builtins__",
            "eval('1')",
            "print(1)",
            "open('/etc/passwd')",
            "exec",
            "await trap",
            "yield",
        ],
    )
    def test_no_python_beyond_arithmetic(self, expression: str) -> None:
        with pytest.raises(ExpressionError):
            evaluate(expression, {"trap": Trap()})
        assert not Trap.touched

    def test_a_name_is_never_looked_up_in_sympy(self) -> None:
        assert hasattr(sympy, "oo")
        for name in ("oo", "I", "E", "Symbol", "S"):
            with pytest.raises(ExpressionError, match="unknown name"):
                evaluate(name, {})

    @given(st.text(max_size=30) | st.text(alphabet="abe0123.+-/()[], ", max_size=20))
    @settings(deadline=None, max_examples=300)
    def test_any_text_gives_a_real_number_or_an_error(self, text: str) -> None:
        try:
            value = evaluate(text, {"a": 1, "b": [1, 2]})
        except ExpressionError:
            return
        assert value.is_real
        assert value.is_finite
