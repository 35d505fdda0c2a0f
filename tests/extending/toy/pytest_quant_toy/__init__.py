"""One thing of every kind that pytest-quant can be extended with, and some that break."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_quant import (
    Category,
    Checker,
    Outcome,
    Probe,
    QuantUsageError,
    RunRecord,
    fixed_probe,
    read_rows,
)

MANNERS = Category("good manners", tolerances={"q8": 12.5})


def starts(
    text: str, expected: str, *, prompt: str | None, truncated: bool, exact: bool = False
) -> Outcome:
    """The response must begin with the expected text; ``exact`` looks at the case of letters."""
    found = text.strip()[: len(expected)]
    if found == expected or (not exact and found.lower() == expected.lower()):
        return Outcome("correct", found, "", "it begins so")
    return Outcome("incorrect", found, "wrong beginning", f"it begins with {found!r}")


def clumsy(text: str, expected: str, *, prompt: str | None, truncated: bool) -> Outcome:
    """Breaks on every response."""
    numbers: dict[str, int] = {}
    return Outcome("correct", str(numbers[expected]), "", "never")


STARTS = Checker(starts, schema={"properties": {"exact": {"type": "boolean"}}})
CLUMSY = Checker(clumsy)


def greetings(path: Path, shown_as: str) -> Iterator[Probe]:
    """A question a line of a file of JSON lines: ``{"question": ..., "begins": ...}``."""
    rows = list(read_rows(path, shown_as))
    for row in rows:
        if row.text("begins").isspace():
            raise QuantUsageError(f"{row.path}:{row.line}: nothing to begin with")
    values: list[tuple[Any, dict[str, Any]]] = [
        (row, {"question": row.text("question"), "begins": row.text("begins")}) for row in rows
    ]
    yield fixed_probe(
        values,
        id="greetings",
        category="manners",
        subcategory="greetings",
        difficulty=1,
        prompt="{question}",
        expect="{begins}",
        check="starts",
        check_options={"exact": False},
    )


def one_line(record: RunRecord, path: Path) -> None:
    """Every level and its verdict, on one line."""
    told = ", ".join(f"{level.name} {level.verdict}" for level in record.levels if level.verdict)
    path.write_text(f"{record.model}: {told}\n", encoding="utf-8")


def torn(record: RunRecord, path: Path) -> None:
    """Breaks."""
    raise KeyError(record.model)
