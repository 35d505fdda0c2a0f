"""The published schema says what the dataclasses of a record say, field by field."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pytest_quant.record.run import RunRecord, schema_text

SCHEMA = json.loads(schema_text())
# What the file holds besides: its version, and what is derived from the rest.
DERIVED = {"schema", "patterns", "hallucinations", "thinking", "likelihood_drops"}
JSON_TYPES: Mapping[object, set[str]] = {
    str: {"string"},
    bool: {"boolean"},
    int: {"integer"},
    float: {"number"},
}


def differences(kind: Any, schema: Any, place: str) -> Iterator[str]:
    """Where a type and its part of the schema disagree."""
    if "$ref" in schema:
        schema = {**SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], **schema}
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        yield from _union(arguments, schema, place)
    elif origin is Literal:
        if set(schema.get("enum", ())) != set(arguments):
            yield f"{place}: {schema.get('enum')} for {arguments}"
    elif is_dataclass(kind):
        yield from _object(kind, schema, place)
    elif origin in (tuple, list):
        yield from _of_type(schema, {"array"}, place)
        yield from differences(arguments[0], schema.get("items", {}), f"{place}[]")
    elif origin in (dict, Mapping):
        yield from _of_type(schema, {"object"}, place)
        values = [*schema.get("properties", {}).values(), schema.get("additionalProperties")]
        for value in values:
            if isinstance(value, dict):
                yield from differences(arguments[1], value, f"{place}.*")
    elif kind in JSON_TYPES:
        yield from _of_type(schema, JSON_TYPES[kind], place)


def _union(members: tuple[Any, ...], schema: Any, place: str) -> Iterator[str]:
    if type(None) not in members:
        return
    (kind, *others) = [member for member in members if member is not type(None)]
    if "null" in schema.get("type", ()) and not others:
        left = [name for name in schema["type"] if name != "null"]
        yield from differences(kind, {**schema, "type": left[0]}, place)
        return
    choices = schema.get("anyOf") or schema.get("oneOf") or ()
    if {"type": "null"} not in choices and None not in schema.get("enum", ()):
        yield f"{place}: may be null, and the schema does not say so"
    elif choices and not others:
        (rest,) = (choice for choice in choices if choice != {"type": "null"})
        yield from differences(kind, rest, place)


def _object(kind: Any, schema: Any, place: str) -> Iterator[str]:
    hints = get_type_hints(kind)
    own = {field.name for field in fields(kind)}
    known = set(schema.get("properties", ())) - (DERIVED if kind is RunRecord else set())
    if own != known:
        yield f"{place}: not in both: {sorted(own ^ known)}"
    if schema.get("additionalProperties") is not False:
        yield f"{place}: takes what is not in it"
    for name in sorted(own & known):
        yield from differences(hints[name], schema["properties"][name], f"{place}.{name}")


def _of_type(schema: Any, expected: set[str], place: str) -> Iterator[str]:
    if "enum" in schema or "const" in schema:
        return
    if {schema.get("type")} != expected:
        yield f"{place}: {schema.get('type')} for {sorted(expected)}"


def test_the_schema_is_that_of_the_dataclasses() -> None:
    assert [*differences(RunRecord, SCHEMA, "record")] == []


def test_a_difference_is_seen() -> None:
    """The comparison itself: a field more, one of another type, one that may not be null."""
    changed = json.loads(schema_text())
    del changed["properties"]["alpha"]
    changed["properties"]["created"]["type"] = "integer"
    changed["properties"]["max_cases"] = {"type": "integer"}
    said = [*differences(RunRecord, changed, "record")]
    assert [one.partition(":")[0] for one in said] == [
        "record",
        "record.created",
        "record.max_cases",
    ]
