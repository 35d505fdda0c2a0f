"""What a probe may not state of structured output, and what the outcome tells."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_quant.checkers import check
from pytest_quant.checkers.xml_text import MAX_DEPTH, MAX_ELEMENTS, NotXmlError, parse


@pytest.mark.parametrize(
    ("expected", "options", "message"),
    [
        ("{}", {"form": "yaml"}, "expected the form json, csv, table, xml, got 'yaml'"),
        ("a,b\n1,2", {"form": "csv", "schema": {}}, "a schema is for JSON, not for csv"),
        ("{", {"form": "json"}, "expected JSON"),
        ({"a": {1}}, {"form": "json"}, "expected what JSON can hold"),
        ('{"a": 1}', {"form": "json", "schema": {"enum": {1}}}, "expected what JSON can hold"),
        ("3", {"form": "json"}, "neither a mapping nor a list"),
        ('{"a": 1}', {"form": "json", "schema": "{"}, "expected a JSON Schema"),
        ('{"a": 1}', {"form": "json", "schema": {"type": "map"}}, "expected a JSON Schema"),
        ('{"a": 1}', {"form": "json", "schema": {"required": ["b"]}}, "does not take"),
        ("a,b", {"form": "csv"}, "(?s)expected CSV, .*a heading and rows"),
        ("a\n1", {"form": "table"}, "(?s)expected CSV, .*two columns"),
        ("a,b\n1", {"form": "csv"}, "expected CSV"),
        ('a,b\n1,"2', {"form": "csv"}, "expected CSV"),
        ("<a>", {"form": "xml"}, "expected XML"),
        ("", {"form": "xml"}, "expected XML"),
    ],
)
def test_what_cannot_be_expected(expected: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check("structured", "x", expected, **options)


@pytest.mark.parametrize(
    ("form", "expected", "text", "reason"),
    [
        ("json", '{"a": [{"b": 1}]}', '{"a": [{"b": 2}]}', "a.0.b: expected 1, got 2"),
        ("json", '{"a": 1}', '{"a": 1, "c": 2}', "'c' was not asked for"),
        ("json", '{"a": 1}', '{"a": 1}', "the JSON is valid, and all of it as expected"),
        ("csv", "a,b\n1,2", "a,b\n1,3", 'row 1, b: expected "2", got "3"'),
        ("csv", "a,b\n1,2", "a,b\n1,2,3", "row 1 has 3 cells, the heading 2"),
        ("xml", "<a><b>1</b></a>", "<a><b>2</b></a>", 'a.b: expected "1", got "2"'),
        ("xml", "<a><b>1</b></a>", "<a><c>1</c></a>", "a: expected b, got c"),
    ],
)
def test_the_reason_names_the_first_difference(
    form: str, expected: str, text: str, reason: str
) -> None:
    assert check("structured", text, expected, form=form).reason == reason


def test_what_breaks_the_schema_is_told_apart_from_what_is_wrong() -> None:
    options = {"form": "json", "schema": {"properties": {"a": {"type": "integer"}}}}
    outcome = check("structured", '{"a": "1"}', '{"a": 1}', **options)
    assert (outcome.pattern, outcome.reason) == (
        "breaks schema",
        "$.a: '1' is not of type 'integer'",
    )
    assert check("structured", '{"a": 2}', '{"a": 1}', **options).pattern == "wrong value"


def test_json_may_be_expected_as_the_value() -> None:
    assert check("structured", '{"a": [1, null]}', {"a": [1, None]}, form="json").correct
    assert check("structured", "[1]", [1], form="json", schema={"type": "array"}).correct


def test_accents_of_their_own_make_no_difference() -> None:
    for form, text in (("csv", "a,b\ne\u0301,2"), ("json", '{"a": "e\u0301"}')):
        assert check("structured", text, text.replace("e\u0301", "\u00e9"), form=form).correct


def test_a_repeated_question_is_no_answer() -> None:
    """Even if an example that would be right stands in it."""
    for form, right in (("json", '{"a": 1}'), ("csv", "a,b\n1,2"), ("xml", "<a>1</a>")):
        prompt = f"Write it as in this example:\n\n{right}\n\nWhat is a?"
        for text in (prompt, f"{prompt}\n{prompt}", f"\n{prompt}\n"):
            assert not check("structured", text, right, form=form, prompt=prompt).correct
        said = f"{prompt}\n\n{right}"
        assert check("structured", said, right, form=form, prompt=prompt).correct


class TestXml:
    def test_too_much_of_it_is_not_read(self) -> None:
        assert parse("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH)
        assert len(parse(f"<a>{'<b/>' * (MAX_ELEMENTS - 1)}</a>").children) == MAX_ELEMENTS - 1
        for text in (
            "<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1),
            f"<a>{'<b/>' * MAX_ELEMENTS}</a>",
        ):
            with pytest.raises(NotXmlError, match="too deep or holds too much"):
                parse(text)

    @pytest.mark.parametrize(
        "text",
        [
            "", "a", "<a>", "</a>", "<a></b>", "<a/><a/>", "<a>\x00</a>", "<a>\ud800</a>",
            "<!DOCTYPE a><a/>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
            '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "<a>&b;</a>",
        ],
    )  # fmt: skip
    def test_what_is_refused(self, text: str) -> None:
        with pytest.raises(NotXmlError):
            parse(text)
