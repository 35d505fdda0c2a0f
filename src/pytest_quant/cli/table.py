"""``pytest-quant table``: a run record as one of the guide's case studies."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from pytest_quant.analysis.guide import CASE_STUDIES
from pytest_quant.cli.arguments import path_argument


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "table",
        help="one of the guide's tables for the model of a run record",
        description="One of the guide's tables for the model of a run record, the guide's own "
        "rows beneath. Bounds and reasons stand in the record.",
    )
    parser.add_argument("name", choices=CASE_STUDIES, metavar="NAME", help=", ".join(CASE_STUDIES))
    parser.add_argument("record", type=path_argument, metavar="RECORD")
    parser.set_defaults(command=_table)


def _table(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.record.run import read_record
    from pytest_quant.reports.terminal import case_study

    for line in case_study(read_record(chosen.record), chosen.name):
        yield line.text
