"""A mistake in what a test in Python gives to ``quant`` is a sentence."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

from pytest_quant.checkers import outcome_of
from pytest_quant.errors import CheckerBroken
from pytest_quant.plugin.fixture import _judged
from pytest_quant.plugin.fixture_arguments import check_question, kind_of_check

A_NUMBER = "expected a number, a sympy number, text or a list of terms; for anything else name"
MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, "quant.check needs the right answer, equals=..., or a judge, right=..."),
    ({"equals": 1, "right": bool}, "quant.check needs the right answer, equals=..., or a judge"),
    ({"equals": object()}, f"quant.check: equals is an object of type object, {A_NUMBER}"),
    ({"equals": {"a": 1}}, f"quant.check: equals is {{'a': 1}}, {A_NUMBER}"),
    ({"equals": b"a"}, f"quant.check: equals is b'a', {A_NUMBER}"),
    ({"equals": True}, f"quant.check: equals is True, {A_NUMBER}"),
    ({"equals": "a", "kind": "txt"}, "quant.check: unknown checker 'txt' (did you mean 'text'?)"),
    ({"equals": "a", "kind": 5}, "quant.check: kind is 5, expected the name of a checker"),
    ({"equals": "a", "kind": ""}, "quant.check: unknown checker ''"),
    ({"equals": "a", "sort": 1}, "quant.check: checker 'text' has no option 'sort'; it takes: "),
    ({"equals": "a", "prompt": "b"}, "quant.check: checker 'text' has no option 'prompt'; it"),
    ({"equals": "a", "kind": "choice"}, "quant.check: checker 'choice' needs options=..."),
    ({"right": "red"}, "quant.check: right is 'red', expected a function that takes a text"),
    ({"right": bool, "kind": "text"}, "quant.check: right=... judges by itself; leave out kind"),
    ({"right": bool, "tolerance": 1}, "right=... judges by itself; leave out tolerance"),
]


@pytest.mark.parametrize(("given", "told"), MISTAKES)
def test_a_mistake_in_a_check_is_a_sentence(given: dict[str, Any], told: str) -> None:
    given = {"equals": None, "right": None, "kind": None, **given}
    named = {name: given.pop(name) for name in ("equals", "right", "kind")}
    with pytest.raises((TypeError, ValueError)) as raised:
        kind_of_check(**named, options=given)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("equals", "kind"),
    [
        ("a", "text"),
        ([1, "b"], "sequence"),
        (("a",), "sequence"),
        (sympy.Rational(3, 10), "numeric"),
        *((number, "numeric") for number in (2, 2.5, Fraction(1, 3), Decimal("2.5"), np.int64(2))),
    ],
)
def test_a_kind_follows_from_what_is_expected(equals: object, kind: str) -> None:
    assert kind_of_check(equals, None, None, {}) == kind


@pytest.mark.parametrize(
    ("prompt", "most", "told"),
    [
        (5, 9, "quant.ask: the prompt is an object of type int, expected text"),
        (None, 9, "quant.ask: the prompt is an object of type NoneType, expected text"),
        ("\ud800", 9, "quant.ask: the prompt holds half a character, '\\ud800', which no model"),
        ("a", "9", "quant.ask: max_tokens is '9', expected a whole number"),
        ("a", True, "quant.ask: max_tokens is True, expected a whole number"),
        ("a", 2.5, "quant.ask: max_tokens is 2.5, expected a whole number"),
        ("a", 0, "quant.ask: max_tokens is 0, expected at least 1"),
    ],
)
def test_a_mistake_in_a_question_is_a_sentence(prompt: object, most: object, told: str) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        check_question(prompt, most)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "equals", "options", "told"),
    [
        ("choice", "a", {"options": 5}, "cannot use equals='a', options=5: 'int' object is not"),
        ("sequence", [1, [2]], {}, "cannot use equals=[1, [2]]: expected a number, got [2]; give"),
    ],
)
def test_what_a_checker_stumbles_over_was_given_to_it(
    kind: str, equals: Any, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(CheckerBroken):
        outcome_of(kind, "red", equals, **options)
    with pytest.raises(TypeError, match=r"^quant\.check: checker ") as raised:
        _judged(kind, "Which?", "red", False, equals, options)
    assert told in str(raised.value)
