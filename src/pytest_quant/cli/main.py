"""The entry point: arguments in, lines and an exit code out."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress

from pytest_quant.base.harmless import harmless
from pytest_quant.base.paths import current_directory
from pytest_quant.base.version import __version__
from pytest_quant.cli import (
    compare,
    explain,
    fallback,
    imatrix,
    levels,
    probes,
    recipe,
    report,
    run,
    sensitivity,
    table,
)
from pytest_quant.errors import QuantUsageError

# As pytest's, and for the same: a mistake that the user can mend.
USAGE_ERROR = 4
# As a shell's, of a program that was stopped by hand.
STOPPED = 130
TERMINATED = 143


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is the command's own, 0 for most, or 4 for a mistake, which
    is told on stderr.
    """
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show a character shows its escape.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        chosen = command_parser().parse_args(arguments)
        # Generators of a project are found as with "python -m pytest"; last: they hide nothing.
        if (here := str(current_directory())) not in sys.path:
            sys.path.append(here)
        with _ended_in_order():
            code = _print(chosen.command(chosen))
    except QuantUsageError as error:
        with suppress(BrokenPipeError):
            _flush()
        print(error, file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return STOPPED
    except OSError as error:
        _silence()
        where = error.filename or "standard output"
        print(harmless(f"{where}: {error.strerror or error}"), file=sys.stderr)
        return USAGE_ERROR
    return code


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """A program that is told to end (SIGTERM) removes what it only needed for a while."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print(lines: Generator[str, None, int | None]) -> int:
    """Print every line; the exit code of the command that yields them.

    A reader who has seen enough, as in "pytest-quant probes | head", changes no exit code.
    """
    while True:
        try:
            line = next(lines)
        except StopIteration as end:
            with _until_the_reader_leaves():
                _flush()
            return end.value or 0
        with _until_the_reader_leaves():
            print(harmless(line, "\n\t"))


@contextmanager
def _until_the_reader_leaves() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        # What is still buffered has to go somewhere when Python ends.
        _silence()


def _flush() -> None:
    # There is none in a program that was started without.
    if sys.stdout is not None:
        sys.stdout.flush()


def _silence() -> None:
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def command_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="pytest-quant",
        description="Look at probes, levels and run records. To measure a model, run: "
        "pytest --quant-levels=q4, or here: pytest-quant run q4",
    )
    parser.add_argument("--version", action="version", version=f"pytest-quant {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in (
        probes,
        levels,
        imatrix,
        sensitivity,
        recipe,
        explain,
        run,
        report,
        compare,
        table,
        fallback,
    ):
        module.add_command(commands)
    return parser
