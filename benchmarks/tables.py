"""Where the tables of a benchmark stand in a document: between two comments, to be replaced."""

from __future__ import annotations

from pathlib import Path

from pytest_quant.base.files import write_atomically
from pytest_quant.base.library import EMBEDDED_MODEL

GATE_PAGE = Path(__file__).parent.parent / "docs" / "gate.md"


def title_of(model: Path) -> str:
    """What a model is called in the tables: another than the embedded one as its file."""
    return "embedded model" if model == EMBEDDED_MODEL else model.stem


def put_between(text: str, name: str, tables: str) -> str:
    """The text with ``tables`` between its comments ``NAME`` and ``end of NAME``.

    Raises ``ValueError`` unless the text has both.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"expected the lines {begin.strip()!r} and {end!r}")
    return f"{before}{begin}\n{tables.strip()}\n\n{end}{after}"


def write_tables(page: Path, name: str, tables: str) -> None:
    """Put the tables of a benchmark into a page of the documentation."""
    write_atomically(page, put_between(page.read_text("utf-8"), name, tables))
