"""HumanEval: functions to complete, judged by running their tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_quant.probes.model import Probe
from pytest_quant.suites.fixed import fixed_probe
from pytest_quant.suites.rows import Row, read_rows

PROMPT = (
    "Complete this Python function. Reply with the whole function in one code block.\n\n{beginning}"
)


def read(path: Path, shown_as: str) -> tuple[Probe, ...]:
    """The probes of a file, as a source of probes."""
    return probes(read_rows(path, shown_as))


def probes(rows: Iterator[Row]) -> tuple[Probe, ...]:
    """One probe, all functions of the file."""
    return (
        fixed_probe(
            [(row, _values(row)) for row in rows],
            id="humaneval",
            category="logical_reasoning",
            subcategory="programs",
            difficulty=4,
            prompt=PROMPT,
            expect="{tests}",
            check="code",
            check_options={"entry": "{entry}", "beginning": "{beginning}", "seconds": 10},
            max_tokens=768,
            task="humaneval",
        ),
    )


def _values(row: Row) -> dict[str, Any]:
    entry = row.text("entry_point")
    if not entry.isidentifier():
        raise row.mistake("entry_point", entry, "the name of a function")
    return {
        "beginning": row.text("prompt"),
        "entry": entry,
        "tests": f"{row.text('test').strip()}\n\ncheck({entry})",
    }
