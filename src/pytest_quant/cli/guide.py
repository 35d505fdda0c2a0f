"""The guide's ninety questions and its lists of resilience: which probe stands for which."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from pytest_quant.analysis.guide import read_guide
from pytest_quant.cli.columns import Columns
from pytest_quant.cli.tables import COLUMNS, column_widths, table
from pytest_quant.probes.model import Probe

# The guide's categories and the three kinds of each, in its order.
GUIDE_CATEGORIES: dict[str, tuple[str, str, str]] = {
    "numerical_reasoning": ("large and small operands", "floating point", "series and matrices"),
    "long_context": ("explain and connect", "infer", "retrieve and integrate"),
    "language_generation": ("stories and poems", "style", "tone and feeling"),
    "world_knowledge": ("culture and history", "science", "practical reasons"),
    "adversarial": ("homophones", "typos", "ambiguous references"),
    "logical_reasoning": ("arguments", "proofs and problems", "algorithms"),
    "ambiguity": ("several readings", "uncertain evidence", "several perspectives"),
    "real_world": ("money", "plans", "troubleshooting"),
    "iterative": ("recursion", "algorithms step by step", "recurrences"),
    "probabilistic": ("counting", "Bayes", "statistics"),
}

# The guide's lists of what quantization harms, as they are headed.
_LISTS = {
    "resilient": "most resilient to quantization",
    "moderate": "moderately affected by quantization",
    "sensitive": "most sensitive to quantization",
}


def guide_table(probes: Sequence[Probe], columns: Columns) -> Iterator[str]:
    """Every place of the guide with its probe, a table for each kind; what is missing is marked."""
    taken = {probe.guide: probe for probe in probes if probe.guide}
    heads = ("place", "probe", *columns.heads)
    nothing = ("MISSING", *("-" for _ in columns.heads))
    rows = {
        place: (place, *_cells(taken[place], columns)) if place in taken else (place, *nothing)
        for place in places()
    }
    widths = column_widths(heads, list(rows.values()))
    for number, category in enumerate(GUIDE_CATEGORIES, 1):
        for kind, title in enumerate(GUIDE_CATEGORIES[category], 1):
            of_kind = [rows[f"4.{number}.{kind}.{question}"] for question in (1, 2, 3)]
            yield f"{category}: {title}"
            yield from table(heads, of_kind, columns.right, widths)
            yield ""
    yield f"{len(rows.keys() & taken)} of {len(rows)} places have a probe"


def lists_table(probes: Sequence[Probe]) -> Iterator[str]:
    """Every entry of the guide's three lists with its probes; what is missing is marked."""
    known = {probe.id for probe in probes}
    total = covered = 0
    for name, entries in read_guide().lists.items():
        yield f"{_LISTS[name]}:"
        for entry in entries:
            mine = [probe for probe in entry.probes if probe in known]
            total += 1
            covered += bool(mine)
            yield from textwrap.wrap(
                f"{entry.name}: {', '.join(mine) or 'MISSING'}",
                COLUMNS,
                initial_indent="  ",
                subsequent_indent="    ",
            )
        yield ""
    yield f"{covered} of {total} entries of the lists have a probe"


def _cells(probe: Probe, columns: Columns) -> tuple[str, ...]:
    return probe.id, *columns.cells(probe)


def places() -> list[str]:
    """The ninety places of section 4, in order."""
    return [
        f"4.{number}.{kind}.{question}"
        for number in range(1, len(GUIDE_CATEGORIES) + 1)
        for kind in (1, 2, 3)
        for question in (1, 2, 3)
    ]
