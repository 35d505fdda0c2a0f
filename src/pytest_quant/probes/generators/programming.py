"""Programming tasks in variants: what to write, an example, and tests that are drawn with it.

The tests are assertions with their results written out, so that a reader of a failure sees what
was expected; a program that solves another variant fails them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

# The arguments of one call of the function that is asked for.
Call = tuple[Any, ...]

_TESTS = 12
_OPENINGS = ("Write", "Implement", "Define", "Give", "Program")


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """``task`` completes "a function that ..."; ``edges`` are further calls to test."""

    task: str
    solve: Callable[..., Any]
    draw: Callable[[Random], Call]
    edges: tuple[Call, ...] = ()


def task_of(rng: Random, variants: Sequence[Variant], names: Sequence[str]) -> dict[str, Any]:
    """A variant, its name and an example, and the calls that test it with their results."""
    variant, name = rng.choice(variants), rng.choice(names)
    calls = list({repr(call): call for call in (variant.draw(rng) for _ in range(_TESTS))}.values())
    example, *rest = calls
    return {
        "opening": rng.choice(_OPENINGS),
        "name": name,
        "task": variant.task,
        "example": f"{_call(name, example)} gives {variant.solve(*example)!r}",
        "calls": [*_solved(variant, [example, *rest]), *_solved_edges(variant)],
    }


def _solved(variant: Variant, calls: Iterable[Call]) -> list[tuple[Call, Any]]:
    return [(call, variant.solve(*call)) for call in calls]


@cache
def _solved_edges(variant: Variant) -> list[tuple[Call, Any]]:
    """The same for every draw, and some of them are long lists."""
    return _solved(variant, variant.edges)


def _call(name: str, arguments: Call) -> str:
    return f"{name}({', '.join(map(repr, arguments))})"


def with_tests(task: dict[str, Any], prelude: str = "", tested: str = "") -> dict[str, Any]:
    """The calls as assertions; ``tested`` is what is called where not the function itself."""
    name = tested or task["name"]
    asserted = [f"assert {_call(name, call)} == {result!r}" for call, result in task["calls"]]
    words = {field: text for field, text in task.items() if field != "calls"}
    return {**words, "tests": "\n".join([prelude, *asserted]).strip()}


class Long(list[int]):
    """A list that is written as the expression that makes it."""

    def __init__(self, values: Iterable[int], written: str) -> None:
        super().__init__(values)
        self._written = written

    def __repr__(self) -> str:
        return self._written
