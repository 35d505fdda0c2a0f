"""The tools that a question offers, as its probe states them, and the calls that it expects.

Both are an author's: a mistake in them is told, whatever a model wrote.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match

from pytest_quant.checkers.json_text import shown, written


@dataclass(frozen=True, slots=True)
class Call:
    """A tool's name and what it is called with: a mapping, if the call is any good."""

    name: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, and the JSON Schema of its arguments."""

    name: str
    schema: Mapping[str, Any]

    @property
    def properties(self) -> Mapping[str, Any]:
        known: Mapping[str, Any] = self.schema.get("properties", {})
        return known

    @property
    def required(self) -> Sequence[str]:
        names: Sequence[str] = self.schema.get("required", ())
        return names

    def mistake(self, arguments: Mapping[str, Any]) -> ValidationError | None:
        """What is most wrong with arguments by the schema, if anything is."""
        found = Draft202012Validator(self.schema).iter_errors(arguments)
        mistake: ValidationError | None = best_match(found)
        return mistake

    def completed(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments with the defaults that the schema states for those left out."""
        defaults = {
            name: one["default"]
            for name, one in self.properties.items()
            if isinstance(one, Mapping) and "default" in one
        }
        return {**defaults, **arguments}


Tools = Mapping[str, Tool]


def read_tools(given: str | Sequence[Mapping[str, Any]]) -> Tools:
    """Tools by name, from JSON or a list of their descriptions; raises ``ValueError``.

    Each has a ``name`` and ``parameters``, or both under ``function``, as servers take them.
    """
    return _tools(written(given))


@lru_cache(maxsize=64)
def _tools(text: str) -> Tools:
    listed = _json(text, "tools")
    if not isinstance(listed, list) or not listed:
        raise ValueError(f"expected a list of tools, got {shown(listed)}")
    found: dict[str, Tool] = {}
    for one in listed:
        tool = _tool(one)
        if tool.name in found:
            raise ValueError(f"the tool {tool.name!r} is there twice")
        found[tool.name] = tool
    return found


def _tool(given: Any) -> Tool:
    about = given.get("function", given) if isinstance(given, dict) else given
    name = about.get("name") if isinstance(about, dict) else None
    if not isinstance(name, str) or not name:
        raise ValueError(f"expected a tool with a name and parameters, got {shown(given)}")
    schema = about.get("parameters", {"type": "object", "properties": {}})
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(
            f"the parameters of {name!r} are no JSON Schema: {error.message}"
        ) from None
    if not isinstance(schema, dict) or not isinstance(schema.get("properties", {}), dict):
        raise ValueError(f"the parameters of {name!r} are no mapping with properties")
    return Tool(name, schema)


def read_calls(given: str | Sequence[Mapping[str, Any]], tools: Tools) -> tuple[Call, ...]:
    """The calls that are expected; raises ``ValueError`` if the tools do not take them."""
    listed = _json(written(given), "calls")
    if not isinstance(listed, list):
        raise ValueError(f"expected a list of calls, got {shown(listed)}")
    return tuple(_call(one, tools) for one in listed)


def _call(given: Any, tools: Tools) -> Call:
    if not isinstance(given, dict) or set(given) != {"name", "arguments"}:
        raise ValueError(f"expected a call with name and arguments, got {shown(given)}")
    call = Call(given["name"], given["arguments"])
    if call.name not in tools:
        raise ValueError(f"no tool is called {call.name!r}; there are: {', '.join(tools)}")
    if not isinstance(call.arguments, dict) or (error := tools[call.name].mistake(call.arguments)):
        told = (
            error.message if isinstance(call.arguments, dict) and error else "they are no mapping"
        )
        raise ValueError(f"{call.name} does not take {shown(call.arguments)}: {told}")
    return call


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"expected {what} as JSON, got {text:.60}: {error}") from None
