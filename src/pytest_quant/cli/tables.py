"""Rows as lines of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

COLUMNS = 80
_GAP = "  "
_DOTS = "..."

Row = Sequence[str]


def column_widths(heads: Row, rows: Sequence[Row]) -> list[int]:
    """As wide as the widest cell of each column; the widest columns give way to fit a line."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > COLUMNS:
        widths[widths.index(max(widths))] -= 1
    return widths


def table(
    heads: Row, rows: Sequence[Row], right: Sequence[str] = (), widths: Sequence[int] | None = None
) -> Iterator[str]:
    """The lines of a table, its head first; columns whose heads are in ``right`` are set so.

    ``widths`` make several tables look alike. A cell that is too wide ends in dots.
    """
    widths = widths or column_widths(heads, rows)
    for row in (heads, *rows):
        cells = (
            cell.rjust(width) if head in right else _cut(cell, width).ljust(width)
            for head, cell, width in zip(heads, row, widths, strict=True)
        )
        yield _GAP.join(cells).rstrip()


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - len(_DOTS)] + _DOTS
