"""Responses made to exhaust a parser: each is answered at once, and none is evaluated."""

from __future__ import annotations

from collections.abc import Callable
from cProfile import Profile
from functools import partial
from typing import Any

import pytest

from pytest_quant.checkers import Outcome, check
from pytest_quant.checkers.cleaning import MAX_CHARACTERS, clean, unwrapped

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


FORMULAS = [
    "n^(n^(n^n))", "n**n**n**n", "n^" * 5000 + "n", "(" * 10_000 + "n" + ")" * 10_000,
    "n!" * 5000, "((n!)!)!", "log " * 5000 + "n", "\\binom{n}{" * 3000, "C(" * 5000, "n(" * 5000,
    "n+" * 10_000 + "n", "exp(exp(exp(n)))", "1/(n-n)", "log(0*n)", "O(" * 5000, "1e999999n",
    "n.__class__", "lambda n: n", "n if n else n", "eval('n**2')",
]  # fmt: skip


@pytest.mark.parametrize("text", [*FORMULAS, *TOWERS, *HUGE])
def test_is_no_formula(text: str) -> None:
    assert not check("expression", text, "n**3").correct
    assert not check("expression", text, "n**3", order=True).correct
    assert not check("induction", text, "n**3").correct


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
    "not true ", "i am sorry ", "tea ", "tea; ", "- tea\n", "x: (",
    "\u0301", "3\u0305", "\U0001f600", "1 \u00d7 10^",
    "|1", "|1|\n", "|1|\n\n", "|1|\n|-|\n", "| |", "x1 = ", "x1 = 1, ", "x1 = 1\n", "x1 = 1\n\n",
    "it is a myth that 1 ", "that was wrong. ", "but ", "# Rome\n", "**Rome**: ",
    "- Rome: ", "Rome and ", "<mull>", "</think>", "[THINK]", "<|channel|>", "`<think>`",
    "('</think>'", "<answer>", "<|x|>", "```x\n</think>\n",
    '[{"', '{"name": "f"}', '{"name":', '[]', '[ ', '"', '\\"', '"\\', '{"a":', '{"a": 1}', "{'",
    "<tool_call>", "<function=f>{}", "[TOOL_CALLS]f[ARGS]", "f(", "answer: [", "Answer: []\n",
    '{"function": {', '{"tool_calls": [', '"arguments": "{', "],", "[1,", "1,2\n", '"a",', '"a"b,',
    "```\n", "```\n1,2\n", "|-|-|\n",
    "<a>", "<a/>", "</a>", "<a b='", "<!--", "<![CDATA[", "&a;", "<!DOCTYPE a [", "<?",
]  # fmt: skip
EVERY_RULE = """
title
words: 10 to 20
words per sentence: at most 9
mean sentence: at most 9
dashes: at least 2
endings: at most 2 of ly
contains: London; cold | icy
leaves out: peanut
no other numbers
verbatim: A-B
speakers: Ruth; Karim
alternating: Ruth
balanced: 40 to 60
sections: Day 1; Day 2
each section: minutes: at most 45
each section: dollars: at most 45
no placeholders
person: first
tense: past
grade: at most 9
distinct: at least 80
copied: at most 20
complete
"""
CALLS = '[{"name": "f", "arguments": {}}, {"name": "g", "arguments": {}}]'
USES: list[tuple[str, Any, dict[str, Any]]] = [
    ("numeric", 42, {"unit": ["km"], "places": 2}),
    ("quantities", [42, 43], {"unit": ["km"], "places": 2}),
    ("expression", "n**2", {}),
    ("induction", "n**2", {}),
    ("expression", "a*log(b)", {"order": True}),
    ("sequence", [4, 5, 6], {}),
    ("sequence", ["x", "y", "z"], {}),
    ("items", "tea; milk", {"aliases": "tea = chai", "among": "sugar"}),
    ("choice", "false", {"options": ["true", "false"]}),
    ("text", "London", {"forbidden": ["Rome"]}),
    ("code", "assert f(1) == 1", {"entry": "f", "beginning": "def f(x):\n"}),
    ("constraints", EVERY_RULE, {}),
    ("structured", '{"a": 1}', {"form": "json", "schema": {"required": ["a"]}}),
    ("structured", "tea,milk\n1,2", {"form": "csv", "ordered": False}),
    ("structured", "tea,milk\n1,2", {"form": "table"}),
    ("structured", "<answer><b>1</b></answer>", {"form": "xml"}),
    ("tool_calls", CALLS, {"tools": '[{"name": "f"}, {"name": "g"}]'}),
    (
        "text",
        "a city",
        {
            "required": [["nothing of this ... city"], "true ... 1", "answer ... so"],
            "ordered": ["wait", "Paris"],
            "sides": ["Rome", "Oslo"],
            "forbidden": ["1 ... 1 ... because", "answer is"],
        },
    ),
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
    """How many Python functions and built-ins a call of ``function`` calls, itself included, if
    nothing of the text was met before.
    """
    for remembered in (clean, unwrapped):
        remembered.cache_clear()
    with Profile(subcalls=False) as profile:
        outcome = function()
    assert not outcome.correct
    return sum(entry.callcount for entry in profile.getstats())


# The engine of regular expressions is not counted above. At full length, a pattern that backtracks
# from every position would make these hang.
@pytest.mark.parametrize(
    "unit",
    [
        " ",
        "\n",
        "a",
        "1",
        "answer ",
        "**",
        "a, ",
        "= ",
        "(",
        "~~",
        "or ",
        "| ",
        "|1",
        "|1|\n",
        "x1=",
        "|-",
    ],
)
def test_full_length_is_answered(unit: str) -> None:
    for kind, expected, options in USES:
        text = unit * (MAX_CHARACTERS // len(unit))
        assert not check(kind, f"x{text}x", expected, **options).correct


# Of a very long response, only words that are known to be whole are compared with the prompt.
@pytest.mark.parametrize(
    "text", ["x" * 16_000, "x" * 1_000_000, "x" * 15_000 + " Paris" * 200, "\u0661" * 16_000]
)
@pytest.mark.parametrize("prompt", ["How far is it to Paris?", "x", "x" * 16_000, "?", ""])
def test_a_word_without_end_is_judged_whatever_was_asked(text: str, prompt: str) -> None:
    for kind, expected, options in USES:
        assert not check(kind, text, expected, prompt=prompt, **options).correct, kind


# Each is too deep, too long or too strange to parse, and must not take the parser down.
@pytest.mark.parametrize(
    "code",
    [
        "(" * 40_000,
        "-" * 39_000 + "1",
        "x" + "[0]" * 13_000,
        "x" + ".a" * 19_000,
        "f(" * 13_000,
        "not " * 9_900 + "x",
        "lambda:" * 5_600 + "1",
        "if x:\n" * 5_000,
        "\n".join(f"{' ' * i}if x:" for i in range(250)),
        "1+" * 19_000 + "1",
        "1**" * 13_000 + "1",
        "9" * 39_000,
        "f'{" * 12_000,
        "\\\n" * 19_000,
        "def f():\n" * 4_000,
        "\x00",
        "'\ud800'",
    ],
)
def test_code_that_no_parser_likes(code: str) -> None:
    for text in (code, f"```python\n{code}\n```", f"def f(x):\n    return {code}"):
        assert not check("code", text, "assert f(1) == 1", entry="f").correct


def test_only_the_end_of_a_long_response_is_read() -> None:
    text = "The answer is 41.\n" + "filler words of many kinds " * 2000 + "The answer is 42."
    assert check("numeric", text, 42).correct
    assert not check("numeric", text.removesuffix("The answer is 42."), 41).correct


# What stands before and behind brackets, tags and announcements is looked at once.
@pytest.mark.parametrize("gap", [" ", "*", "_", ".", "`", "\n", "> ", "a", "# "])
@pytest.mark.parametrize(
    "around",
    ["{0}x[]", "[]{0}x", "x{0}[] []", "answer:{0}", "{{{0}", "[{0}", "<a{0}", "answer{0}:"],
)
def test_a_long_gap_is_passed_over(around: str, gap: str) -> None:
    text = around.format(gap * (MAX_CHARACTERS // len(gap)))[-MAX_CHARACTERS:]
    for kind, expected, options in USES:
        if kind in ("tool_calls", "structured"):
            assert not check(kind, text, expected, **options).correct
