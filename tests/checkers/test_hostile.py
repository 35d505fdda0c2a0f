"""Responses made to exhaust a parser: each is answered at once, and none is evaluated."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pytest_quant.checkers import Outcome, check
from pytest_quant.checkers.cleaning import MAX_CHARACTERS

TOWERS = ["9**9**9**9", "9^9^9^9", "9^" * 5000 + "9", "10^(10^(10^10))", "2^(2^(2^(2^(2^2))))"]
NESTED = ["(" * 10_000 + "5" + ")" * 10_000, "\\sqrt{" * 5000 + "5", "\\frac{" * 5000 + "5"]
LONG = ["7" * 1_000_000, "71" * 500_000, "0." + "3" * 19_000 + "...", "1+" * 10_000 + "1"]
HUGE = ["1e999999999", "1e-999999999", "1e401", "10^401", "1/0", "0^0", "0^-1", "5/(3-3)"]
ROOTS = ["(-8)^(1/3)", "2^(1/9999)", "sqrt(" + "7" * 300 + ")", "(1+sqrt(2))^400", "sqrt(-4)"]
CODE = ["__import__('os')", "__import__('os').system('true')", "().__class__", "\x00"]


@pytest.mark.parametrize("text", [*TOWERS, *NESTED, *LONG, *HUGE, *ROOTS, *CODE])
def test_is_unparsable(text: str) -> None:
    outcome = check("numeric", text, 5)
    assert outcome.verdict == "unparsable"
    assert outcome.answer == ""


def test_a_readable_answer_behind_an_unreadable_number_counts() -> None:
    assert check("numeric", "9**9**9**9 is huge. The answer is 5.", 5).correct


UNITS = [
    "(", "[", "{", "1", "9", "12,345,", "1 ", "1,", "1.", "1:", "1=", "= 1 ", "1 or ", "1 x ",
    "1x", "1/", "1e1", "-", "- ", "+1", "2*", "9^", "2\u00b2", "\u00bd", "\u00b2", "\u221a",
    "\u03c0", "pi ", "1_", "\\frac{", "1\\frac{", "\\sqrt{", "\\boxed{", "\\boxed{1}", "\\text{",
    "\\overline{", "\\", "$", "$1", "$x ", "**", "** ", "**1**", "~~", "_", "#", "#### ", "|1|",
    "<think>", "<think></think>", "<sup>", "<|", "answer ", "answer:\n", "answer is ",
    "the answer is 1 ", "answer" + " " * 90, '{"answer":', "question: 1\n", "wait 1 ", "so 1 ",
    "1 because ", "not 1 ", "1 out of ", "1 hour 1 minute ", "1 km/", "per ", "a. ", "1. ", "1\n",
    "\n", " ", "a, ", "->", "a and ", "or ", "true or ", "A or ", "Paris or ", "Paris/",
    "not true ", "i am sorry ", "tea ", "tea; ", "- tea\n", "x: (", "\u0301", "3\u0305", "\U0001f600", "1 \u00d7 10^",
]  # fmt: skip
USES: list[tuple[str, Any, dict[str, Any]]] = [
    ("numeric", 42, {"unit": ["km"], "places": 2}),
    ("sequence", [4, 5, 6], {}),
    ("sequence", ["x", "y", "z"], {}),
    ("items", "tea; milk", {"aliases": "tea = chai", "among": "sugar"}),
    ("choice", "false", {"options": ["true", "false"]}),
    ("text", "London", {"forbidden": ["Rome"]}),
]


@pytest.mark.parametrize("unit", UNITS)
def test_repetition_takes_work_in_proportion_to_its_length(unit: str) -> None:
    for kind, expected, options in USES:
        short, long = (
            calls(partial(check, kind, unit * (length // len(unit)), expected, **options))
            for length in (400, 800)
        )
        assert long <= 2.5 * short + 1000, kind


def calls(function: Callable[[], Outcome]) -> int:
    """How many Python functions and built-ins a call of ``function`` calls, itself included."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        outcome = function()
    finally:
        sys.setprofile(None)
    assert not outcome.correct
    return counted


# The engine of regular expressions is not counted above. At full length, a pattern that backtracks
# from every position would make these hang.
@pytest.mark.parametrize(
    "unit", [" ", "\n", "a", "1", "answer ", "**", "a, ", "= ", "(", "~~", "or "]
)
def test_full_length_is_answered(unit: str) -> None:
    for kind, expected, options in USES:
        text = unit * (MAX_CHARACTERS // len(unit))
        assert not check(kind, f"x{text}x", expected, **options).correct


def test_only_the_end_of_a_long_response_is_read() -> None:
    text = "The answer is 41.\n" + "filler words of many kinds " * 2000 + "The answer is 42."
    assert check("numeric", text, 42).correct
    assert not check("numeric", text.removesuffix("The answer is 42."), 41).correct
