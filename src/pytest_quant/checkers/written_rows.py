"""Reads rows of cells that a model wrote: as CSV, or as a Markdown table."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from itertools import groupby

Rows = list[list[str]]

_DASHES = re.compile(r":?-+:?")
_BAR = re.compile(r"(?<!\\)\|")
_EMPHASIS = "*_`"


class NotRowsError(ValueError):
    """A text that does not hold rows; says why."""


def read_csv(text: str) -> Rows:
    """The rows of a text that is CSV, spaces around a bare cell apart; raises ``NotRowsError``."""
    lines = text.strip("\n").split("\n")
    try:
        # Lines are given with their ends, which a quoted cell may hold.
        read = [*csv.reader((f"{line}\n" for line in lines), strict=True)]
    except csv.Error as error:
        raise NotRowsError(f"it is no CSV: {error}") from error
    return [[cell.strip() for cell in row] for row in read]


def csv_blocks(text: str, columns: int) -> list[str]:
    """The parts of a response between blank lines that begin with a row of so many cells."""
    found = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        # "Here is the table:"
        while lines and lines[0].rstrip(" *").endswith(":"):
            del lines[0]
        if lines and _width(lines[0]) == columns:
            found.append("\n".join(lines))
    return found


def _width(line: str) -> int:
    try:
        return len(read_csv(line)[0])
    except NotRowsError:
        return 0


def tables(text: str) -> list[Rows]:
    """The tables of a response: a heading, a line of dashes below it, and rows."""
    found = []
    for has_bars, run in groupby(text.split("\n"), key=lambda line: "|" in line):
        lines = [*run]
        cells = [*map(_cells, lines)] if has_bars and len(lines) > 1 else [[], []]
        if len(cells[0]) == len(cells[1]) and cells[1] and all(map(_DASHES.fullmatch, cells[1])):
            found.append([cells[0], *cells[2:]])
    return found


def _cells(line: str) -> list[str]:
    bare = line.strip()
    bare = bare.removeprefix("|")
    if bare.endswith("|") and not bare.endswith("\\|"):
        bare = bare[:-1]
    return [cell.replace("\\|", "|").strip().strip(_EMPHASIS).strip() for cell in _BAR.split(bare)]


def uneven(rows: Sequence[Sequence[str]]) -> str:
    """Which row has not as many cells as the heading, or nothing."""
    for number, row in enumerate(rows[1:], 1):
        if len(row) != len(rows[0]):
            return f"row {number} has {len(row)} cells, the heading {len(rows[0])}"
    return ""
