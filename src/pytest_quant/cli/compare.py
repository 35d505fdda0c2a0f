"""``pytest-quant compare``: what did the new runtime, recipe or model change?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_quant.errors import QuantUsageError


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "compare",
        help="two run records side by side, with paired statistics",
        description="Compare two run records (pytest --quant-json FILE), case by case: what "
        "differs in model and runtime, how many answers were lost and won, and which. It judges "
        "nothing: the exit code is 0, or 4 for a file that is no run record.",
    )
    parser.add_argument("first", type=Path, metavar="A", help="the run record to compare with")
    parser.add_argument("second", type=Path, metavar="B", help="the run record to look at")
    parser.set_defaults(command=_compare)


def _compare(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.record import read_record
    from pytest_quant.reports.comparison import common_levels, side_by_side

    first, second = read_record(chosen.first), read_record(chosen.second)
    if not common_levels(first, second):
        names = [", ".join(level.name for level in record.levels) for record in (first, second)]
        raise QuantUsageError(
            f"no level that both have answers of: {chosen.first} has {names[0]}, {chosen.second} "
            f"has {names[1]}\nrecord the same levels: pytest --quant-levels=... --quant-json FILE"
        )
    yield from side_by_side(first, second)
