"""Truth of generated statements and arguments."""

from __future__ import annotations

import itertools
import re
from random import Random
from typing import Any

_THINGS = ["lamp", "door", "gate", "fan", "radio", "oven", "pump", "sign", "bell", "screen"]
_STATES = ["red", "warm", "open", "loud", "wet", "new", "clean", "full", "old", "bright"]
_INNERMOST = re.compile(r"\(([^()]*)\)")
_LITERAL = re.compile(r"(not )?\b([p-s])\b")


def boolean_expression(rng: Random, depth: int) -> dict[str, Any]:
    text, value = _formula(rng, rng.randint(1, depth))
    return {"formula": text, "value": _word(value), "working": _worked_out(text)}


def conditional(rng: Random) -> dict[str, Any]:
    """One of the four inferences from a conditional: two are valid, two are fallacies."""
    things = rng.sample(_THINGS, 2)
    first, second = (f"the {thing} is {rng.choice(_STATES)}" for thing in things)
    denied = [statement.replace(" is ", " is not ") for statement in (first, second)]
    fact, claim, valid, rule = rng.choice(
        [
            (first, second, True, "states the first, so the second follows"),
            (denied[1], denied[0], True, "denies the second, so the first is denied"),
            (second, first, False, "states the second, so nothing follows"),
            (denied[0], denied[1], False, "denies the first, so nothing follows"),
        ]
    )
    return {
        "first": first,
        "second": second,
        "fact": fact[0].upper() + fact[1:],
        "claim": claim,
        "working": f"First: {first}. Second: {second}. Fact: {fact}, which {rule}",
        "value": "yes" if valid else "no",
    }


def truth_table(rng: Random) -> dict[str, Any]:
    """In how many of its four rows a statement of two letters is true, each row worked out."""
    wanted = rng.randint(0, 4)
    while True:
        letters = rng.choice(["pq", "rs", "pr", "qs"])
        literals = [rng.choice(["", "not "]) + rng.choice(letters) for _ in range(3)]
        parts = [f"({literals[0]} {rng.choice(['and', 'or'])} {literals[1]})", literals[2]]
        formula = f" {rng.choice(['and', 'or'])} ".join(rng.sample(parts, 2))
        if not set(letters) <= set(formula):
            continue
        rows = []
        for values in itertools.product((True, False), repeat=2):
            row = dict(zip(letters, values, strict=True))
            given = ", ".join(f"{letter} {_word(value)}" for letter, value in row.items())
            rows.append(f"{given}: {_worked_out(_substituted(formula, row))}")
        true = sum(row.endswith("true") for row in rows)
        if true == wanted:
            return {"formula": formula, "working": ". ".join(rows), "true_rows": true}


def _substituted(formula: str, row: dict[str, bool]) -> str:
    """A formula with the values of its letters, denied or not, in their places."""
    return _LITERAL.sub(lambda match: _word(row[match[2]] != bool(match[1])), formula)


def _worked_out(formula: str) -> str:
    """A formula and what is left of it, step by step: all innermost brackets go at once."""
    steps = [formula]
    while " " in steps[-1]:
        inner = _INNERMOST.sub(lambda match: _evaluated(match[1]), steps[-1])
        steps.append(inner if inner != steps[-1] else _evaluated(inner))
    return " = ".join(steps)


def _evaluated(operation: str) -> str:
    """The value of "not a", "a and b" or "a or b"."""
    match operation.split():
        case ["not", a]:
            return _word(a == "false")
        case [a, "and", b]:
            return _word(a == b == "true")
        case [a, _, b]:
            return _word("true" in (a, b))
    raise ValueError(operation)


def _formula(rng: Random, depth: int) -> tuple[str, bool]:
    if depth == 0:
        value = rng.random() < 0.5
        return _word(value), value
    kind = rng.choice(["and", "or", "not"])
    if kind == "not":
        text, value = _formula(rng, depth - 1)
        return f"not {_grouped(text)}", not value
    (left, a), (right, b) = (_formula(rng, rng.randint(0, depth - 1)) for _ in range(2))
    return f"{_grouped(left)} {kind} {_grouped(right)}", (a and b) if kind == "and" else (a or b)


def _grouped(text: str) -> str:
    return f"({text})" if " " in text else text


def _word(value: bool) -> str:
    return "true" if value else "false"
