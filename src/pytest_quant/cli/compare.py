"""``pytest-quant compare``: what did the new runtime, recipe or model change?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_quant.cli.arguments import path_argument
from pytest_quant.errors import QuantUsageError

if TYPE_CHECKING:
    from pytest_quant.reports.compared import Compared


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "compare",
        help="run records or baselines side by side, with paired statistics",
        description="Compare run records (pytest --quant-json=FILE) or recorded baselines, case by "
        "case: of two what differs in model and runtime, how many answers were lost and won, and "
        "which; more of them with the first, in one table whose bounds hold together. It judges "
        "nothing: the exit code is 0, or 4 for a file that is neither.",
    )
    parser.add_argument("first", type=path_argument, metavar="A", help="the file to compare with")
    parser.add_argument("second", type=path_argument, metavar="B", help="the file to look at")
    parser.add_argument("more", nargs="*", type=path_argument, metavar="C", help="and more files")
    parser.set_defaults(command=_compare)


def _compare(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.reports.comparison import common_levels, side_by_side
    from pytest_quant.reports.plain_text import shown
    from pytest_quant.reports.together import MOST, together

    files = [chosen.first, chosen.second, *chosen.more]
    if len(files) > MOST:
        raise QuantUsageError(f"compare: found {len(files)} files, expected at most {MOST}")
    first, *others = map(_read, files)
    for file, other in zip(files[1:], others, strict=True):
        if not common_levels(first, other):
            raise QuantUsageError(
                f"no level that both have answers of: {chosen.first} has "
                f"{shown(', '.join(first.artifacts))}; {file} has "
                f"{shown(', '.join(other.artifacts))}\nrecord the same levels: "
                "pytest --quant-levels=LEVELS --quant-json=FILE"
            )
    if len(others) == 1:
        yield from side_by_side(first, others[0])
    else:
        yield from together([first, *others])


def _read(path: Path) -> Compared:
    from pytest_quant.gate.baseline_file import read_baseline
    from pytest_quant.record.run import read_record
    from pytest_quant.reports.compared import of_baseline, of_record

    if _is_baseline(path) and (baseline := read_baseline(path)):
        return of_baseline(baseline)
    return of_record(read_record(path))


def _is_baseline(path: Path) -> bool:
    """Whether a file looks like a baseline; whoever reads it says what is wrong with it."""
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(raw, dict) and "probe_set" in raw
