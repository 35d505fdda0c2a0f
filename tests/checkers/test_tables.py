"""Every checker on responses as models write them: the tables in ``data``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sympy
import yaml
from tests import rows

from pytest_quant.checkers import CHECKERS, check

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Row:
    """A response to the question of a group, and what is found of it."""

    group: str
    text: str
    expected: Any
    options: dict[str, Any]
    verdict: str
    pattern: str

    @property
    def name(self) -> str:
        return f"{self.group}: {self.text[:60]!r}"


def table(kind: str) -> Iterator[Row]:
    for group in yaml.safe_load((DATA / f"{kind}.yaml").read_text("utf-8")):
        expected = expectation(group["expected"]) if kind == "numeric" else group["expected"]
        about = (expected, group.get("options", {}))
        for text in group["correct"]:
            yield Row(group["name"], text, *about, "correct", "")
        for verdict in ("incorrect", "unparsable"):
            for pattern, texts in group.get(verdict, {}).items():
                for text in texts:
                    yield Row(group["name"], text, *about, verdict, pattern)


def expectation(written: Any) -> Any:
    """Roots and powers of the tables, which are trusted, as sympy numbers."""
    if isinstance(written, str) and any(mark in written for mark in ("sqrt", "pi", "**")):
        return sympy.sympify(written, rational=True)
    return written


@pytest.mark.parametrize("kind", CHECKERS.names)
def test_responses(kind: str) -> None:
    def judge(row: Row) -> None:
        outcome = check(kind, row.text, row.expected, **row.options)
        assert (outcome.verdict, outcome.pattern) == (row.verdict, row.pattern), outcome

    rows.each(table(kind), judge, lambda row: row.name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2, 4, 8, 17", "3 of 4 steps are right; step 4: expected 16, got 17"),
        ("1, 4, 8, 16", "0 of 4 steps are right; step 1: expected 2, got 1"),
        ("2, 4", "2 of 4 steps are right; step 3: expected 8, got nothing"),
        ("2, 4, 8, 16, 32", "4 of 4 steps are right; step 5: expected the end, got 32"),
    ],
)
def test_a_sequence_records_its_first_wrong_step(text: str, reason: str) -> None:
    assert check("sequence", text, [2, 4, 8, 16]).reason == reason
