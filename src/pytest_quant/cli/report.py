"""``pytest-quant report``: a run record as each of the things that a person looks at."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_quant.base.destinations import (
    Destination,
    check_destination,
    check_directory,
    find_destination,
    identity,
)
from pytest_quant.cli.arguments import path_argument
from pytest_quant.errors import QuantUsageError

if TYPE_CHECKING:
    from pytest_quant.record.run import RunRecord

# The reports that are written to a file, by the name of their writer.
_FILES = {
    "html": "write the html report",
    "markdown": "write the markdown report",
    "csv": "write every case as a row of a sheet",
    "card": "write the table and the metadata of a model card",
}
_Found = TypeVar("_Found")


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "report",
        help="show a run record, without asking a model again",
        description="Show a run record (pytest --quant-json=FILE) as the session that wrote it "
        "did: without a further option, its summary.",
    )
    parser.add_argument("record", nargs="?", type=path_argument, metavar="RECORD")
    parser.add_argument("--terminal", action="store_true", help="print the summary")
    for name, text in _FILES.items():
        parser.add_argument(f"--{name}", type=path_argument, metavar="FILE", help=text)
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="write any report, one that an installed package brings too; may be repeated",
    )
    parser.add_argument(
        "--allure", type=path_argument, metavar="DIR", help="write Allure results into DIR"
    )
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON schema of run records, and end"
    )
    parser.set_defaults(command=_report)


def _named(text: str) -> tuple[str, Path]:
    """A report that there is and its file, from ``NAME=FILE``; raises ``QuantUsageError``."""
    from pytest_quant.reports.written import REPORTS

    name, equals, file = text.partition("=")
    if not (equals and file):
        raise QuantUsageError(f"--report: found {text!r:.100}, expected NAME=FILE")
    try:
        REPORTS.get(name)
    except QuantUsageError as error:
        raise QuantUsageError(f"--report: {error}") from None
    return name, path_argument(file)


def _report(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.record.run import read_record, schema_text

    if chosen.schema:
        yield schema_text().rstrip()
        return
    if chosen.record is None:
        raise QuantUsageError(
            "pytest-quant report: no run record given; write one with pytest --quant-json=FILE"
        )
    named = [*map(_named, chosen.report)]
    record = read_record(chosen.record)
    written = {name: file for name in _FILES if (file := getattr(chosen, name)) is not None}
    for name, file in named:
        if name in written:
            raise QuantUsageError(f"--report: {name} is asked for twice; keep one file")
        written[name] = file
    _check(chosen.record, written, chosen.allure)
    for name, file in written.items():
        yield from _write(record, name, file)
    if chosen.allure is not None:
        yield _allure(record, chosen.allure)
    if chosen.terminal or not (written or chosen.allure):
        yield from _terminal(record)


def _allure(record: RunRecord, directory: Path) -> str:
    from pytest_quant.reports.allure import write_results

    _possible("--allure", directory, partial(write_results, record))
    return (
        f"{directory} written; npx allure generate {directory} --config {directory}/allurerc.json"
    )


def _check(record: Path, written: Mapping[str, Path], allure: Path | None) -> None:
    """Raises ``QuantUsageError`` before anything is written."""
    taken: dict[object, str] = {identity(record.stat()): "the run record"}
    for name, file in written.items():
        place = _possible(f"--{name}", file, check_destination)
        other = taken.setdefault(place.identity or object(), f"--{name}")
        if other != f"--{name}":
            raise QuantUsageError(f"--{name}: {file} is also {other}; give it a file of its own")
    if allure is not None:
        _possible("--allure", allure, check_directory)


def _possible(option: str, path: Path, check: Callable[[Path], _Found]) -> _Found:
    try:
        return check(path)
    except OSError as error:
        raise QuantUsageError(
            f"{option}: {path} cannot be written: {error.strerror or error}; choose another place"
        ) from error


def _write(record: RunRecord, name: str, path: Path) -> Iterator[str]:
    from pytest_quant.reports.written import write_report

    def write(path: Path) -> Destination:
        place = find_destination(path)
        write_report(name, record, path)
        return place

    # What goes to the standard output is not to be mixed with what is said about it.
    if _possible(f"--{name}", path, write).descriptor is None:
        yield f"{path} written"


def _terminal(record: RunRecord) -> Iterator[str]:
    from pytest_quant.reports.terminal import COLUMNS, summary, title

    yield f" {title(record)} ".center(COLUMNS, "=")
    for line in summary(record):
        yield line.text
