"""The checker of tool calls: whether tools are called, which, with what, and in which order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_quant.checkers import patterns
from pytest_quant.checkers.json_text import same, shown
from pytest_quant.checkers.opening import announced_part, open_response, own_text
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.checkers.tools import Call, Tool, Tools, read_calls, read_tools
from pytest_quant.checkers.written_calls import Written, read_response

NOT_JSON = "not JSON"
# With words behind it, such a mark would be taken for one of thinking.
_CALLING_MARK = re.compile(
    r"<\|?(?:tools?|tool_?calls?|tool_use|functions?|function_?calls?|calls?|action)\|?>",
    re.IGNORECASE,
)
_SHOWN = 300

# What is wrong with a call: the pattern and the reason.
Problem = tuple[str, str]


def check(
    text: str,
    expected: str | Sequence[Mapping[str, Any]],
    *,
    tools: str | Sequence[Mapping[str, Any]],
    ordered: bool = True,
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide the calls in a response: all ``expected`` ones and no other, each as expected.

    ``expected`` is a list of ``{"name": ..., "arguments": {...}}``, or JSON of one; empty if
    nothing is to be called, which a response says by an empty list. ``tools`` are those offered,
    with the JSON Schema of their arguments. Unless ``ordered``, the calls may come in any order.
    An argument that is left out has the default that its schema states.

    Raises ``ValueError`` for tools or calls that cannot be read, or that do not fit together.
    """
    known = read_tools(tools)
    wanted = read_calls(expected, known)
    own = own_text(text, prompt)
    # A tool's output that a model makes up is announced, too, but it is no call.
    written = read_response(announced_part(own))
    if written == Written():
        written = read_response(own)
    opened = open_response(text, prompt, whole=True)
    if opened.refuted and not _may_call(opened.refuted, written):
        return opened.refuted
    if written.problem:
        if written.cut and truncated:
            return Outcome("unparsable", "", "truncated", "the calls were cut at the length limit")
        return Outcome("unparsable", "", NOT_JSON, f"a call is no JSON: {written.problem}")
    if not written.calls and not written.none:
        return _without_calls(opened.text, known, wanted, truncated=truncated)
    answer = shown([{"name": c.name, "arguments": c.arguments} for c in written.calls], _SHOWN)
    if problem := _problem(written, wanted, known, ordered=ordered):
        return Outcome("incorrect", answer, *problem)
    told = f"all {len(wanted)} calls are as expected" if wanted else "nothing is called, rightly"
    return Outcome("correct", answer, "", told)


def _may_call(refuted: Outcome, written: Written) -> bool:
    """Whether a response that says nothing to other checks calls, or says that it does not."""
    if refuted.pattern == patterns.UNKNOWN_MARK:
        return _CALLING_MARK.match(refuted.reason) is not None
    # An empty list has no words.
    return refuted.pattern == "empty" and written.none


def _without_calls(text: str, tools: Tools, wanted: Sequence[Call], *, truncated: bool) -> Outcome:
    pattern, reason = patterns.missing_pattern(text, truncated=truncated, announced=False)
    if pattern == "format":
        names = "|".join(map(re.escape, tools))
        if re.search(rf"(?<![\w.])(?:{names})\s*\(", text):
            pattern, reason = NOT_JSON, "a call is written, but not as JSON"
        elif wanted:
            pattern, reason = "not called", f"{wanted[0].name} is not called"
        else:
            reason = "an empty list of calls was asked for"
    return Outcome("unparsable", "", pattern, reason)


def _problem(
    written: Written, wanted: Sequence[Call], tools: Tools, *, ordered: bool
) -> Problem | None:
    """What is wrong first: whether anything is called, what, in which order, with what."""
    calls = written.calls
    if not calls:
        return ("not called", f"{wanted[0].name} is not called") if wanted else None
    if not wanted:
        return "called for nothing", f"{calls[0].name} is called; no tool fits"
    for call in calls:
        if call.name not in tools:
            return "invented tool", f"there is no tool {call.name!r:.60}"
    names, needed = [call.name for call in calls], [call.name for call in wanted]
    if len(names) < len(needed):
        left = (Counter(needed) - Counter(names)) or Counter(needed)
        return "missing call", f"{len(names)} of {len(needed)} calls; {next(iter(left))} is missing"
    if len(names) > len(needed):
        left = (Counter(names) - Counter(needed)) or Counter(names)
        return (
            "extra call",
            f"{len(names)} calls instead of {len(needed)}; {next(iter(left))} is too much",
        )
    if Counter(names) != Counter(needed):
        wrong = next(iter(Counter(names) - Counter(needed)))
        right = next(iter(Counter(needed) - Counter(names)))
        return "wrong tool", f"expected {right}, got {wrong}"
    places = _assigned(calls, wanted, tools)
    if None not in places and (not ordered or places == sorted(places)):
        return None
    if ordered and None not in places:
        return "wrong order", f"expected {', '.join(needed)}, got the calls in another order"
    if ordered and names != needed:
        return "wrong order", f"expected {', '.join(needed)}, got {', '.join(names)}"
    return _first_wrong(calls, wanted, tools, places, ordered=ordered)


def _assigned(calls: Sequence[Call], wanted: Sequence[Call], tools: Tools) -> list[Any]:
    """For each call the place of an expected one that it is, each taken once; ``None`` if none."""
    left = list(range(len(wanted)))
    places: list[int | None] = []
    for call in calls:
        place = next((i for i in left if not _wrong(call, wanted[i], tools)), None)
        places.append(place)
        if place is not None:
            left.remove(place)
    return places


def _first_wrong(
    calls: Sequence[Call],
    wanted: Sequence[Call],
    tools: Tools,
    places: Sequence[int | None],
    *,
    ordered: bool,
) -> Problem | None:
    """What is wrong with the first call that is not as expected, of those of the same tools."""
    left = [one for i, one in enumerate(wanted) if ordered or i not in places]
    for number, (call, place) in enumerate(zip(calls, places, strict=True), 1):
        if place is not None and not ordered:
            continue
        one = left.pop(0) if ordered else next(one for one in left if one.name == call.name)
        if problem := _wrong(call, one, tools):
            told = f"call {number}: " if len(calls) > 1 else ""
            return problem[0], told + problem[1]
    return None


def _wrong(call: Call, wanted: Call, tools: Tools) -> Problem | None:
    """What is wrong with a call, if anything is."""
    tool = tools[wanted.name]
    if call.name != wanted.name:
        return "wrong tool", f"expected {wanted.name}, got {call.name}"
    if not isinstance(call.arguments, dict):
        return "wrong type", f"the arguments of {tool.name} are no mapping of names to values"
    given, right = tool.completed(call.arguments), tool.completed(wanted.arguments)
    if missing := [name for name in right if name not in given]:
        return "missing argument", f"{tool.name} without {missing[0]}"
    if unknown := [name for name in given if name not in right and name not in tool.properties]:
        return "invented argument", f"{tool.name} has no argument {unknown[0]!r:.60}"
    if problem := _by_schema(call.arguments, tool):
        return problem
    if extra := [name for name in given if name not in right]:
        return "extra argument", f"{tool.name} with {extra[0]}, which was not asked for"
    for name, value in right.items():
        if not same(given[name], value):
            return "wrong value", f"{name}: expected {shown(value)}, got {shown(given[name])}"
    return None


def _by_schema(arguments: Mapping[str, Any], tool: Tool) -> Problem | None:
    """What the schema objects to."""
    mistake = tool.mistake(arguments)
    if mistake is None:
        return None
    place = ".".join(map(str, mistake.absolute_path))
    told = f"{place}: " if place else ""
    match mistake.validator:
        case "required":
            return "missing argument", f"{told}{mistake.message:.120}"
        case "additionalProperties" | "unevaluatedProperties":
            return "invented argument", f"{told}{mistake.message:.120}"
        case "type":
            return "wrong type", f"{told}{shown(mistake.instance)} is no {mistake.validator_value}"
    return "wrong value", f"{told}{mistake.message:.120}"
