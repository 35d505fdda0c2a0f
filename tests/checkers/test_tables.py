"""Every checker on responses as models write them: the tables in ``data``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sympy
import yaml

from pytest_quant.checkers import CHECKERS, check

DATA = Path(__file__).parent / "data"


def cases() -> list[Any]:
    found = []
    for kind in CHECKERS.names:
        for group in yaml.safe_load((DATA / f"{kind}.yaml").read_text("utf-8")):
            rows = [("correct", "", text) for text in group["correct"]]
            for verdict in ("incorrect", "unparsable"):
                for pattern, texts in group.get(verdict, {}).items():
                    rows += [(verdict, pattern, text) for text in texts]
            found += [
                pytest.param(
                    kind,
                    text,
                    expectation(group["expected"]) if kind == "numeric" else group["expected"],
                    group.get("options", {}),
                    (verdict, pattern),
                    id=f"{kind} {group['name']}: {text[:60]!r}",
                )
                for verdict, pattern, text in rows
            ]
    return found


def expectation(written: Any) -> Any:
    """Roots and powers of the tables, which are trusted, as sympy numbers."""
    if isinstance(written, str) and any(mark in written for mark in ("sqrt", "pi", "**")):
        return sympy.sympify(written, rational=True)
    return written


@pytest.mark.parametrize(("kind", "text", "expected", "options", "judged"), cases())
def test_response(
    kind: str, text: str, expected: Any, options: dict[str, Any], judged: tuple[str, str]
) -> None:
    outcome = check(kind, text, expected, **options)
    assert (outcome.verdict, outcome.pattern) == judged, outcome


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
