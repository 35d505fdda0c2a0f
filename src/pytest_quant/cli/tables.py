"""Rows as lines of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

COLUMNS = 80
_GAP = "  "
_DOTS = "..."
_LEAST = 11  # what a head takes

Row = Sequence[str]


def column_widths(heads: Row, rows: Sequence[Row]) -> list[int]:
    """As wide as the widest cell of each column.

    The widest columns give way to fit a line; names, in the first one, only after all others.
    """
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > COLUMNS:
        others = max(widths[1:], default=0)
        widest = widths.index(others, 1) if others > _LEAST else 0
        widths[widest] -= 1
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
