"""Whatever number is written in whatever style is judged right against itself, and no other."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_quant.checkers import check
from pytest_quant.checkers.exact import decimal_text

# How models frame a final answer; {} stands for the number.
FRAMES = [
    "{}",
    "{}.",
    "**{}**",
    "`{}`",
    "x = {}",
    "$x = {}$",
    "\\boxed{{{}}}",
    "$$\\boxed{{{}}}$$",
    "Answer: {}",
    "**Answer:** {}",
    "Final answer:\n\n**{}**",
    "The answer is {}.",
    "The answer is therefore **{}**.",
    "#### {}",
    "<answer>{}</answer>",
    "<think>It might be 777.</think>\n{}",
    "First 600 + 177 = 777. So the answer is {}.",
    "The answer is 777. No, wait, it is {}.",
    "The answer is {}, which is not 777.",
    "The answer is {}. That is because 7 * 111 = 777.",
    "1. Take 777.\n2. Work on it.\n\nTherefore the result is {}.",
]
frames = st.sampled_from(FRAMES)
SUPERSCRIPTS = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)


def integer_styles(value: int) -> list[str]:
    sign, digits = ("-" if value < 0 else ""), f"{abs(value):,}"
    return [
        str(value),
        f"{value:,}",
        f"{value}.0",
        f"{value:_}",
        sign + digits.replace(",", " "),
        sign + digits.replace(",", "\u202f"),
        sign + digits.replace(",", "'"),
        sign + digits.replace(",", "{,}"),
        str(value).replace("-", "\u2212"),
        str(value).replace("-", "minus "),
        f"{2 * value}/2",
        f"\\frac{{{3 * value}}}{{3}}",
    ]


def decimal_styles(value: Decimal) -> list[str]:
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    mark, written = ("-" if sign else ""), "".join(map(str, digits))
    power = len(written) - 1 + exponent
    mantissa = mark + written[0] + ("." + written[1:] if written[1:] else "")
    return [
        f"{value:f}",
        f"{value:,f}",
        f"{value:f}0" if exponent < 0 else f"{value:f}.0",
        f"{100 * value:f}%",
        f"{100 * value:f} percent",
        f"{mantissa}e{power}",
        f"{mantissa}E{power:+03}",
        f"{mantissa} x 10^{power}",
        f"{mantissa} \u00d7 10^{{{power}}}",
        f"{mantissa} \\times 10^{{{power}}}",
        f"{mantissa}\u00d710{str(power).translate(SUPERSCRIPTS)}",
    ]


def fraction_styles(value: Fraction) -> list[str]:
    top, bottom = value.numerator, value.denominator
    whole, rest = divmod(abs(top), bottom)
    styles = [
        f"{top}/{bottom}",
        f"{top} / {bottom}",
        f"({top}/{bottom})",
        f"\\frac{{{top}}}{{{bottom}}}",
        f"\\dfrac{{{top}}}{{{bottom}}}",
        f"{5 * top}/{5 * bottom}",
    ]
    if whole and rest:
        sign = "-" if top < 0 else ""
        styles += [
            f"{whole} + {rest}/{bottom}" if top > 0 else f"{top}/{bottom}",
            f"{sign}{whole} {rest}/{bottom}",
            f"{sign}{whole} \\frac{{{rest}}}{{{bottom}}}",
        ]
    return styles


integers = st.integers(-(10**12), 10**12)
decimals = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent).normalize(),
    st.integers(-(10**9), 10**9).filter(bool),
    st.integers(-9, 3),
)
fractions = st.fractions(max_denominator=10**6).filter(lambda value: abs(value) < 10**9)
written = st.one_of(
    integers.flatmap(lambda v: st.tuples(st.just(Fraction(v)), st.sampled_from(integer_styles(v)))),
    decimals.flatmap(lambda v: st.tuples(st.just(Fraction(v)), st.sampled_from(decimal_styles(v)))),
    fractions.flatmap(
        lambda v: st.tuples(st.just(Fraction(v)), st.sampled_from(fraction_styles(v)))
    ),
)
nonzero = st.one_of(integers.filter(bool).map(Fraction), fractions.filter(bool))


@settings(deadline=None, max_examples=120)
@given(written, frames, nonzero)
def test_a_number_is_itself_and_no_other(
    number: tuple[Fraction, str], frame: str, difference: Fraction
) -> None:
    value, style = number
    text = frame.format(style)
    outcome = check("numeric", text, value)
    assert outcome.correct, (text, outcome)
    other = check("numeric", text, value + difference)
    assert other.verdict == "incorrect", (text, other)


@settings(deadline=None, max_examples=60)
@given(
    st.fractions(max_denominator=997).filter(lambda v: abs(v) < 10**6), st.integers(0, 6), frames
)
def test_rounding_as_asked(value: Fraction, places: int, frame: str) -> None:
    unit = Fraction(1, 10**places)
    rounded = round(value, places)
    right = decimal_text(Fraction(rounded), places)
    more = decimal_text(Fraction(round(value, places + 9)), places + 9)
    assert check("numeric", frame.format(right), value, places=places).correct
    assert check("numeric", frame.format(more), value, places=places).correct
    for wrong in (rounded + unit, rounded - unit):
        if abs(wrong - value) > unit / 2:
            text = frame.format(decimal_text(Fraction(wrong), places))
            outcome = check("numeric", text, value, places=places)
            assert (outcome.verdict, outcome.pattern) in {
                ("incorrect", "off by rounding"),
                # 1 for 0.3 is as much a wrong rounding as a wrong sign is of -1 for 0.3.
                ("incorrect", "sign"),
            }, (text, outcome)


@settings(deadline=None, max_examples=60)
@given(st.fractions(max_denominator=997).filter(lambda v: 0 < abs(v) < 10**6), st.integers(1, 9))
def test_significant_digits(value: Fraction, significant: int) -> None:
    written = f"{Decimal(value.numerator) / Decimal(value.denominator):.{significant - 1}e}"
    assert check("numeric", written, value, significant=significant).correct
    other = value * (1 + Fraction(2, 10 ** (significant - 1)))
    assert not check("numeric", written, other, significant=significant).correct


@settings(deadline=None, max_examples=60)
@given(nonzero, st.integers(1, 999))
def test_tolerance_is_relative_and_exact(value: Fraction, thousandths: int) -> None:
    tolerance = Fraction(thousandths, 1000)
    for sign in (1, -1):
        edge = value * (1 + sign * tolerance)
        beyond = value * (1 + sign * tolerance * Fraction(1001, 1000))
        assert check("numeric", str(edge), value, tolerance=tolerance).correct
        assert not check("numeric", str(beyond), value, tolerance=tolerance).correct


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 10**6), st.integers(2, 5), nonzero)
def test_roots_are_exact(radicand: int, degree: int, difference: Fraction) -> None:
    value = sympy.root(radicand, degree)
    for text in (f"\\sqrt[{degree}]{{{radicand}}}", f"{radicand}^(1/{degree})"):
        assert check("numeric", text, value).correct
        shifted = value + sympy.Rational(difference.numerator, difference.denominator)
        assert not check("numeric", text, shifted).correct


def test_a_long_decimal_of_a_root_is_not_the_root() -> None:
    digits = str(sympy.N(sympy.sqrt(2), 380))
    outcome = check("numeric", digits, sympy.sqrt(2))
    assert (outcome.verdict, outcome.pattern) == ("incorrect", "off by rounding")


def test_the_reason_names_the_wrong_formula() -> None:
    outcome = check("numeric", "1150", 1157, formulas={"simple interest": 1150, "none": 1000})
    assert outcome.pattern == "wrong formula"
    assert "simple interest" in outcome.reason


def test_the_reason_shows_what_was_expected_and_what_came() -> None:
    outcome = check("numeric", "The answer is 3.15.", sympy.pi, places=2)
    assert outcome.reason == "expected 3.14, got 3.15"


def test_the_reason_names_both_units() -> None:
    outcome = check("numeric", "27 miles", 27, unit=["km", "m"])
    assert outcome.reason == "27 miles is in mile; expected 27 in km or m"
