"""``pytest-quant report``: a run record as each of the things that a person looks at."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_quant.errors import QuantUsageError

if TYPE_CHECKING:
    from pytest_quant.record import RunRecord

# The reports that are written to a file, by the name of their writer.
_FILES = ("html", "markdown")


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "report",
        help="show a run record, without asking a model again",
        description="Show a run record (pytest --quant-json FILE) as the session that wrote it "
        "did: without a further option, its summary.",
    )
    parser.add_argument("record", nargs="?", type=Path, metavar="RECORD")
    parser.add_argument("--terminal", action="store_true", help="print the summary")
    for name in _FILES:
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write the {name} report")
    parser.add_argument("--allure", type=Path, metavar="DIR", help="write Allure results into DIR")
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON schema of run records, and end"
    )
    parser.set_defaults(command=_report)


def _report(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.record import read_record, schema_text

    if chosen.schema:
        yield schema_text().rstrip()
        return
    if chosen.record is None:
        raise QuantUsageError(
            "pytest-quant report: no run record given; write one with pytest --quant-json FILE"
        )
    record = read_record(chosen.record)
    written = [(name, path) for name in _FILES if (path := getattr(chosen, name)) is not None]
    for name, path in written:
        yield _write(record, name, path)
    if chosen.allure is not None:
        yield _allure(record, chosen.allure)
    if chosen.terminal or not (written or chosen.allure):
        yield from _terminal(record)


def _allure(record: RunRecord, directory: Path) -> str:
    from pytest_quant.reports.allure import write_results

    try:
        write_results(record, directory)
    except OSError as error:
        raise QuantUsageError(
            f"--allure: {directory} cannot be written: {error.strerror}; give another directory"
        ) from error
    return (
        f"{directory} written; npx allure generate {directory} --config {directory}/allurerc.json"
    )


def _write(record: RunRecord, name: str, path: Path) -> str:
    from pytest_quant.reports.written import WRITERS

    try:
        WRITERS[name](record, path)
    except OSError as error:
        raise QuantUsageError(f"--{name}: {path} cannot be written: {error.strerror}") from error
    return f"{path} written"


def _terminal(record: RunRecord) -> Iterator[str]:
    from pytest_quant.reports.terminal import COLUMNS, summary, title

    yield f" {title(record)} ".center(COLUMNS, "=")
    for line in summary(record):
        yield line.text
