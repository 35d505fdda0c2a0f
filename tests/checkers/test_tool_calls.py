"""What a probe may not state of tools and calls, and what the outcome of a call tells."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_quant.checkers import check
from pytest_quant.checkers.json_text import MAX_DEPTH, MAX_VALUES, NotJsonError, parse, same, spans

TIME = {
    "name": "get_time",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
OSLO = {"name": "get_time", "arguments": {"city": "Oslo"}}


@pytest.mark.parametrize(
    ("expected", "tools", "message"),
    [
        ("[]", "", "expected tools as JSON"),
        ("[]", "[]", "expected a list of tools"),
        ("[]", "{}", "expected a list of tools"),
        ("[]", [{**TIME, "name": {1}}], "expected what JSON can hold"),
        ([{1}], [TIME], "expected what JSON can hold"),
        ("[]", '["get_time"]', "expected a tool with a name"),
        ("[]", '[{"parameters": {}}]', "expected a tool with a name"),
        ("[]", [TIME, TIME], "'get_time' is there twice"),
        ("[]", [{**TIME, "parameters": {"type": "mapping"}}], "no JSON Schema"),
        ("[]", [{**TIME, "parameters": True}], "no mapping with properties"),
        ("none", [TIME], "expected calls as JSON"),
        ("{}", [TIME], "expected a list of calls"),
        ('[{"name": "get_time"}]', [TIME], "expected a call with name and arguments"),
        ([{**OSLO, "name": "time"}], [TIME], "no tool is called 'time'; there are: get_time"),
        ([{**OSLO, "arguments": {}}], [TIME], "'city' is a required property"),
        ([{**OSLO, "arguments": ["Oslo"]}], [TIME], "they are no mapping"),
    ],
)
def test_what_cannot_be_expected(expected: Any, tools: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check("tool_calls", "[]", expected, tools=tools)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (OSLO, "all 1 calls are as expected"),
        ({**OSLO, "name": "time"}, "there is no tool 'time'"),
        ({**OSLO, "arguments": {"city": "Rome"}}, 'city: expected "Oslo", got "Rome"'),
        ({**OSLO, "arguments": {"city": 7}}, "city: 7 is no string"),
        ({**OSLO, "arguments": {"town": "Oslo"}}, "get_time without city"),
        ([OSLO, OSLO], "2 calls instead of 1; get_time is too much"),
    ],
)
def test_the_reason_names_the_first_difference(text: Any, reason: str) -> None:
    outcome = check("tool_calls", json.dumps(text), [OSLO], tools=[TIME])
    assert outcome.reason == reason
    assert outcome.answer == json.dumps(text if isinstance(text, list) else [text])


def test_a_repeated_question_is_no_call() -> None:
    """Even if an example of a call that would be right stands in it."""
    prompt = f"Write {json.dumps([OSLO])} or the like.\nWhat time is it in Oslo?"
    for text in (prompt, f"{prompt}\n{prompt}", f"\n{prompt} "):
        assert check("tool_calls", text, [OSLO], tools=[TIME], prompt=prompt).pattern == "echo"
    assert check("tool_calls", f"{prompt}\nHm.", [OSLO], tools=[TIME], prompt=prompt).pattern
    said = f"{prompt}\n{json.dumps(OSLO)}"
    assert check("tool_calls", said, [OSLO], tools=[TIME], prompt=prompt).correct


def test_an_invented_turn_does_not_count() -> None:
    said = f"{json.dumps(OSLO)}\nUser: And in Rome?\n{json.dumps(OSLO)}"
    assert check("tool_calls", said, [OSLO], tools=[TIME]).correct


class TestJson:
    def test_too_much_of_it_is_not_read(self) -> None:
        assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)
        assert len(parse(f"[{'1,' * (MAX_VALUES - 2)}1]")) == MAX_VALUES - 1
        for text in (
            "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
            f"[{'1,' * MAX_VALUES}1]",
            f"[{'7' * 5000}]",
        ):
            with pytest.raises(NotJsonError):
                parse(text)

    def test_brackets_in_strings_and_prose_are_passed_over(self) -> None:
        text = 'See [this] and {that}: {"a": "]}{[\\""} or ["b"], [1].'
        found = [text[span.start : span.end] for span in spans(text)]
        assert found == ['{"a": "]}{[\\""}', '["b"]', "[1]"]

    def test_what_never_ends_hides_nothing_behind_it(self) -> None:
        found = spans('{"a": 1 and then ["b"]')
        assert [(span.start, span.closed) for span in found] == [(0, False), (17, True)]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (1, True), (0, False), (1, "1"), (None, False), ("a", "A"), ([1, 2], [2, 1]),
            ({"a": 1}, {"a": 1, "b": None}), ([], {}), ("", None), (1, 1.5),
        ],
    )  # fmt: skip
    def test_values_that_differ(self, one: Any, other: Any) -> None:
        assert not same(one, other)
        assert not same([other], [one])

    def test_values_that_are_equal(self) -> None:
        assert same({"a": [1, "\u00e9", None, True]}, {"a": [1.0, "e\u0301", None, True]})
