"""The numeric checker on real solutions of real questions: the 1319 of GSM8K's test set.

The file is not part of this repository. ``PYTEST_QUANT_GSM8K`` names it, or it lies at
``shared/data/gsm8k-test.jsonl`` beside the repository.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_quant import check

VARIABLE = "PYTEST_QUANT_GSM8K"
BESIDE = Path("shared", "data", "gsm8k-test.jsonl")


def data_file() -> Path | None:
    if named := os.environ.get(VARIABLE):
        return Path(named)
    places = (directory / BESIDE for directory in Path(__file__).resolve().parents[2:])
    return next((place for place in places if place.is_file()), None)


@pytest.fixture(scope="module")
def solutions() -> list[tuple[str, str, str]]:
    """(question, gold solution, answer)"""
    path = data_file()
    if path is None:
        pytest.skip(f"no GSM8K test set: {VARIABLE} is not set and there is no ../{BESIDE}")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len(rows) == 1319
    return [
        (row["question"], row["answer"], row["answer"].rpartition("####")[2].strip())
        for row in rows
    ]


def misjudged(
    solutions: list[tuple[str, str, str]], answers: list[str], verdict: str
) -> Iterator[str]:
    for (question, solution, _), answer in zip(solutions, answers, strict=True):
        outcome = check("numeric", solution, answer, prompt=question)
        if outcome.verdict != verdict:
            yield f"{outcome}: {solution}"


def test_every_solution_is_right(solutions: list[tuple[str, str, str]]) -> None:
    assert [*misjudged(solutions, [own for _, _, own in solutions], "correct")] == []


def test_every_solution_is_wrong_for_the_next_question(
    solutions: list[tuple[str, str, str]],
) -> None:
    others = [*solutions[1:], solutions[0]]
    pairs = [
        (solution, other[2])
        for solution, other in zip(solutions, others, strict=True)
        if solution[2].replace(",", "") != other[2].replace(",", "")
    ]
    assert len(pairs) > 1300
    kept, answers = zip(*pairs, strict=True)
    assert [*misjudged([*kept], [*answers], "incorrect")] == []
