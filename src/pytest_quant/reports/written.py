"""The reports that go into a file of their own, by name, for sessions and for commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pytest_quant.base.files import write_atomically
from pytest_quant.base.registry import Registry, function
from pytest_quant.errors import QuantUsageError
from pytest_quant.record.run import RunRecord, write_record

# Raises ``OSError`` if the file cannot be written.
Report = Callable[[RunRecord, Path], None]

REPORTS: Registry[Report] = Registry("pytest_quant.reports", "report", function)


class Wanted(NamedTuple):
    """A report that goes into a file, and the option that asks for it."""

    option: str
    name: str
    path: Path


def write_reports(wanted: Iterable[Wanted], record: RunRecord) -> Iterator[str]:
    """Write them all; a line for each one that could not be."""
    for option, name, path in wanted:
        try:
            write_report(name, record, path)
        except OSError as error:
            yield f"{option}: {path} cannot be written: {error.strerror or error}"
        except QuantUsageError as error:
            yield f"{option}: {path} is not written: {error}"


def write_report(name: str, record: RunRecord, path: Path) -> None:
    """Write a report to a file.

    Raises ``OSError`` if it cannot be written, ``QuantUsageError`` if the report itself fails.
    """
    write = REPORTS.get(name)
    try:
        write(record, path)
    except (OSError, QuantUsageError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise QuantUsageError(
            f"{REPORTS.described(name)} raised {type(error).__name__}: {error}; repair that "
            "package or leave it out"
        ) from error
    if not path.exists():
        raise QuantUsageError(f"{REPORTS.described(name)} wrote nothing; repair that package")


def json(record: RunRecord, path: Path) -> None:
    write_record(record, path)


def html(record: RunRecord, path: Path) -> None:
    # What it needs takes a second to load: the template engine and the plots.
    from pytest_quant.reports.html import page

    write_atomically(path, page(record))


def markdown(record: RunRecord, path: Path) -> None:
    from pytest_quant.reports.markdown import markdown as text

    write_atomically(path, text(record))


def csv(record: RunRecord, path: Path) -> None:
    from pytest_quant.reports.sheet import case_sheet

    write_atomically(path, case_sheet(record))


def card(record: RunRecord, path: Path) -> None:
    from pytest_quant.reports.card import card as text

    write_atomically(path, text(record))
