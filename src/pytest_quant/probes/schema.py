"""The form of a probe file, and its violations in words that an author understands."""

from __future__ import annotations

import copy
import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from pytest_quant.base.categories import CATEGORIES
from pytest_quant.base.library import PROBE_SCHEMA
from pytest_quant.checkers import CHECKERS
from pytest_quant.checkers.checker import Checker
from pytest_quant.probes.documents import Document, Place

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text (in quotes)",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "{} or more items",
    "maxItems": "{} items at most",
    "minLength": "{} or more characters",
    "minProperties": "{} or more entries",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "maxLength": "{} characters at most",
    "maxProperties": "{} entries at most",
    "multipleOf": "a multiple of {}",
}


def check_form(document: Document) -> None:
    """Raises ``QuantUsageError`` for the first place at which the schema is violated.

    A field that does not exist goes before one that is missing: it is the same one, misspelt.
    """
    found = [(_place(error), error) for error in _validator().iter_errors(document.value)]
    if not found:
        found = list(_check_errors(document.value["probes"]))
    if found:
        place, first = min(
            found, key=lambda one: (one[1].validator == "required", document.line(one[0]))
        )
        raise document.mistake(place, _found(first), _expected(first))


def _check_errors(probes: Iterable[Any]) -> Iterator[tuple[Place, ValidationError]]:
    """What checks have that their kinds do not, with its place in the file."""
    for i, probe in enumerate(probes):
        kind = probe["check"]["kind"]
        for error in _errors_of(kind, probe["check"]):
            yield ("probes", i, "check", *_place(error)), error


def _errors_of(kind: str, check: Mapping[str, Any]) -> list[ValidationError]:
    checker = CHECKERS.get(kind)
    try:
        return list(_options_validator(checker).iter_errors(check))
    # What a schema of others may hold: no schema, a reference to nothing, a bad expression.
    except Exception as error:
        told = getattr(error, "message", "") or str(error)
        why = f"its schema cannot be used: {type(error).__name__}: {told:.200}"
        raise CHECKERS.unfit(kind, why) from error


@cache
def _published() -> Any:
    return json.loads(PROBE_SCHEMA.read_text("utf-8"))


def whole_schema() -> Any:
    """The published schema with the categories and the kinds of check that packages bring."""
    schema = _with_names()
    conditions = schema["$defs"]["probe"]["properties"]["check"]["allOf"]
    for kind in CHECKERS.names:
        if kind not in _published()["$defs"]:
            options = _options(CHECKERS.get(kind))
            schema["$defs"] = {**options.pop("$defs"), **schema["$defs"]}
            schema["$defs"][f"check {kind}"] = options
            chosen = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
            conditions.append({"if": chosen, "then": {"$ref": f"#/$defs/check%20{kind}"}})
    return schema


def _with_names() -> Any:
    schema = copy.deepcopy(_published())
    schema["properties"]["category"]["enum"] = list(CATEGORIES.names)
    check = schema["$defs"]["probe"]["properties"]["check"]
    check["properties"]["kind"]["enum"] = list(CHECKERS.names)
    return schema


@cache
def _validator() -> Any:
    """What holds for every probe, whatever its check; categories and kinds are those registered."""
    schema = _with_names()
    del schema["$defs"]["probe"]["properties"]["check"]["allOf"]
    return _strict()(_resolved(schema, schema["$defs"]))


@cache
def _options_validator(checker: Checker) -> Any:
    """What holds for a check of one kind."""
    shared, schema = _published()["$defs"], _options(checker)
    # Not our definitions, which are the same for every kind: that took half of a small session.
    Draft202012Validator.check_schema(dict(checker.schema))
    ours = {name: of for name, of in shared.items() if name not in checker.schema.get("$defs", {})}
    return _strict()(_resolved(schema, ours))


def _options(checker: Checker) -> dict[str, Any]:
    """The options of a kind, which may refer to our definitions."""
    shared = _published()["$defs"]
    by = {"by": shared["choice"]["properties"]["by"]} if checker.choices else {}
    return {
        **checker.schema,
        "type": "object",
        "additionalProperties": False,
        "properties": {"kind": True, **checker.schema.get("properties", {}), **by},
        "$defs": {**shared, **checker.schema.get("$defs", {})},
    }


@cache
def _strict() -> Any:
    return validators.extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def _resolved(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema with each of these definitions where it is referred to.

    To look one up takes longer than to apply it, and every probe refers to a dozen. Those of
    others stay where they are: they may refer to themselves.
    """
    match schema:
        case {"$ref": str(reference), **others} if (
            name := reference.removeprefix("#/$defs/")
        ) in definitions:
            return _resolved(definitions[name], definitions) | others
        case dict():
            return {name: _resolved(part, definitions) for name, part in schema.items()}
        case list():
            return [_resolved(part, definitions) for part in schema]
    return schema


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    # The end of a pattern also matches before a last line break; an id must not have one.
    if isinstance(instance, str) and not re.fullmatch(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def shown(value: Any) -> str:
    """A value of a probe file, short enough for a message."""
    text = json.dumps(value, default=float, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _place(error: ValidationError) -> Place:
    """The place of a mistake: the offending field itself where there is one."""
    place = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        return (*place, _unknown(error))
    if "propertyNames" in error.absolute_schema_path:
        return (*place, str(error.instance))
    return place


def _unknown(error: ValidationError) -> str:
    instance: Any = error.instance
    return str(next((name for name in instance if name not in _fields(error)), ""))


def _fields(error: ValidationError) -> list[str]:
    """The fields that the mapping in question may have, or none if anything goes."""
    schema: Any = error.schema
    return list(schema.get("properties", ())) if isinstance(schema, Mapping) else []


def _found(error: ValidationError) -> str:
    instance: Any = error.instance
    value: Any = error.validator_value
    match error.validator:
        case "additionalProperties":
            return "an unknown field" + _nearest(_unknown(error), _fields(error))
        case "enum":
            return shown(instance) + _nearest(str(instance), map(str, value))
        case "required":
            return f"no field {next(name for name in value if name not in instance)!r}"
        case "dependentRequired":
            return " without ".join(_dependent(error))
        case "oneOf" if _fields(error):
            if "generator" in instance:
                return "both 'parameters' and 'generator'"
            return "neither 'parameters' nor 'generator'"
    return shown(instance)


def _dependent(error: ValidationError) -> tuple[str, str]:
    """The field that is there, and the one that it needs and that is not."""
    instance: Any = error.instance
    value: Any = error.validator_value
    return next(
        (name, need)
        for name, needs in value.items()
        for need in needs
        if name in instance and need not in instance
    )


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _expected(error: ValidationError) -> str:
    """What would have been right, in words."""
    value: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "additionalProperties":
            return f"one of {', '.join(_fields(error))}"
        case "enum":
            return f"one of {', '.join(map(str, value))}"
        case "required":
            return f"the field{'s' if len(value) > 1 else ''} {', '.join(value)}"
        case "dependentRequired":
            return f"the field {_dependent(error)[1]} too"
        case "type":
            return " or ".join(
                _TYPES.get(kind, kind) for kind in ([value] if type(value) is str else value)
            )
        case "pattern":
            return str(schema.get("$comment", f"text that matches {value}"))
        case "oneOf" if _fields(error):
            return "one of the two"
        case "oneOf" if tuple(error.absolute_path)[2:3] == ("parameters",):
            return "integer: [low, high], decimal: [low, high] with places, or choice: [...]"
    if error.validator in _BOUNDS:
        return _BOUNDS[str(error.validator)].format(value)
    if error.validator is None:
        return "nothing here: the schema refuses it"
    return f"{error.validator}: {shown(value)}"
