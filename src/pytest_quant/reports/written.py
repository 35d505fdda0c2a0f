"""The reports that go into a file of their own, by name: one list for sessions and for commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytest_quant.base.files import write_atomically
from pytest_quant.record.run import RunRecord, write_record

Writer = Callable[[RunRecord, Path], None]


def _html(record: RunRecord, path: Path) -> None:
    # What it needs takes a second to load: the template engine and the plots.
    from pytest_quant.reports.html import page

    write_atomically(path, page(record))


def _markdown(record: RunRecord, path: Path) -> None:
    from pytest_quant.reports.markdown import markdown

    write_atomically(path, markdown(record))


# Each raises ``OSError`` if the file cannot be written.
WRITERS: dict[str, Writer] = {"json": write_record, "html": _html, "markdown": _markdown}
