"""Truth of generated statements and arguments."""

from __future__ import annotations

from random import Random
from typing import Any

_THINGS = ["lamp", "door", "gate", "fan", "radio", "oven", "pump", "sign", "bell", "screen"]
_STATES = ["red", "warm", "open", "loud", "wet", "new", "clean", "full", "old", "bright"]


def boolean_expression(rng: Random, depth: int) -> dict[str, Any]:
    text, value = _formula(rng, rng.randint(1, depth))
    return {"formula": text, "value": _word(value)}


def conditional(rng: Random) -> dict[str, Any]:
    """One of the four inferences from a conditional: two are valid, two are fallacies."""
    things = rng.sample(_THINGS, 2)
    first, second = (f"the {thing} is {rng.choice(_STATES)}" for thing in things)
    denied = [statement.replace(" is ", " is not ") for statement in (first, second)]
    fact, claim, valid = rng.choice(
        [
            (first, second, True),
            (denied[1], denied[0], True),
            (second, first, False),
            (denied[0], denied[1], False),
        ]
    )
    return {
        "first": first,
        "second": second,
        "fact": fact[0].upper() + fact[1:],
        "claim": claim,
        "value": "yes" if valid else "no",
    }


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
