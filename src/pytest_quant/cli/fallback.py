"""``pytest-quant fallback``: what does it bring to ask the reference where a level is unsure?"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pytest_quant.cli.arguments import path_argument
from pytest_quant.errors import QuantUsageError

if TYPE_CHECKING:
    from pytest_quant.analysis.fallback import Wanted

_ACCURACY = re.compile(r"(?P<share>0?\.\d+|1(?:\.0+)?)(?P<of>-of-reference)?")


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "fallback",
        help="what it brings to ask the reference where a level is unsure",
        description="From a run record (pytest --quant-json=FILE), without running a model: how "
        "right the answers are if the reference is asked instead wherever a level's own answer "
        "has a low probability, by the share that falls back; and the threshold that keeps a "
        "wanted accuracy, cross-validated. It judges nothing: the exit code is 0, or 4 for a "
        "mistake.",
    )
    parser.add_argument("record", type=path_argument, metavar="RECORD")
    parser.add_argument("--level", metavar="LEVEL", help="one of the record's (default: each)")
    parser.add_argument(
        "--accuracy",
        default="0.99-of-reference",
        metavar="SHARE",
        help="what is to be kept: 0.99-of-reference of its right answers (the default), or 0.85 "
        "of all answers",
    )
    parser.set_defaults(command=_fallback)


def _fallback(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.record.run import read_record
    from pytest_quant.reports.fallback import fallback_lines
    from pytest_quant.reports.plain_text import shown

    wanted = _wanted(chosen.accuracy)
    record = read_record(chosen.record)
    levels = [level.name for level in record.levels if level.name != record.reference]
    if chosen.level is not None and chosen.level not in levels:
        raise QuantUsageError(
            f"--level: found {shown(chosen.level, 40)}, expected a level of {chosen.record}: "
            f"{shown(', '.join(levels)) or 'it has none'}"
        )
    for number, level in enumerate([chosen.level] if chosen.level else levels):
        if number:
            yield ""
        yield from fallback_lines(record, level, wanted)


def _wanted(text: str) -> Wanted:
    from pytest_quant.analysis.fallback import Wanted

    found = _ACCURACY.fullmatch(text)
    if not found or not float(found["share"]):
        raise QuantUsageError(
            f"--accuracy: found {text[:40]!r}, expected a share above 0, at most 1, such as 0.85, "
            "or 0.99-of-reference"
        )
    return Wanted(float(found["share"]), of_reference=bool(found["of"]))
