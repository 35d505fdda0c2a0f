"""The form of a probe file, and its violations in words that an author understands."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from pytest_quant.probes.documents import Document, Place

SCHEMA_FILE = Path(__file__).with_name("probe.schema.json").resolve()

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
}


def check_form(document: Document) -> None:
    """Raises ``QuantUsageError`` for the first place at which the schema is violated.

    A field that does not exist goes before one that is missing: it is the same one, misspelt.
    """
    errors = _validator().iter_errors(document.value)
    first = min(
        errors,
        key=lambda error: (error.validator == "required", document.line(_place(error))),
        default=None,
    )
    if first is not None:
        raise document.mistake(_place(first), _found(first), _expected(first))


@cache
def _validator() -> Any:
    schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
    keywords = {"pattern": _pattern, "if": _if}
    strict: Any = validators.extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]
    return strict(_resolved(schema, schema["$defs"]))


def _resolved(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema with each definition where it is referred to.

    To look one up takes longer than to apply it, and every probe refers to a dozen.
    """
    match schema:
        case {"$ref": str(reference), **others}:
            named = definitions[reference.removeprefix("#/$defs/")]
            return _resolved(named, definitions) | others
        case dict():
            return {name: _resolved(part, definitions) for name, part in schema.items()}
        case list():
            return [_resolved(part, definitions) for part in schema]
    return schema


def _if(validator: Any, condition: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """A condition on the value of one field, the only kind there is here.

    Half of the time would go into validators for conditions that nine times in ten do not hold.
    """
    ((field, expected),) = condition["properties"].items()
    if isinstance(instance, dict) and instance.get(field) == expected["const"]:
        yield from validator.descend(instance, schema["then"], schema_path="then")


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
    return str(next(name for name in instance if name not in _fields(error)))


def _fields(error: ValidationError) -> list[str]:
    """The fields that the mapping in question may have, or none if anything goes."""
    schema: Any = error.schema
    return list(schema.get("properties", ()))


def _found(error: ValidationError) -> str:
    instance: Any = error.instance
    value: Any = error.validator_value
    match error.validator:
        case "additionalProperties":
            return "an unknown field" + _nearest(_unknown(error), _fields(error))
        case "enum":
            return shown(instance) + _nearest(str(instance), value)
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
            return f"one of {', '.join(value)}"
        case "required":
            return f"the field{'s' if len(value) > 1 else ''} {', '.join(value)}"
        case "dependentRequired":
            return f"the field {_dependent(error)[1]} too"
        case "type":
            return " or ".join(_TYPES[kind] for kind in ([value] if type(value) is str else value))
        case "pattern":
            return str(schema["$comment"])
        case "oneOf" if _fields(error):
            return "one of the two"
        case "oneOf":
            return "integer: [low, high], decimal: [low, high] with places, or choice: [...]"
    return _BOUNDS[str(error.validator)].format(value)
