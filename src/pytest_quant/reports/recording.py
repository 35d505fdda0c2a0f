"""What recording a baseline changes, before it is written."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.gate.baseline_update import CategoryChange, Update
from pytest_quant.reports.plain_text import shown

_COLUMNS = ("created", "better", "worse", "gone", "changed")


def update_lines(update: Update, path: str) -> Iterator[str]:
    """Cases created, better, worse, gone and changed by category, and what becomes of them."""
    level, baseline = update.level, update.baseline
    if update.refused:
        yield f"{level}: not recorded: {update.refused}"
        return
    if not update.is_needed:
        yield f"{level}: as recorded, {baseline.cases:,} cases of {len(baseline.probes)} probes"
        return
    rows = [row for row in update.rows if any(getattr(row, name) for name in _COLUMNS)]
    if rows:
        yield f"{level + ', cases':<21.21}" + "".join(f"{name:>9}" for name in _COLUMNS)
        yield from (_row(row) for row in rows)
    else:
        yield f"{level}: no outcome changes, only what was measured with"
    if update.old:
        yield f"{level}: replaces the baseline of {update.old.created[:10]}"
    if update.kept:
        yield (
            f"{level}: {update.kept} recorded probes were not measured completely this time and "
            "stay as they are"
        )
    yield f"{level}: {baseline.cases:,} cases of {len(baseline.probes)} probes for {shown(path)}"


def _row(row: CategoryChange) -> str:
    counts = "".join(f"{getattr(row, name):>9,}" for name in _COLUMNS)
    return f"{shown(row.category, 21):<21}{counts}"
