"""Responses made to exhaust a parser: each is answered at once, and none is evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_quant.checkers import check
from pytest_quant.checkers.cleaning import MAX_CHARACTERS
from pytest_quant.checkers.numbers import find_numbers
from pytest_quant.checkers.tokens import tokenize

TOWERS = ["9**9**9**9", "9^9^9^9", "9^" * 5000 + "9", "10^(10^(10^10))", "2^(2^(2^(2^(2^2))))"]
NESTED = ["(" * 10_000 + "5" + ")" * 10_000, "\\sqrt{" * 5000 + "5", "\\frac{" * 5000 + "5"]
LONG = ["7" * 1_000_000, "71" * 500_000, "0." + "3" * 19_000 + "...", "1+" * 10_000 + "1"]
HUGE = ["1e999999999", "1e-999999999", "1e401", "10^401", "1/0", "0^0", "0^-1", "5/(3-3)"]
ROOTS = ["(-8)^(1/3)", "2^(1/9999)", "sqrt(" + "7" * 300 + ")", "(1+sqrt(2))^400", "sqrt(-4)"]
CODE = ["__import__('os')", "__import__('os').system('true')", "lambda: 0", "().__class__", "\x00"]


@pytest.mark.parametrize("text", [*TOWERS, *NESTED, *LONG, *HUGE, *ROOTS, *CODE])
def test_is_unparsable(text: str) -> None:
    outcome = check("numeric", text, 5)
    assert outcome.verdict == "unparsable"
    assert outcome.answer == ""


def test_a_readable_answer_behind_an_unreadable_number_counts() -> None:
    assert check("numeric", "9**9**9**9 is huge. The answer is 5.", 5).correct


# Each is repeated up to the length that is looked at. A step that took quadratic time in any of
# them would take minutes.
UNITS = [
    "(", "[", "{", "1", "9", "12,345,", "1 ", "1,", "1.", "1:", "1=", "= 1 ", "1 or ", "1 x ", "1x",
    "1/", "1e1", "-", "- ", "+1", "2*", "9^", "2\u00b2", "\u00bd", "\u00b2", "\u221a", "\u03c0", "pi ", "1_",
    "\\frac{", "1\\frac{", "\\sqrt{", "\\boxed{", "\\boxed{1}", "\\text{", "\\overline{", "\\", "$", "$1",
    "$x ", "**", "** ", "**1**", "~~", "_", "#", "#### ", "|1|", "<think>", "<think></think>", "<sup>",
    "<|", "answer ", "answer:\n", "answer is ", "the answer is 1 ", "answer" + " " * 500, '{"answer":',
    "question: 1\n", "wait 1 ", "so 1 ", "1 because ", "not 1 ", "1 out of ", "1 hour 1 minute ",
    "1 km/", "per ", "a. ", "1. ", "1\n", "\n", " ", "a, ", "->", "a and ", "or ", "true or ", "A or ",
    "Paris or ", "Paris/", "not true ", "i am sorry ", "\u0301", "3\u0305", "\U0001f600", "1 \u00d7 10^",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_repetition_is_answered(unit: str) -> None:
    text = unit * (MAX_CHARACTERS // len(unit))
    for kind, expected, options in (
        ("numeric", 42, {"unit": ["km"], "places": 2}),
        ("sequence", [4, 5, 6], {}),
        ("sequence", ["x", "y", "z"], {}),
        ("choice", "false", {"options": ["true", "false"]}),
        ("text", "London", {"forbidden": ["Rome"]}),
    ):
        options_of_kind: dict[str, Any] = options
        assert not check(kind, text, expected, **options_of_kind).correct


@pytest.mark.parametrize("unit", ["(", "1 ", "9^", "\\frac{", "**", "\u00bd", "a "])
def test_tokens_and_numbers_grow_no_faster_than_the_text(unit: str) -> None:
    text = unit * 500
    assert len(tokenize(text)) <= len(text)
    assert len(find_numbers(text)) <= len(text)


def test_only_the_end_of_a_long_response_is_read() -> None:
    text = "The answer is 41.\n" + "filler words of many kinds " * 2000 + "The answer is 42."
    assert check("numeric", text, 42).correct
    assert not check("numeric", text.removesuffix("The answer is 42."), 41).correct
