"""``pytest-quant probes``: list them, check files of your own, show a case."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from pytest_quant.base.categories import CATEGORIES
from pytest_quant.base.library import PROBE_SCHEMA
from pytest_quant.cli.arguments import path_argument
from pytest_quant.cli.columns import Columns
from pytest_quant.cli.guide import GUIDE_CATEGORIES, guide_table, lists_table
from pytest_quant.cli.tables import COLUMNS, column_widths, table
from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.files import local_or_shipped, probe_files
from pytest_quant.probes.model import Probe
from pytest_quant.reports.plain_text import counted

# Counting further tells little: few runs ask as many.
_COUNTED = 200


def add_command(commands: Any) -> None:
    """Declare the commands and their arguments."""
    parser = commands.add_parser(
        "probes",
        parents=[_where([])],
        help="list probes, check probe files, show a case",
        description="Without a further command: every probe with its category, checker, "
        "difficulty, and how many cases a run asks.",
    )
    parser.add_argument(
        "--guide",
        action="store_true",
        help="the guide's ninety questions, its lists of what levels lose, and their probes",
    )
    parser.add_argument(
        "--count",
        action="store_true",
        help=f"count the cases that each probe has, up to {_COUNTED}; takes a minute",
    )
    parser.set_defaults(command=_list)
    further = parser.add_subparsers(title="commands", metavar="COMMAND")
    checking = further.add_parser(
        "check",
        help="find mistakes in probe files",
        description="Find mistakes in probe files; the exit code is 4 if there are any.",
    )
    checking.add_argument("files", nargs="+", type=path_argument, metavar="FILE")
    checking.set_defaults(command=_check)
    showing = further.add_parser(
        "show",
        # Without a default: it would replace what was given before the command.
        parents=[_where(argparse.SUPPRESS)],
        help="one case of a probe: what is asked, and what is expected",
        description="One case of a probe: what is asked, and what is expected.",
    )
    showing.add_argument("id", metavar="ID")
    showing.add_argument(
        "--case", type=int, default=0, metavar="N", help="which one, from 0 (default: 0)"
    )
    showing.set_defaults(command=_show)
    schema = further.add_parser(
        "schema",
        help="the first line of a probe file, by which editors know its form",
        description="The first line of a probe file: editors that know the YAML language server "
        "then complete and check its fields.",
    )
    schema.add_argument(
        "--whole",
        action="store_true",
        help="print the schema itself, with what installed packages bring, to be kept in a file",
    )
    schema.set_defaults(command=_schema)


def _where(default: Any) -> argparse.ArgumentParser:
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--path",
        action="append",
        type=path_argument,
        default=default,
        help="probe file, or directory of them; may be repeated "
        "(default: probes/ here, else the library)",
    )
    return where


def _read(paths: Sequence[Path]) -> list[Probe]:
    from pytest_quant.probes.reader import check_unique, read_probes

    paths = paths or [local_or_shipped(Path.cwd())]
    probes = [probe for file in probe_files(paths) for probe in read_probes(file, _shown(file))]
    check_unique(probes)
    return probes


def _shown(file: Path) -> str:
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def _list(chosen: argparse.Namespace) -> Iterator[str]:
    probes = _read(chosen.path)
    columns = Columns.of(_COUNTED if chosen.count else None)
    if chosen.guide:
        yield from guide_table(probes, columns)
        yield ""
        yield from lists_table(probes)
        return
    # The guide's in its order, then the others.
    order = list(dict.fromkeys((*GUIDE_CATEGORIES, *CATEGORIES.names)))
    probes.sort(key=lambda probe: order.index(probe.category))
    heads = ("probe", "subcategory", *columns.heads)
    rows = [(p.id, p.subcategory, *columns.cells(p)) for p in probes]
    widths = column_widths(heads, rows)
    for category, pairs in groupby(
        zip(probes, rows, strict=True), key=lambda pair: pair[0].category
    ):
        members = [row for _, row in pairs]
        yield f"{category}: {CATEGORIES.get(category).title}, {counted(len(members), 'probe')}"
        yield from table(heads, members, columns.right, widths)
        yield ""
    yield counted(len(probes), "probe")


def _check(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.cli.checking import mistakes
    from pytest_quant.probes.reader import check_unique, read_probes

    found: list[str] = []
    good: list[Probe] = []
    for file in probe_files(chosen.files):
        try:
            probes = read_probes(file, _shown(file))
        except QuantUsageError as error:
            found.append(str(error))
            continue
        good += probes
        wrong = list(mistakes(probes))
        found += wrong
        if not wrong:
            cases = sum(probe.cases for probe in probes)
            counts = f"{counted(len(probes), 'probe')}, {counted(cases, 'case')}"
            yield f"{_shown(file)}: {counts}, no mistakes found"
    try:
        check_unique(good)
    except QuantUsageError as error:
        found.append(str(error))
    if found:
        raise QuantUsageError("\n".join(found))


def _show(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.probes.cases import draw_cases

    probes = {probe.id: probe for probe in _read(chosen.path)}
    if chosen.id not in probes:
        raise QuantUsageError(f"no probe {chosen.id!r}{_nearest(chosen.id, list(probes))}")
    if chosen.case < 0:
        raise QuantUsageError(f"--case: found {chosen.case}, expected a number from 0")
    probe = probes[chosen.id]
    case = draw_cases(probe, chosen.case + 1)[chosen.case]
    place = f", guide {probe.guide}" if probe.guide else ""
    yield f"{probe.path}:{probe.line}: {probe.id}"
    yield f"{probe.category}, {probe.subcategory}, difficulty {probe.difficulty}{place}"
    # Wrong formulas as they are written: their values have a hundred digits.
    options = {**case.options, **_only(probe.check_options, "formulas")}
    how = [probe.check, *(f"{name}: {_written(value)}" for name, value in options.items())]
    yield from _paragraph(f"case {case.index}, checked by", "\n".join(how))
    yield from _paragraph("prompt", case.prompt)
    if case.clean is not None:
        yield from _paragraph("clean prompt", case.clean)
    yield from _paragraph("expected", case.expected_text)
    if case.solution is not None:
        yield from _paragraph("solution", case.solution)


def _schema(chosen: argparse.Namespace) -> Iterator[str]:
    if chosen.whole:
        from pytest_quant.probes.schema import whole_schema

        yield json.dumps(whole_schema(), indent=2)
        return
    yield f"# yaml-language-server: $schema={PROBE_SCHEMA.as_uri()}"


def _only(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: options[name]} if name in options else {}


def _written(value: Any) -> str:
    """An option as it reads in a probe file, on one line."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_written(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(
            " | ".join(map(str, item)) if isinstance(item, list) else str(item) for item in value
        )
    return str(value)


def _paragraph(title: str, text: str) -> Iterator[str]:
    yield ""
    yield f"{title}:"
    for line in text.splitlines():
        yield from textwrap.wrap(
            line, COLUMNS, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
        ) or [""]


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=3)
    return f"; did you mean {' or '.join(near)}?" if near else "; see: pytest-quant probes"
