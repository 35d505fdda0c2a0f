"""From a YAML file to probes, with errors that name file, line and field."""

from __future__ import annotations

import ast
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from pytest_quant.base.categories import CATEGORIES
from pytest_quant.base.conversation import Conversation, Message, Role, last_turn
from pytest_quant.checkers import CHECKERS
from pytest_quant.checkers.rules import check_names
from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.documents import Document, Place, read_document
from pytest_quant.probes.model import (
    DEFAULT_CASES,
    By,
    Probe,
)
from pytest_quant.probes.schema import check_form, shown

# Decimal arithmetic is exact up to this many digits.
_MAX_DIGITS = 28


def read_probes(path: Path, shown_as: str | None = None) -> tuple[Probe, ...]:
    """The probes of one file, in its order; raises ``QuantUsageError`` for any mistake in it."""
    document = read_document(path, shown_as or str(path))
    check_form(document)
    for i in range(len(document.value["probes"])):
        _check_asked(document, ("probes", i))
    CATEGORIES.get(document.value["category"])
    probes = tuple(_probe(document, i) for i in range(len(document.value["probes"])))
    for i, probe in enumerate(probes):
        place = ("probes", i)
        _check_domains(probe, document, place)
        _check_pinned(probe, document, place)
        _check_texts(probe, document, place)
        _check_one_of(probe, document, place)
        _check_rules(probe, document, place)
        _check_facts(probe, document, place)
    check_unique(probes)
    return probes


def check_given(probe: Probe) -> None:
    """Raises ``QuantUsageError`` for a probe that was made elsewhere, if no file could state it.

    Its questions are told of when they are drawn.
    """
    raw: dict[str, Any] = {
        "id": probe.id,
        "subcategory": probe.subcategory,
        "difficulty": probe.difficulty,
        "expect": probe.expect,
        "check": {"kind": probe.check, **probe.check_options},
        "pinned": list(map(dict, probe.pinned[:1])),
        "cases": probe.cases,
        "max_tokens": probe.max_tokens,
    }
    if isinstance(probe.prompt, Conversation):
        raw["messages"] = [{"role": m.role, "content": m.content} for m in probe.prompt.messages]
        raw |= {"tools": probe.prompt.tools} if probe.prompt.tools else {}
    else:
        raw["prompt"] = probe.prompt
    optional = ("solution", "guide", "task")
    raw |= {} if probe.clean is None else {"clean": last_turn(probe.clean)}
    raw |= {name: value for name in optional if (value := getattr(probe, name)) is not None}
    if probe.by != "text":
        raw["check"]["by"] = probe.by
    # Where nothing is drawn, the questions are all that there is.
    raw |= {"parameters": probe.parameters} if probe.parameters else {"generator": "its.questions"}
    if probe.is_drawn and not probe.pinned:
        del raw["pinned"]
    value = {"category": probe.category, "probes": [raw]}
    document = Document(value, {(): probe.line}, probe.path)
    check_form(document)
    _check_asked(document, ("probes", 0))
    CATEGORIES.get(probe.category)
    for check in (_check_one_of, _check_rules, _check_facts):
        check(probe, document, ("probes", 0))


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


def _probe(document: Document, i: int) -> Probe:
    raw = document.value["probes"][i]
    check = dict(raw["check"])
    kind = check.pop("kind")
    by: By = check.pop("by", "text") if CHECKERS.get(kind).choices else "text"
    prompt = _prompt(raw)
    return Probe(
        id=raw["id"],
        category=document.value["category"],
        subcategory=raw["subcategory"],
        difficulty=raw["difficulty"],
        prompt=prompt,
        expect=str(raw["expect"]),
        check=kind,
        by=by,
        check_options=check,
        path=document.shown_as,
        line=document.line(("probes", i)),
        parameters=raw.get("parameters", {}),
        generator=raw.get("generator"),
        generator_options=_with_floats(raw.get("generator_options", {})),
        pinned=tuple(raw.get("pinned", ())),
        solution=raw.get("solution"),
        clean=_with_last_turn(prompt, raw["clean"].strip()) if "clean" in raw else None,
        facets=raw.get("facets", {}),
        cases=raw.get("cases", DEFAULT_CASES),
        max_tokens=raw.get("max_tokens", 64),
        guide=raw.get("guide"),
        task=raw.get("task"),
        held_out=document.value.get("held_out", False),
    )


def _check_asked(document: Document, place: Place) -> None:
    """A probe asks one prompt or one conversation, in which the user has the last word."""
    raw: Any = document.value
    for part in place:
        raw = raw[part]
    if ("prompt" in raw) == ("messages" in raw):
        both = "both 'prompt' and 'messages'"
        found = both if "prompt" in raw else "neither 'prompt' nor 'messages'"
        raise document.mistake(place, found, "one of the two")
    expected: Role = "user"
    messages = raw.get("messages", ())
    for i, message in enumerate(messages):
        role = message["role"]
        if role != expected and not (i == 0 and role == "system"):
            raise document.mistake(
                (*place, "messages", i, "role"),
                role,
                f"{expected}: after a system text, if there is one, user and assistant take turns",
            )
        if not message["content"].strip():
            raise document.mistake((*place, "messages", i, "content"), "no words", "a message")
        expected = "assistant" if role == "user" else "user"
    if messages and messages[-1]["role"] != "user":
        raise document.mistake(
            (*place, "messages"), f"{messages[-1]['role']} in the last turn", "user there"
        )


def _prompt(raw: Mapping[str, Any]) -> str:
    if "prompt" in raw:
        return str(raw["prompt"].strip())
    turns = (Message(m["role"], m["content"].strip()) for m in raw["messages"])
    return Conversation(turns, raw.get("tools", "").strip())


def _with_last_turn(prompt: str, content: str) -> str:
    """The undisturbed prompt of a pair: a conversation has all but its last turn in common."""
    if not isinstance(prompt, Conversation):
        return content
    return Conversation((*prompt.messages[:-1], Message("user", content)), prompt.tools)


def _with_floats(value: Any) -> Any:
    """Options as a function expects them: a rate is a ``float``."""
    match value:
        case Decimal():
            return float(value)
        case dict():
            return {name: _with_floats(item) for name, item in value.items()}
        case list():
            return [_with_floats(item) for item in value]
    return value


def _check_domains(probe: Probe, document: Document, place: Place) -> None:
    """Beyond the schema: the ends of a domain are in order and on its grid."""
    for name, domain in probe.parameters.items():
        if "integer" in domain:
            low, high = domain["integer"]
            wanted = "integer: [low, high], low first"
        elif "decimal" in domain:
            places = domain["places"]
            low, high = (_units(end, places) for end in domain["decimal"])
            wanted = (
                f"decimal: [low, high], low first, each of at most {places} decimals "
                f"and {_MAX_DIGITS} digits"
            )
        else:
            continue
        if low is None or high is None or low > high:
            raise document.mistake((*place, "parameters", name), shown(domain), wanted)


def _units(end: int | Decimal, places: int) -> int | None:
    """The end of a domain, counted in units of its last decimal; ``None`` if it cannot be."""
    units = Fraction(end) * 10**places
    return int(units) if units.denominator == 1 and abs(units) < 10**_MAX_DIGITS else None


def _check_pinned(probe: Probe, document: Document, place: Place) -> None:
    """Pinned values name every parameter; what a generator's values are is its own affair."""
    known = set(probe.parameters)
    for i, values in enumerate(probe.pinned):
        if probe.generator is None and set(values) != known:
            raise document.mistake(
                (*place, "pinned", i),
                ", ".join(values) or "no values",
                f"a value for each of {', '.join(sorted(known))}, and for nothing else",
            )


def _check_texts(probe: Probe, document: Document, place: Place) -> None:
    """Templates and expressions can be read, and name nothing but parameters."""
    for field, text, names_in in _texts(probe):
        try:
            used = names_in(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
            template = names_in is _fields
            wanted = "a template" if template else "an arithmetic expression"
            hint = "; write {{ and }} for braces" if template else ""
            reason = getattr(error, "msg", "") or str(error) or "too deeply nested"
            raise document.mistake(
                (*place, *field), f"{shown(text)} ({reason})", f"{wanted} over the values{hint}"
            ) from error
        known = {*probe.parameters, *(["answer"] if field == ("solution",) else [])}
        if probe.generator is None and (unknown := sorted(used - known)):
            raise document.mistake(
                (*place, *field),
                f"the unknown name {unknown[0]!r}",
                f"one of {', '.join(sorted(known))}",
            )


def _texts(probe: Probe) -> Iterator[tuple[Place, str, Callable[[str], set[str]]]]:
    """Every text that is filled in or evaluated: its field, itself, and what finds its names."""
    if isinstance(probe.prompt, Conversation):
        for i, message in enumerate(probe.prompt.messages):
            yield ("messages", i, "content"), message.content, _fields
        yield ("tools",), probe.prompt.tools, _fields
    else:
        yield ("prompt",), probe.prompt, _fields
    if probe.clean is not None:
        yield ("clean",), last_turn(probe.clean), _fields
    if probe.solution is not None:
        yield ("solution",), probe.solution, _fields
    for name, facet in probe.facets.items():
        yield ("facets", name), facet, _fields
    checker = CHECKERS.get(probe.check)
    yield ("expect",), probe.expect, _fields if checker.expects == "template" else _names
    for option, raw in probe.check_options.items():
        if option in checker.expressions:
            for title, expression in raw.items():
                yield ("check", option, title), str(expression), _names
        else:
            for place, template in _templates(raw):
                yield ("check", option, *place), template, _fields


def _templates(raw: Any) -> Iterator[tuple[Place, str]]:
    """The texts of an option, in lists of lists too, and their places within it."""
    if isinstance(raw, str):
        yield (), raw
    elif isinstance(raw, list):
        for i, item in enumerate(raw):
            for place, template in _templates(item):
                yield (i, *place), template


def _fields(template: str) -> set[str]:
    """The names that a template uses, those inside a format such as ``{x:{width}}`` too."""
    names: set[str] = set()
    for _, field, form, _ in string.Formatter().parse(template):
        if field is None:
            continue
        name = field.split("[")[0].split(".")[0]
        if not name or name.isdigit():
            raise ValueError("braces without a name")
        names |= {name} | _fields(form or "")
    return names


def _names(expression: str) -> set[str]:
    tree = ast.parse(expression.strip(), mode="eval")
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in names if id(node) not in called} - {"pi", "e"}


def _check_one_of(probe: Probe, document: Document, place: Place) -> None:
    one_of = CHECKERS.get(probe.check).one_of
    given = [name for name in one_of if name in probe.check_options]
    if len(given) > 1:
        raise document.mistake(
            (*place, "check", given[1]),
            " and ".join(given),
            f"only one of {', '.join(one_of)}",
        )


def _check_rules(probe: Probe, document: Document, place: Place) -> None:
    """The rules of a composition have names that exist; their values are known only when drawn."""
    if probe.check != "constraints":
        return
    try:
        check_names(probe.expect)
    except ValueError as error:
        raise document.mistake(
            (*place, "expect"), str(error), "one rule a line, such as 'words: 80 to 120'"
        ) from error


def _check_facts(probe: Probe, document: Document, place: Place) -> None:
    """A text that must state facts has no aliases, and cannot state more than there are."""
    if probe.check != "text":
        return
    required, least = (probe.check_options.get(name) for name in ("required", "at_least"))
    if required and "aliases" in probe.check_options:
        raise document.mistake(
            (*place, "check", "aliases"),
            "both 'aliases' and 'required'",
            "only one of the two: each fact of 'required' lists its own wordings",
        )
    if isinstance(required, list) and least is not None and least > len(required):
        raise document.mistake(
            (*place, "check", "at_least"),
            str(least),
            f"at most {len(required)}, all that is required",
        )
