"""Reads the calls of tools in a response, in whichever of the usual forms they are written.

``[{"name": ..., "arguments": {...}}]``, one such object, several in a row, inside a fence or the
tags of a chat template, under ``tool_calls`` with the arguments as a string, and the like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_quant.checkers import json_text
from pytest_quant.checkers.json_text import NotJsonError
from pytest_quant.checkers.tools import Call

_NAMES = ("name", "tool", "tool_name", "function", "function_name", "action")
_ARGUMENTS = ("arguments", "parameters", "args", "params", "input", "tool_input", "action_input")
_LISTS = ("tool_calls", "calls", "function_calls")
_SINGLE = ("tool_call", "function_call", "function", "call")
_NUMBERED = frozenset({"id", "type", "index", "call_id"})

_KEYS = "|".join((*_NAMES, *_ARGUMENTS, *_LISTS, *_SINGLE))
_LIKE_A_CALL = re.compile(rf"""\b(?:{_KEYS})["']?\s*:""")
# The name before the arguments: <function=name>{...}, [TOOL_CALLS]name[ARGS]{...}.
_NAMED_BEFORE = re.compile(
    r"(?:<function=([\w.-]{1,64})>|\[TOOL_CALLS\]([\w.-]{1,64})\[ARGS\])\s*\Z"
)
_NEAR = 100
# What may stand beside an empty list that is the whole answer, on its line.
_ALONE_BEFORE = re.compile(r"[\s>*_`#-]*+(?:[A-Za-z ]{1,20}:)?(?:<\w{1,20}>)?[\s*_`]*")
_ALONE_AFTER = re.compile(r"[\s*_`.]*+(?:</\w{1,20}>)?[\s*_`.]*")


@dataclass(frozen=True, slots=True)
class Written:
    """The calls of a response, in order. ``none``: it says in so many words that there are none.

    ``problem``: why something that looks like a call is none; ``cut``: because it never ends.
    """

    calls: tuple[Call, ...] = ()
    none: bool = False
    problem: str = ""
    cut: bool = False


def read_response(text: str) -> Written:
    """All calls of a response."""
    calls: list[Call] = []
    none = False
    for span in json_text.spans(text):
        piece = text[span.start : span.end]
        try:
            value = json_text.parse(piece)
            found = _named_before(text, span.start, value) or _calls(value)
        except NotJsonError as error:
            if _LIKE_A_CALL.search(piece):
                return Written((*calls,), problem=str(error), cut=not span.closed)
            continue
        calls += found or ()
        if found == [] and (value or _is_alone(text, span)):
            none = True
    return Written((*calls,), none and not calls)


def _named_before(text: str, start: int, value: Any) -> list[Call] | None:
    named = _NAMED_BEFORE.search(text, max(0, start - _NEAR), start)
    return [Call(named[1] or named[2], value)] if named and isinstance(value, dict) else None


def _is_alone(text: str, span: json_text.Span) -> bool:
    """Whether nothing is said on the line of an empty list."""
    begin = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    return bool(
        _ALONE_BEFORE.fullmatch(text, begin, span.start)
        and _ALONE_AFTER.fullmatch(text, span.end, len(text) if end < 0 else end)
    )


def _calls(value: Any) -> list[Call] | None:
    """The calls that a value is; ``None`` if it is something else."""
    if isinstance(value, list):
        calls = []
        for item in value:
            if not isinstance(item, dict) or not (found := _calls(item)):
                return None
            calls += found
        return calls
    if not isinstance(value, dict):
        return None
    for name in _LISTS:
        if isinstance(value.get(name), list):
            return _calls(value[name])
    for name in _SINGLE:
        if isinstance(value.get(name), dict):
            return _calls(value[name])
    return _call(value)


def _call(value: Mapping[str, Any]) -> list[Call] | None:
    name = next((key for key in _NAMES if isinstance(value.get(key), str)), None)
    if name is None:
        return None
    among = next((key for key in _ARGUMENTS if key in value), None)
    if among is None:
        # A person's record has a name, too.
        return [Call(value[name], {})] if set(value) <= {name, *_NUMBERED} else None
    arguments = value[among]
    if isinstance(arguments, str):
        arguments = json_text.parse(arguments) if arguments.strip() else {}
    if arguments is None:
        arguments = {}
    if (
        isinstance(arguments, dict)
        and arguments.get("type") == "object"
        and "properties" in arguments
    ):
        return None  # how a tool is described, not called
    return [Call(value[name], arguments)]
