"""What several reports look up in a run record."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from pytest_quant.base.library import EXPECTED_IMPACT
from pytest_quant.gate.tolerances import Tolerances, read_tolerances
from pytest_quant.gate.verdicts import Check
from pytest_quant.levels import canonical_type, guide_level
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.record.run import LevelRecord, RunRecord

# What stands for the verdict of a check that is uninformative.
SILENT = "says nothing"


def levels_under_test(record: RunRecord) -> list[LevelRecord]:
    """All levels but the reference, the one of most bits per weight first."""
    tested = [level for level in record.levels if level.name != record.reference]
    return sorted(tested, key=lambda level: -level.bits_per_weight)


def pooled_check(record: RunRecord, level: str) -> Check | None:
    """The tolerance check of a level over all probes, ``None`` if no probe says anything."""
    wanted = (level, "pooled", "tolerance")
    return next((c for c in record.checks if (c.level, c.scope, c.kind) == wanted), None)


def category_checks(record: RunRecord) -> dict[tuple[str, str], Check]:
    """The tolerance checks by category and level."""
    wanted = ("category", "tolerance")
    return {(c.subject, c.level): c for c in record.checks if (c.scope, c.kind) == wanted}


def set_checks(record: RunRecord) -> dict[tuple[str, str], Check]:
    """The checks of parametrized tests in Python, by the name of the test and level."""
    return {(c.subject.rpartition("::")[2], c.level): c for c in record.checks if c.scope == "set"}


def silent_categories(record: RunRecord) -> dict[tuple[str, str], str]:
    """The categories that say nothing of a level, by category and level, and why.

    Their check is uninformative, or there is none, because every probe of the category is
    uninformative or was skipped.
    """
    checks = category_checks(record)
    silent = {
        place: check.result.uninformative
        for place, check in checks.items()
        if check.result.uninformative
    }
    for m in record.measurements:
        if (m.category, m.level) not in checks and (reason := m.uninformative or m.skipped):
            silent.setdefault((m.category, m.level), f"{m.probe}: {reason}")
    return silent


def failed_checks(record: RunRecord) -> list[Check]:
    """The worst first: those over all probes, then by how far the drop is beyond the limit."""
    failed = [check for check in record.checks if check.result.verdict == "fail"]
    return sorted(failed, key=lambda c: (c.scope != "pooled", c.result.limit - c.result.lower))


def by_reason(measurements: Iterable[Measurement]) -> dict[str, list[str]]:
    """Why probes take no part, and which: a reason that several share is told once."""
    probes: dict[str, set[str]] = {}
    for measurement in measurements:
        if reason := measurement.skipped or measurement.uninformative:
            probes.setdefault(reason, set()).add(measurement.probe)
    return {reason: sorted(names) for reason, names in probes.items()}


def file_words(record: RunRecord, level: LevelRecord) -> str:
    """The name of a level's file, or why it has none."""
    if level.file or record.provenance is None:
        return level.file
    is_recorded = record.reference_recorded and level.name == record.reference
    return "not at hand" if is_recorded else "made by this run"


def expected_drop(level: LevelRecord) -> tuple[float, float] | None:
    """The drop in points, lowest and highest, that the guide expects of a level of this kind."""
    words = level.recipe.split()
    ftype = canonical_type(words[0]) if words else None
    return _tolerances().ranges.get(guide_level(ftype)) if ftype else None


@cache
def _tolerances() -> Tolerances:
    return read_tolerances(EXPECTED_IMPACT)
