"""From a YAML file to probes, with errors that name file, line and field."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.model import DEFAULT_CASES, Probe

# Where a value stands in the document, such as ("probes", 3, "check") -> line 41.
Lines = dict[tuple[str | int, ...], int]


def read_probes(path: Path, shown_as: str | None = None) -> tuple[Probe, ...]:
    """The probes of one file, in its order; raises ``QuantUsageError`` for any mistake in it."""
    shown = shown_as or str(path)
    document, lines = _load(path, shown)
    error = best_match(_validator().iter_errors(document))
    if error is not None:
        raise QuantUsageError(_describe(error, shown, lines))
    probes = tuple(
        _probe(document["category"], raw, shown, lines[("probes", i)])
        for i, raw in enumerate(document["probes"])
    )
    for i, probe in enumerate(probes):
        _check_names(probe, lines, ("probes", i))
    check_unique(probes)
    return probes


def check_unique(probes: Iterable[Probe]) -> None:
    """Raises ``QuantUsageError`` if two probes share an id, naming both places."""
    first: dict[str, Probe] = {}
    for probe in probes:
        other = first.setdefault(probe.id, probe)
        if other is not probe:
            raise QuantUsageError(
                f"{probe.path}:{probe.line}: probe id {probe.id!r} is already used in "
                f"{other.path}:{other.line}; ids are unique over all probe files, rename one"
            )


@cache
def _validator() -> Draft202012Validator:
    text = resources.files(__package__).joinpath("probe.schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


def _load(path: Path, shown: str) -> tuple[Any, Lines]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node = yaml.compose(path.read_text("utf-8"), Loader=loader)
    except OSError as error:
        raise QuantUsageError(f"{shown}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise QuantUsageError(f"{shown}: not UTF-8 text: {error.reason}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise QuantUsageError(f"{shown}{line}: not valid YAML: {problem}") from error
    if node is None:
        raise QuantUsageError(f"{shown}: the file is empty; expected 'category' and 'probes'")
    lines: Lines = {}
    return _construct(node, (), lines, shown), lines


def _construct(node: yaml.Node, place: tuple[str | int, ...], lines: Lines, shown: str) -> Any:
    """The plain value of a node; notes the line of every value on the way."""
    line = node.start_mark.line + 1
    lines[place] = line
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in result:
                raise QuantUsageError(
                    f"{shown}:{key_node.start_mark.line + 1}: the key {key!r} appears twice in "
                    "one mapping; keep one"
                )
            result[key] = _construct(value_node, (*place, key), lines, shown)
            # A mapping's own mark is where its first key stands: the key's line reads better.
            lines[(*place, key)] = key_node.start_mark.line + 1
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item, (*place, i), lines, shown) for i, item in enumerate(node.value)]
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise QuantUsageError(f"{shown}:{line}: {node.value!r} is not a valid value") from error


def _describe(error: ValidationError, shown: str, lines: Lines) -> str:
    place = tuple(error.absolute_path)
    known = place
    while known not in lines:
        known = known[:-1]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    found = json.dumps(error.instance, default=str)
    found = found if len(found) <= 60 else found[:57] + "..."
    return (
        f"{shown}:{lines[known]}: field {where.lstrip('.') or 'document'!r}: found {found}\n"
        f"expected: {_expected(error)}"
    )


def _expected(error: ValidationError) -> str:
    """What would have been right, in words."""
    value: Any = error.validator_value
    schema: Any = error.schema
    found: Any = error.instance
    match error.validator:
        case "required":
            missing = [name for name in value if name not in found]
            return f"the missing field {missing[0]!r}; required: {', '.join(value)}"
        case "additionalProperties":
            allowed = schema.get("properties", {})
            extra = [name for name in found if name not in allowed]
            return f"no field {extra[0]!r}; allowed: {', '.join(allowed)}"
        case "enum":
            return "one of " + ", ".join(str(item) for item in value)
        case "type":
            return f"a value of type {value if isinstance(value, str) else ' or '.join(value)}"
        case "pattern":
            return f"text that matches {value}"
        case "minimum" | "maximum" | "minItems" | "maxItems" | "minLength":
            return f"{error.validator} {value}"
        case "oneOf" if "properties" in schema:
            return "either 'parameters' or 'generator', not both"
        case "oneOf":
            return "integer: [low, high], decimal: [low, high] with places, or choice: [...]"
    return error.message


def _probe(category: str, raw: Mapping[str, Any], shown: str, line: int) -> Probe:
    check = dict(raw["check"])
    return Probe(
        id=raw["id"],
        category=category,
        subcategory=raw["subcategory"],
        difficulty=raw["difficulty"],
        prompt=raw["prompt"].strip(),
        expect=str(raw["expect"]),
        check=check.pop("kind"),
        check_options=check,
        path=shown,
        line=line,
        parameters=raw.get("parameters", {}),
        generator=raw.get("generator"),
        generator_options=raw.get("generator_options", {}),
        pinned=tuple(
            {name: _pinned(value) for name, value in values.items()}
            for values in raw.get("pinned", ())
        ),
        solution=raw.get("solution"),
        cases=raw.get("cases", DEFAULT_CASES),
        max_tokens=raw.get("max_tokens", 64),
        guide=raw.get("guide"),
        task=raw.get("task"),
    )


def _pinned(value: Any) -> Any:
    """A number written with a decimal point is meant exactly as written."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _check_names(probe: Probe, lines: Lines, place: tuple[str | int, ...]) -> None:
    """Every template field and pinned value must be a parameter (a generator decides its own)."""
    if probe.generator is not None:
        return
    known = set(probe.parameters)
    for i, values in enumerate(probe.pinned):
        wrong = set(values) ^ known
        if wrong:
            raise QuantUsageError(
                f"{probe.path}:{lines[(*place, 'pinned', i)]}: field 'pinned[{i}]': found "
                f"{', '.join(values)}\nexpected: a value for each of {', '.join(sorted(known))}"
            )
    used = {"prompt": _fields(probe, "prompt", probe.prompt, lines, place)}
    if probe.solution:
        used["solution"] = _fields(probe, "solution", probe.solution, lines, place) - {"answer"}
    if probe.check == "numeric":
        used["expect"] = _names(probe, lines, place)
    else:
        used["expect"] = _fields(probe, "expect", probe.expect, lines, place)
    for name, fields in used.items():
        if unknown := sorted(fields - known):
            raise QuantUsageError(
                f"{probe.path}:{lines[(*place, name)]}: field {name!r}: found the unknown name "
                f"{unknown[0]!r}\nexpected: one of the parameters {', '.join(sorted(known))}"
            )


def _fields(
    probe: Probe, name: str, template: str, lines: Lines, place: tuple[str | int, ...]
) -> set[str]:
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError as error:
        raise QuantUsageError(
            f"{probe.path}:{lines[(*place, name)]}: field {name!r}: {error}\n"
            "expected: a template; write {{ and }} for braces"
        ) from error
    return {field.split("[")[0].split(".")[0] for _, field, _, _ in parsed if field is not None}


def _names(probe: Probe, lines: Lines, place: tuple[str | int, ...]) -> set[str]:
    try:
        tree = ast.parse(probe.expect.strip(), mode="eval")
    except SyntaxError as error:
        raise QuantUsageError(
            f"{probe.path}:{lines[(*place, 'expect')]}: field 'expect': found {probe.expect!r}\n"
            "expected: an arithmetic expression over the parameters"
        ) from error
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in names if id(node) not in called} - {"pi", "e"}
