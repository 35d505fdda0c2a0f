"""The programming tasks can be solved, in every variant, and only by what they ask for."""

from __future__ import annotations

import importlib
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from pytest_quant import check

PROGRAMS: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "data" / "programs.yaml").read_text("utf-8")
)
PACKAGE = "pytest_quant.probes.generators"


def drawn(generator: str) -> dict[str, dict[str, Any]]:
    """A task of each variant, by the words that tell it from others."""
    module, _, name = generator.partition(".")
    generate = getattr(importlib.import_module(f"{PACKAGE}.{module}"), name)
    rng = Random("programming")
    tasks = {task["task"]: task for task in (generate(rng) for _ in range(300))}
    found = {}
    for task in tasks.values():
        (words,) = (words for words in PROGRAMS[generator] if words in task["task"])
        found[words] = task
    return found


def passes(program: str, task: dict[str, Any]) -> bool:
    text = program.replace("NAME", task["name"])
    return check("code", text, task["tests"], entry=task["name"], seconds=2).correct


@pytest.mark.parametrize("generator", PROGRAMS)
def test_every_variant_can_be_solved_and_only_by_its_own_program(generator: str) -> None:
    tasks = drawn(generator)
    assert set(tasks) == set(PROGRAMS[generator])
    assert len(tasks) >= 8
    for words, task in tasks.items():
        assert passes(PROGRAMS[generator][words], task), words
    # Against the tests of the next one.
    for words, task in zip(islice(tasks, 1, None), [*tasks.values()], strict=False):
        assert not passes(PROGRAMS[generator][words], task), (words, task["task"])


@pytest.mark.parametrize("generator", PROGRAMS)
def test_the_example_is_the_first_test(generator: str) -> None:
    for task in drawn(generator).values():
        call, result = task["example"].split(" gives ")
        arguments = call.removeprefix(task["name"])
        (first, *_) = (line for line in task["tests"].splitlines() if line.startswith("assert"))
        assert first.endswith(f"{arguments} == {result}")
