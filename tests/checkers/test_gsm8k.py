"""The numeric checker on real solutions of real questions: of the 1319 of GSM8K's test set.

The file is not part of this repository. ``PYTEST_QUANT_GSM8K`` names it, or it lies at
``shared/data/gsm8k-test.jsonl`` beside the repository.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real_data import some

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
        for row in some(rows)
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
    assert len(pairs) > 0.95 * len(solutions)
    kept, answers = zip(*pairs, strict=True)
    assert [*misjudged([*kept], [*answers], "incorrect")] == []


# How else the same answer may be announced: {body} is the working, {n} the answer.
STYLES = (
    "{line} #### {n}",
    "{line} #### {n}. I hope that helps!",
    "{body}\nA: {n}",
    "Q: How many?\nA: {n}",
    "{body}\nThe answer is {n}.",
    "{line} The answer is {n}.",
    "{body}\n**Answer:** ${n}",
    "{body}\n\\boxed{{{n}}}",
    "{body}\nFinal answer: {n}",
    "{body}\nTherefore, the answer is **{n}**.",
    "The answer is {n}.\n\n{body}",
    "{body}\nThus, Mr. Davos paid ${n} for the 2 shirts.",
    "{body}\nMs. Lee paid ${n} for 3 tickets and the 2 dogs.",
    "{body}\nThe 12 friends ate {n} cakes in 4 hours.",
    "{body}\nShe sold {n} cups to 5 customers.",
    "{body}\nThe price of the 2 shirts was ${n}.",
)


def restated(solution: str, answer: str, style: str) -> str:
    body = re.sub(r"<<[^<>]*>>", "", solution.rpartition("####")[0]).strip()
    return style.format(body=body, line=body.replace("\n", " "), n=answer)


@pytest.mark.parametrize("offset", range(2))
def test_an_answer_counts_however_it_is_announced(
    solutions: list[tuple[str, str, str]], offset: int
) -> None:
    """Each solution in one of the styles: at least 99.9 % are read, and none is read wrongly."""
    styles = [STYLES[(i + offset) % len(STYLES)] for i in range(len(solutions))]
    rows = [
        (question, restated(solution, own, style), own)
        for (question, solution, own), style in zip(solutions, styles, strict=True)
    ]
    unread = [*misjudged(rows, [own for _, _, own in rows], "correct")]
    assert len(unread) <= 0.001 * len(rows), unread
    others = [own for _, _, own in (*rows[1:], rows[0])]
    differ = [
        own.replace(",", "") != other.replace(",", "")
        for (_, _, own), other in zip(rows, others, strict=True)
    ]
    kept = [row for row, differs in zip(rows, differ, strict=True) if differs]
    wrong = [other for other, differs in zip(others, differ, strict=True) if differs]
    assert [*misjudged(kept, wrong, "incorrect")] == []


def test_working_without_an_announcement_is_read(solutions: list[tuple[str, str, str]]) -> None:
    """The rest work out something else last, count in cents, or say "three days"."""
    rows = [(question, restated(text, own, "{body}"), own) for question, text, own in solutions]
    wrong = [*misjudged(rows, [own for _, _, own in rows], "correct")]
    assert len(wrong) <= 0.015 * len(rows) + 2, wrong
