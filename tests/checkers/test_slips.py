"""Every way in which a right number is spoilt is told by its name, and not by another's."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_quant.checkers import check
from pytest_quant.checkers.exact import decimal_text

# Hundredths, asked for with two decimals.
hundredths = st.integers(10_000, 99_999_999)
signs = st.sampled_from([1, -1])


def written(units: int) -> str:
    return decimal_text(Fraction(units, 100), 2)


def pattern(answer: str, units: int, places: int | None = 2) -> str:
    outcome = check("numeric", f"Answer: {answer}", Fraction(units, 100), places=places)
    assert outcome.verdict == "incorrect", outcome
    return outcome.pattern


@settings(deadline=None, max_examples=60)
@given(hundredths, signs)
def test_sign(units: int, sign: int) -> None:
    assert pattern(written(-sign * units), sign * units) == "sign"
    assert pattern(written(-sign * units), sign * units, places=None) == "sign"


@settings(deadline=None, max_examples=60)
@given(hundredths, signs, st.integers(-5, 5).filter(bool))
def test_power_of_ten(units: int, sign: int, k: int) -> None:
    shifted = Fraction(sign * units, 100) * Fraction(10) ** k
    answer = decimal_text(shifted, max(2, 2 - k))
    assert pattern(answer, sign * units) == "power of ten"
    assert pattern(answer, sign * units, places=None) == "power of ten"


@settings(deadline=None, max_examples=60)
@given(hundredths, st.integers(1, 2))
def test_power_of_ten_rounded_as_asked(units: int, k: int) -> None:
    answer = round(Fraction(units, 100 * 10**k), 2)
    assert pattern(decimal_text(Fraction(answer), 2), units) == "power of ten"


@settings(deadline=None, max_examples=100)
@given(hundredths, st.data())
def test_one_digit(units: int, data: st.DataObject) -> None:
    digits = list(str(units))
    place = data.draw(st.integers(0, len(digits) - 1))
    digits[place] = data.draw(st.sampled_from("0123456789").filter(lambda d: d != digits[place]))
    slipped = int("".join(digits))
    assume(digits[0] != "0" and abs(slipped - units) > 1)
    assert pattern(written(slipped), units) == "one-digit slip"
    if units % 10 and slipped % 10:
        # Where no decimals are asked for, a number with more of them is another one.
        assert pattern(written(slipped), units, places=None) == "one-digit slip"


@settings(deadline=None, max_examples=60)
@given(hundredths, st.data())
def test_neighbours_swapped(units: int, data: st.DataObject) -> None:
    digits = list(str(units))
    place = data.draw(st.integers(1, len(digits) - 2))
    assume(digits[place] != digits[place + 1])
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    assert pattern(written(int("".join(digits))), units) == "one-digit slip"


@settings(deadline=None, max_examples=60)
@given(hundredths, signs)
def test_off_by_rounding(units: int, sign: int) -> None:
    value = sign * units
    for wrong in (value + 1, value - 1):
        assert pattern(written(wrong), value) == "off by rounding"
    if units % 10:
        for early in (value - sign * (units % 10), value + sign * (10 - units % 10)):
            answer = decimal_text(Fraction(early, 100), 1)
            assert pattern(answer, value) == "off by rounding"
            assert pattern(answer, value, places=None) == "off by rounding"


@pytest.mark.parametrize("answer", ["16886.36", "-16885.24", "16885.25", "168852.40", "16885.42"])
def test_a_known_formula_goes_before_every_slip(answer: str) -> None:
    outcome = check("numeric", answer, "16885.24", places=2, formulas={"the bank's own": answer})
    assert outcome.pattern == "wrong formula"
    assert "the bank's own" in outcome.reason
