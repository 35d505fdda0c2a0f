"""What an ability lost, as text: for probes like those that were asked, not for these alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pytest_quant.analysis.abilities import Ability, Kind
from pytest_quant.record.run import RunRecord


def ability_lines(record: RunRecord, level: str) -> Iterator[str]:
    """All probes and categories of a level, then its difficulties, if there are several."""
    rows = [row for row in record.analysis.abilities if row.level == level]
    told = {kind: _told(row for row in rows if row.kind == kind) for kind in _KINDS}
    if any(row.alike for row in rows):
        yield "points lost for probes like these, 95 % (the bounds above: for these probes)"
        yield f"  {', '.join([*told['all'], *told['category']])}"
        if len(told["difficulty"]) > 1:
            told_by_number = (text.replace(" ", ": ", 1) for text in told["difficulty"])
            yield f"  by difficulty, 1 simple to 5 extreme: {', '.join(told_by_number)}"


_KINDS: tuple[Kind, ...] = ("all", "category", "difficulty")


def _told(rows: Iterator[Ability]) -> list[str]:
    return [f"{row.name} {alike_text(row)}" for row in rows]


def alike_text(row: Ability | None) -> str:
    """The drop for probes like these with its bounds, or why it is not known."""
    if row is None or row.alike is None:
        return "(one probe)" if row else "-"
    found = row.alike
    return f"{found.value:.1f} [{found.lower:.1f}, {found.upper:.1f}]"


def by_place(record: RunRecord) -> Mapping[tuple[Kind, str, str], Ability]:
    """The abilities of a record by kind, name and level."""
    return {(row.kind, row.name, row.level): row for row in record.analysis.abilities}


def ability_table(
    record: RunRecord, levels: Sequence[str]
) -> list[tuple[str, list[Ability | None]]]:
    """A row for all probes, for each category and difficulty, with a cell for each level.

    Empty where no level has two probes of anything.
    """
    known = by_place(record)
    if not any(row.alike for row in known.values()):
        return []
    rows = sorted({(_KINDS.index(kind), kind, name) for kind, name, _ in known})
    return [
        (
            f"difficulty {name}" if kind == "difficulty" else name,
            [known.get((kind, name, level)) for level in levels],
        )
        for _, kind, name in rows
    ]
