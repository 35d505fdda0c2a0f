"""What became of every level, in the first lines of every report."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.base.durations import exactly
from pytest_quant.gate.baseline_changes import BaselineUse
from pytest_quant.gate.level_verdict import WORST_FIRST, LevelVerdict
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.baselines import told_of
from pytest_quant.reports.decided import decided_words
from pytest_quant.reports.plain_text import counted, shown
from pytest_quant.reports.results import by_reason

WORDS: dict[LevelVerdict, str] = {
    "fail": "FAIL",
    "broken": "BROKEN",
    "not compared": "NOTHING COMPARED",
    "not asked": "NOT ASKED",
    "inconclusive": "undecided",
    "pass": "pass",
}


def standing_lines(record: RunRecord) -> Iterator[str]:
    """That the time ended it, if it did; then a line for each level under test: its verdict, and
    how much of its record was compared.
    """
    yield from time_lines(record)
    for level in record.levels:
        if level.verdict is not None:
            yield _line(record, level)
    if record.time and record.time.over:
        pass
    elif record.missing:
        selected = counted(record.missing + len(record.measurements), "selected test")
        yield f"incomplete: {record.missing} of {selected} brought no measurement"
    elif record.stopped:
        yield "stopped before all was asked"
    if record.other_failures:
        yield f"{counted(record.other_failures, 'failed test')} beside those of the levels"


def time_lines(record: RunRecord) -> Iterator[str]:
    """The first line of a session that its time ended."""
    time = record.time
    if time and time.over:
        asked = f"{len(record.measurements):,} of "
        asked += counted(record.missing + len(record.measurements), "selected test")
        brought = "had time" if record.missing else "had time, and more cases were to be asked"
        yield f"ended by --quant-time, after {exactly(time.given)}: {asked} {brought}"


def session_verdict(record: RunRecord) -> LevelVerdict:
    """The worst verdict of a level."""
    found = {level.verdict for level in record.levels}
    return next((verdict for verdict in WORST_FIRST if verdict in found), "not asked")


def why_nothing(record: RunRecord, level: LevelRecord) -> str:
    """Why nothing of a level was compared."""
    if not level.selected:
        return "no probe of it was selected"
    mine = record.of_level(level.name)
    reason = next(
        (
            c.result.uninformative
            for c in record.checks
            if (c.scope, c.level) == ("set", level.name)
        ),
        "",
    )
    if not mine and reason:
        return f"its tests in Python tell nothing: {shown(reason, 120)}"
    if not mine:
        return f"none of its {counted(level.selected, 'test')} brought a measurement"
    reasons = by_reason(mine)
    told = f"none of {counted(len(mine), 'probe')} tells anything"
    if len(reasons) == 1:
        ((reason, _),) = reasons.items()
        return f"{told}: {shown(reason, 120)}"
    counts = {
        f"{record.reference} itself cannot do": sum(bool(m.uninformative) for m in mine),
        "skipped": sum(bool(m.skipped) for m in mine),
    }
    parts = (f"{count} {why}" for why, count in counts.items() if count)
    return f"{told}: {', '.join(parts)}"


def why_unjudged(record: RunRecord, level: LevelRecord) -> str:
    """Why there is no verdict on a level's quality; empty if there is one."""
    if level.verdict == "broken":
        return _broken(record, level.name)
    return why_nothing(record, level) if level.verdict in ("not compared", "not asked") else ""


def _line(record: RunRecord, level: LevelRecord) -> str:
    assert level.verdict is not None
    why = why_unjudged(record, level) or decided_words(record, level)
    told = [f"{level.name}: {WORDS[level.verdict]}{f': {why}' if why else ''}"]
    use = next((use for use in told_of(record) if use.level == level.name), None)
    if use is not None:
        told.append(compared_words(use))
    return "; ".join(told)


def _broken(record: RunRecord, level: str) -> str:
    found = [p for p in record.problems if p.level == level]
    rest = f" (and {counted(len(found) - 1, 'more test')})" if len(found) > 1 else ""
    return f"{shown(found[0].test, 60)}: {shown(found[0].message, 120)}{rest}"


def compared_words(use: BaselineUse) -> str:
    """How much of a record was compared: ``1,812 of 1,840 recorded cases compared``."""
    if not use.found:
        return "no baseline" + (", though one is required" if use.required else "")
    covered = use.coverage
    rest = f", {covered.unneeded:,} were not asked" if covered.unneeded else ""
    far = {"not recorded": ", no divergence recorded", "not measured": ", its divergence was not"}
    whole = counted(covered.recorded, "recorded case")
    return f"{covered.compared:,} of {whole} compared{rest}{far.get(use.divergence, '')}"
