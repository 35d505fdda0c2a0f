"""The checker of structured output: JSON by a schema, CSV, a table, XML.

Whether the form is kept is told apart from whether the right things stand in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match

from pytest_quant.checkers import differences, json_text, patterns, xml_text
from pytest_quant.checkers.json_text import NotJsonError, written
from pytest_quant.checkers.opening import announced_part, open_response, own_text
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.checkers.programs import Blocks
from pytest_quant.checkers.written_rows import NotRowsError, csv_blocks, read_csv, tables, uneven
from pytest_quant.checkers.xml_text import NotXmlError

FORMS = ("json", "csv", "table", "xml")
_TITLES = {"json": "JSON", "csv": "CSV", "table": "table", "xml": "XML"}
_SHOWN = 300
_CUT = "the data was cut at the length limit"
_ELEMENT = re.compile(r"<[A-Za-z_?!]")


class _Missing(Exception):
    """Nothing of the form was found."""


class _Unfit(Exception):
    """Something was found, and it breaks the form: the pattern, the reason."""


def check(
    text: str,
    expected: Any,
    *,
    form: str,
    schema: str | Mapping[str, Any] | None = None,
    ordered: bool = True,
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide data in a ``form``, json, csv, table or xml: it must be what ``expected`` holds.

    ``expected`` is written in the same form, a table as CSV; JSON may also be the value itself.
    ``schema`` is a JSON Schema that JSON
    must keep first. Unless ``ordered``, the rows of CSV or of a table may come in any order. There
    may be words around the data, but no second piece of it.

    Raises ``ValueError`` for an expectation, a form or a schema that cannot be used.
    """
    if form not in FORMS:
        raise ValueError(f"expected the form {', '.join(FORMS)}, got {form!r}")
    if schema is not None and form != "json":
        raise ValueError(f"a schema is for JSON, not for {form}")
    wanted = _expected(form, written(expected) if form == "json" else str(expected))
    if schema is not None:
        valid = _validator(written(schema))
        if not valid.is_valid(wanted):
            raise ValueError(f"the schema does not take {json_text.shown(wanted)}")
    opened = open_response(text, prompt, whole=True)
    if opened.refuted and not _is_own_mark(opened.refuted, form, wanted):
        return opened.refuted
    own = announced_part(own_text(text, prompt))
    try:
        found = _found(form, own, wanted)
        if schema is not None and (error := best_match(valid.iter_errors(found))):
            raise _Unfit("breaks schema", f"{error.json_path}: {error.message:.120}")
    except _Missing:
        pattern, reason = patterns.missing_pattern(
            opened.text, truncated=truncated, announced=False
        )
        return Outcome("unparsable", "", pattern, reason)
    except _Unfit as error:
        pattern, reason = error.args
        if truncated:
            pattern, reason = "truncated", _CUT
        return Outcome("unparsable", "", pattern, reason)
    difference: differences.Difference | None
    match form:
        case "json":
            difference = differences.of_json(found, wanted)
        case "xml":
            difference = differences.of_elements(found, wanted)
        case _:
            difference = differences.of_rows(found, wanted, ordered=ordered)
    answer = _shown(form, found)
    # Of rows nobody can tell whether the last one is whole.
    if difference and truncated and form in ("csv", "table"):
        return Outcome("unparsable", "", "truncated", _CUT)
    if difference:
        return Outcome("incorrect", answer, *difference)
    return Outcome(
        "correct", answer, "", f"the {_TITLES[form]} is valid, and all of it as expected"
    )


def _expected(form: str, text: str) -> Any:
    try:
        match form:
            case "json":
                wanted = json_text.parse(text)
                if not isinstance(wanted, (dict, list)):
                    raise ValueError("neither a mapping nor a list")
                return wanted
            case "xml":
                return xml_text.parse(text.strip())
        rows = read_csv(text)
        if len(rows) < 2 or len(rows[0]) < 2 or uneven(rows):
            raise ValueError("expected a heading and rows, two columns at least")
        return rows
    except ValueError as error:
        title = "CSV" if form == "table" else _TITLES[form]
        raise ValueError(f"expected {title}, got {text:.60}: {error}") from None


@lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    try:
        read = json.loads(schema)
        Draft202012Validator.check_schema(read)
    except (ValueError, RecursionError, SchemaError) as error:
        told = getattr(error, "message", "") or str(error)
        raise ValueError(f"expected a JSON Schema, got {schema:.60}: {told:.120}") from None
    return Draft202012Validator(read)


def _is_own_mark(refuted: Outcome, form: str, wanted: Any) -> bool:
    """Whether what was taken for a mark of thinking is an element that was asked for."""
    if form != "xml" or refuted.pattern != patterns.UNKNOWN_MARK:
        return False
    names = "|".join(map(re.escape, wanted.names()))
    return re.match(rf"<(?:{names})[\s>]", refuted.reason) is not None


def _found(form: str, text: str, wanted: Any) -> Any:
    """The one piece of data in a text; raises ``_Missing`` or ``_Unfit``."""
    match form:
        case "json":
            return _json(text, type(wanted))
        case "csv":
            return _csv(text, len(wanted[0]))
        case "table":
            return _table(text)
    return _xml(text)


def _json(text: str, kind: type) -> Any:
    text = _fenced(text)
    found, problems = [], []
    for span in json_text.spans(text):
        try:
            found.append(json_text.parse(text[span.start : span.end]))
        except NotJsonError as error:
            problems.append((text[span.start] == ("{" if kind is dict else "["), str(error)))
    # A number in brackets refers to a source, a list in prose to the fields.
    likely = [value for value in found if type(value) is kind] or found
    for is_likely, problem in problems:
        if is_likely or not likely:
            raise _Unfit("not JSON", f"it is no JSON: {problem}")
    if not likely:
        raise _Missing
    return _only(likely)


def _csv(text: str, columns: int) -> Any:
    blocks = Blocks.of(text).blocks
    parts = [block.text for block in blocks] or csv_blocks(text, columns)
    try:
        found = [read_csv(part) for part in parts if part.strip()]
    except NotRowsError as error:
        raise _Unfit("not CSV", str(error)) from None
    return _even(found)


def _table(text: str) -> Any:
    found = tables(text)
    if not found and text.count("|") > 1:
        raise _Unfit("no table", "there is no line of dashes below the heading")
    return _even(found)


def _even(found: list[Any]) -> Any:
    if not found:
        raise _Missing
    rows = _only(found)
    if problem := uneven(rows):
        raise _Unfit("uneven rows", problem)
    return rows


def _xml(text: str) -> Any:
    text = _fenced(text)
    begins = _ELEMENT.search(text)
    if not begins:
        raise _Missing
    try:
        return xml_text.parse(text[begins.start() : text.rfind(">") + 1])
    except NotXmlError as error:
        raise _Unfit("not XML", f"it is no XML: {error}") from None


def _fenced(text: str) -> str:
    """What stands in fences, if there are any."""
    blocks = Blocks.of(text).blocks
    return "\n".join(block.text for block in blocks) if blocks else text


def _only(found: list[Any]) -> Any:
    if len(found) > 1:
        raise _Unfit(patterns.SEVERAL, f"{len(found)} pieces of data, one was asked for")
    return found[0]


def _shown(form: str, found: Any) -> str:
    if form != "xml":
        return json_text.shown(found, _SHOWN)
    text = str(found)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
