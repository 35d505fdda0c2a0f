"""The one public entry: which checkers and options there are, and what it costs to import."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import pytest_quant
from pytest_quant.checkers import CHECKERS, Outcome, allowed_options, check

# An expectation and options for every kind, to run it on any text.
USES: list[tuple[str, Any, dict[str, Any]]] = [
    ("numeric", 42, {}),
    ("numeric", Fraction(1, 3), {"places": 2, "unit": ["km"], "prompt": "How far is 1 + 1?"}),
    ("numeric", sympy.sqrt(2), {"tolerance": "1/100", "formulas": {"square": 2}}),
    ("quantities", [1, "5/2"], {"prompt": "What are 1 + 0 and 1 + 3/2?"}),
    ("quantities", "1, 2", {"unit": "km", "also": {"x": [2, 1]}, "formulas": {"y": [2, 2]}}),
    ("induction", "n*(n + 1)/2", {}),
    ("expression", "n**2", {"prompt": "What is the sum of the first n odd numbers?"}),
    ("expression", "A + log(x)", {"order": True}),
    ("sequence", [1, 2, 3], {}),
    ("sequence", ["0.5", "1/3"], {"tolerance": "1/100", "truncated": True}),
    ("sequence", ["red", "green"], {"prompt": "Which colours?"}),
    ("choice", "true", {"options": ["true", "false"]}),
    ("choice", "A", {"options": ["A", "B", "C"], "prompt": "A, B or C?"}),
    ("items", "tea; milk", {"aliases": "tea = chai", "among": "sugar", "ordered": True}),
    ("constraints", "words: 2 to 9\ncontains: Paris\nsentences: 1\nno other numbers", {}),
    ("constraints", "sections: A; B\neach section: lines: 1\nspeakers: A; B", {"prompt": "Go"}),
    ("text", "Paris", {"aliases": ["Lutetia"], "forbidden": ["Lyon"], "truncated": True}),
    ("text", "both", {"required": ["Paris", ["red", "answer ... 1"]], "sides": ["A km", "true"]}),
    ("code", "assert f(1) == 1", {"entry": "f", "beginning": "def f(x):\n", "truncated": True}),
    ("tool_calls", '[{"name": "f", "arguments": {}}]', {"tools": '[{"name": "f"}]'}),
    ("structured", '{"a": [1]}', {"form": "json", "schema": {"type": "object"}}),
    ("structured", "A,Paris\n1,red", {"form": "csv", "ordered": False, "prompt": "A table?"}),
    ("structured", "A,Paris\n1,red", {"form": "table"}),
    ("structured", "<a>1</a>", {"form": "xml", "truncated": True}),
    ("tool_calls", [], {"tools": [{"name": "f"}], "ordered": False, "prompt": "Which tools?"}),
]


def test_package_offers_the_entry() -> None:
    assert pytest_quant.check is check
    assert pytest_quant.Outcome is Outcome


def test_every_kind_is_used_here() -> None:
    assert {kind for kind, _, _ in USES} == set(CHECKERS.names)


def test_unknown_kind_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown checker 'nmeric'.*choice, .*numeric"):
        check("nmeric", "42", 42)


def test_unknown_option_names_kind_and_allowed_options() -> None:
    with pytest.raises(TypeError, match=r"'numeric' has no option 'digits'.*places.*unit"):
        check("numeric", "42", 42, digits=2)


def test_allowed_options_are_the_keywords_of_the_kind() -> None:
    assert allowed_options("choice") == ("options", "prompt", "truncated")


def test_every_kind_takes_what_the_caller_knows_of_the_response() -> None:
    for kind in CHECKERS.names:
        assert {"prompt", "truncated"} <= set(allowed_options(kind))


def test_importing_the_package_loads_no_checker_and_no_sympy() -> None:
    script = (
        "import sys, pytest_quant, pytest_quant.checkers\n"
        "kinds = {f'pytest_quant.checkers.{n}' for n in pytest_quant.checkers.CHECKERS.names}\n"
        "loaded = {'sympy', *kinds} & set(sys.modules)\n"
        "sys.exit(repr(loaded) if loaded else 0)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "expected",
    [3, "3", "3.0", "6/2", 3.0, Fraction(3), Decimal("3.00"), sympy.Integer(3), sympy.Float(3)],
)
def test_expectations_of_every_type(expected: Any) -> None:
    assert check("numeric", "3", expected).correct
    assert check("numeric", "4", expected).verdict == "incorrect"


def test_float_is_read_by_its_repr() -> None:
    assert check("numeric", "0.1", 0.1).correct
    assert check("numeric", "1/10", 0.1).correct


@pytest.mark.parametrize("expected", [True, None, [3], object()])
def test_expectation_that_is_no_number(expected: Any) -> None:
    with pytest.raises(TypeError, match="expected a number"):
        check("numeric", "3", expected)


@pytest.mark.parametrize(
    "expected",
    [
        *("", "many", "3 apples", "3 or 4", float("nan"), float("inf"), sympy.I, sympy.oo),
        pytest.param(10**5000, id="more digits than Python writes"),
    ],
)
def test_expectation_that_is_no_readable_number(expected: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        check("numeric", "3", expected)


@pytest.mark.parametrize(
    "options",
    [
        {"places": -1},
        {"places": 1000},
        {"significant": 0},
        {"tolerance": "2"},
        {"tolerance": -1},
        {"places": 2, "significant": 3},
        {"places": 2, "tolerance": "1/100"},
    ],
)
def test_options_without_meaning(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"places|significant|tolerance"):
        check("numeric", "3", 3, **options)


@pytest.mark.parametrize("options", [["yes"], ["yes", "Yes"], ["yes", "..."]])
def test_choice_needs_options_that_differ(options: list[str]) -> None:
    with pytest.raises(ValueError, match="option"):
        check("choice", "no", "no", options=options)


@pytest.mark.parametrize("expected", [[], [1, "..."], ""])
def test_sequence_needs_terms(expected: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        check("sequence", "1, 2", expected)


@pytest.mark.parametrize(
    ("expected", "options"),
    [
        ([1], {}),
        ([], {}),
        ("1", {}),
        ([1, 2], {"also": {"x": [1]}}),
        ("1, 2", {"formulas": {"x": [1, 2, 3]}}),
    ],
)
def test_quantities_are_several(expected: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="two or more numbers"):
        check("quantities", "1, 2", expected, **options)


@pytest.mark.parametrize("expected", ["", "n +", "n**n**n**n", "f(n)", "1/0", "n^2 or n"])
def test_expression_that_cannot_be_read(expected: str) -> None:
    with pytest.raises(ValueError, match="expected an expression"):
        check("expression", "n^2", expected, variables=["n"])
    with pytest.raises(ValueError, match="expected a formula in n"):
        check("induction", "n^2", expected)


@pytest.mark.parametrize("options", [{}, {"aliases": ["?"]}, {"forbidden": [""]}])
def test_text_needs_words(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="word"):
        check("text", "Paris", "Paris" if options else "!", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"at_least": 1},
        {"ordered": ["a city"]},
        {"sides": ["north", "south"]},
        {"required": ["city"], "at_least": 2},
        {"required": ["city"], "at_least": 0},
        {"required": ["city", ["..."]]},
        {"required": ["city", []]},
        {"required": ["city ..."]},
        {"required": ["city"], "forbidden": ["!"]},
        {"required": ["city"], "sides": ["north"]},
        {"required": ["city"], "sides": ["north", "south"], "share": 0.6},
    ],
)
def test_demands_without_meaning(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"at_least|sides|fact|phrase"):
        check("text", "Paris is a city", "a city", **options)


def pieces() -> st.SearchStrategy[str]:
    """Text of the pieces that the checkers look for, and of anything else."""
    marks = [
        "answer", "answer is", "Answer:", "\\boxed{", "}", "{", "(", ")", "**", "$", "=", "or",
        "no, wait", "not", "so", "because", "true", "A", "Paris", "red", "km", "%", "1", "2.5",
        "1/2", "1,000", "-", "^", "sqrt", "\\frac", "x", "\u00bd", "\u00b2", "\u221a", "\u03c0",
        "\n", "\n\n", " ", ".", ",", "<think>", "</think>", "<mull>", "e9", "~~", "\\", "\\text{",
        "...", "\u00b1", ":", "1.", "per", "and", "####", "[", "]", '{"name": "f"}', '"', "[]",
        "<a>", "</a>", "|", "\n|---|---|\n", "A,Paris\n", "```", "<!", "&",
    ]  # fmt: skip
    return st.one_of(
        st.text(max_size=60),
        st.lists(st.one_of(st.sampled_from(marks), st.text(max_size=3)), max_size=40).map("".join),
        st.lists(st.sampled_from(marks), max_size=40).map(" ".join),
    )


@settings(deadline=None, max_examples=150)
@given(pieces())
def test_no_text_makes_a_checker_raise(text: str) -> None:
    for kind, expected, options in USES:
        outcome = check(kind, text, expected, **options)
        assert (outcome.pattern == "") == outcome.correct
        assert outcome.reason
        assert (outcome.answer == "") == (outcome.verdict == "unparsable")
