"""Reads the columns and rows of Markdown tables, in which models like to show their steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_quant.checkers.final_answer import Span
from pytest_quant.checkers.numbers import Found

_TABLE = re.compile(r"(?:^[ \t]*\|[^\n]*\|[ \t]*(?:\n|\Z))+", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*\|[-:|\s]*-[-:|\s]*$", re.MULTILINE)


def table_spans(text: str) -> list[Span]:
    """Where the tables stand: lines that begin and end with a bar."""
    return [Span(match.start(), match.end()) for match in _TABLE.finditer(text)]


def table_lists(text: str, table: Span, numbers: Sequence[Found]) -> list[list[Found]]:
    """What a table may list: each column below its heading, the last one first, then each row.

    ``numbers`` are those inside the table; a cell counts with its last one.
    """
    rule = _RULE.search(text, table.start, table.end)
    columns: dict[int, list[Found]] = {}
    rows: list[list[Found]] = []
    for begin, cells in _lines(text, table, numbers):
        rows.append([cells[i] for i in sorted(cells)])
        if rule is None or begin > rule.start():
            for i, item in cells.items():
                columns.setdefault(i, []).append(item)
    return [*(columns[i] for i in sorted(columns, reverse=True)), *rows]


def _lines(
    text: str, table: Span, numbers: Sequence[Found]
) -> Iterator[tuple[int, dict[int, Found]]]:
    """The lines that hold numbers: where each begins, and the last number of each of its cells."""
    remaining = iter(numbers)
    item = next(remaining, None)
    begin = table.start
    for line in text[table.start : table.end].splitlines(keepends=True):
        end = begin + len(line)
        cells: dict[int, Found] = {}
        while item is not None and item.start < end:
            cells[text.count("|", begin, item.start)] = item
            item = next(remaining, None)
        if cells:
            yield begin, cells
        begin = end
