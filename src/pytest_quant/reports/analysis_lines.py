"""The analysis of a session in a few lines: what the measurements tell besides the verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pytest_quant.analysis.efficiency import EfficiencyRow
from pytest_quant.analysis.estimates import Estimate
from pytest_quant.analysis.frontier import FrontierPoint
from pytest_quant.analysis.resilience import ListComparison
from pytest_quant.analysis.sensitivity import CategoryRow
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.judgements import judge_problem, judged_lines
from pytest_quant.reports.plain_text import counted, shown
from pytest_quant.reports.results import levels_under_test

# Of what answers calibration is told.
_SOURCES = {"written": "written answers", "choice": "choices"}


def level_lines(record: RunRecord, level: str) -> Iterator[str]:
    """Speed, calibration and free text of one level, beside the reference."""
    analysis, reference = record.analysis, record.reference
    for spent in analysis.efficiency:
        # The batches of a session are timed while other work runs: tokens/s says as much.
        if spent.level == level and spent.relative_latency and spent.timed_by != "session":
            yield (
                f"time for a token {_bounded(spent.relative_latency, 2)} of {reference}'s, "
                f"file {_size(spent)}{_machine(spent)}"
            )
    rows = [row for row in analysis.calibration if row.level == level]
    if rows:
        errors = ", ".join(
            f"{_SOURCES.get(row.source, row.source)} {_percent(row.own.expected_error)} "
            f"({_percent(row.reference.expected_error)})"
            for row in rows
        )
        sure = sum(row.own.confidently_wrong for row in rows)
        before = sum(row.reference.confidently_wrong for row in rows)
        yield (
            f"calibration error, % ({reference} in brackets): {errors}; confidently wrong {sure} "
            f"({before})"
        )
    yield from (row.finding for row in rows if row.more_confidently_wrong)
    for kept in analysis.instructions:
        if kept.level == level:
            yield (
                f"instructions: {kept.own.value:.1f} % of {kept.asked} kept, {reference} "
                f"{kept.reference.value:.1f} %; change {_bounded(kept.change)} points"
            )
    for likely in record.likelihoods:
        if likely.level == level:
            yield (
                f"its written texts as {reference} would write them: less likely than "
                f"{reference}'s own by {_bounded(likely.change, 2)} nats a token"
            )
    for text in analysis.degeneration:
        if text.level == level and text.looping + text.reference_looping:
            beside = "" if record.reference_recorded else f", {reference} {text.reference_looping}"
            yield f"loops: {text.looping} of {counted(text.responses, 'longer response')}{beside}"
    for found in analysis.cut:
        if found.level == level:
            told = f"cut at a limit of length: {found.cut} of {counted(found.answers, 'answer')}"
            change = f"{found.reference_cut}; change {_bounded(found.change)} points"
            yield told if record.reference_recorded else f"{told}, {reference} {change}"
    yield from _lists(record, level)
    yield from judged_lines(record, level)


def _lists(record: RunRecord, level: str) -> Iterator[str]:
    """What the guide's lists lost, and the order among them as far as it is shown."""
    found = record.analysis.resilience
    orders = [row for row in found.comparisons if row.level == level]
    if not orders:
        return
    lost = ", ".join(
        f"{row.name} {_bounded(row.drop)} ({counted(row.probes, 'probe')} of "
        f"{counted(row.entries, 'kind')})"
        for row in found.drops
        if row.level == level
    )
    yield f"points lost in the guide's lists: {lost}; {_order(orders)}"


def _order(rows: Iterable[ListComparison]) -> str:
    told = []
    for row in rows:
        if row.found == "as the guide says":
            told.append(f"{row.more} more than {row.less}, as the guide says")
        elif row.found == "against the guide":
            told.append(f"{row.less} more than {row.more}, against the guide")
    return f"shown: {'; '.join(told)}" if told else "no order is shown"


def session_lines(record: RunRecord) -> Iterator[str]:
    """What the levels tell together: where quality falls off, and what each size buys."""
    found = record.analysis.sensitivity
    if (cliff := found.steepest) and cliff.shown:
        yield (
            f"steepest: {cliff.higher} to {cliff.lower}, {_bounded(cliff.drop)} points lost "
            f"(guide: {cliff.guide_higher} to {cliff.guide_lower})"
        )
    gave_way = [row for row in found.categories if row.gives_way_at]
    if gave_way:
        first: dict[str, list[str]] = {}
        for row in gave_way:
            first.setdefault(row.gives_way_at or "", []).append(row.category)
        told = "; ".join(f"at {level} {', '.join(names)}" for level, names in first.items())
        yield f"first shown to lose something, in these probes: {told}"
    for name in ("sensitive", "resilient"):
        if rows := [row for row in found.categories if row.found == name]:
            told = ", ".join(f"{row.category} (guide: {row.guide or 'silent'})" for row in rows)
            yield f"more {name} than the rest: {told}"
    if found.categories and len(levels_under_test(record)) > 1:
        yield from _smallest(found.categories)
    yield from _frontier(record)
    yield from _deployment(record)
    yield from judge_problem(record)


def _smallest(rows: Iterable[CategoryRow]) -> Iterator[str]:
    passed: dict[str, list[str]] = {}
    none: list[str] = []
    for row in sorted(rows, key=lambda row: (row.size or 0, row.category)):
        where = passed.setdefault(row.smallest_passed, []) if row.smallest_passed else none
        where.append(row.category)
    told = [f"{level} for {', '.join(names)}" for level, names in passed.items()]
    if none:
        told.append(f"none passed for {', '.join(none)}")
    if len(told) == 1:
        told = [f"{level} in every category" for level in passed] or ["none in any category"]
    yield f"smallest level that passed: {'; '.join(told)}"


def _frontier(record: RunRecord) -> Iterator[str]:
    """The levels that a file no larger is shown to beat, where their bounds are apart."""
    points = {point.level: point for point in record.analysis.frontier}
    for what, told in (("accuracy", _beaten_in_accuracy), ("KL divergence", _beaten_by_divergence)):
        if levels := list(told(points)):
            yield f"beaten in {what} by a file no larger: {', '.join(levels)}"


def _beaten_in_accuracy(points: Mapping[str, FrontierPoint]) -> Iterator[str]:
    for point in points.values():
        other = points.get(point.beaten_in_accuracy_by or "")
        if other and _apart(point.accuracy, other.accuracy):
            yield f"{point.level} (by {other.level})"


def _beaten_by_divergence(points: Mapping[str, FrontierPoint]) -> Iterator[str]:
    for point in points.values():
        other = points.get(point.beaten_in_divergence_by or "")
        if other and _apart(other.divergence, point.divergence):
            yield f"{point.level} (by {other.level})"


def _apart(lower: Estimate | None, higher: Estimate | None) -> bool:
    return lower is not None and higher is not None and lower.upper < higher.lower


def _deployment(record: RunRecord) -> Iterator[str]:
    """Over all probes; the record has it by category, with the evidence."""
    advised = [row for row in record.analysis.deployment.advice if row.category is None]
    passed = {level.name for level in record.levels if level.verdict == "pass"}
    named = [f"{row.scenario} {row.level}" for row in advised if row.level in passed]
    if named:
        none = [row.scenario for row in advised if row.level not in passed]
        rest = f"; none passed or was measured for {', '.join(none)}" if none else ""
        yield f"smallest for each deployment of the guide{_scope(record)}: {', '.join(named)}{rest}"


def _scope(record: RunRecord) -> str:
    """What alone was asked, where that is not all that there is to ask."""
    asked = sorted({m.category for m in record.measurements if m.informative})
    if not any(level.deselected for level in record.levels):
        return ""
    probes = len({m.probe for m in record.measurements if m.informative})
    return f" by {counted(probes, 'probe')} of {shown(', '.join(asked), 100)} alone"


def _size(row: EfficiencyRow) -> str:
    return "unknown" if row.relative_size is None else f"{row.relative_size:.2f}"


def _machine(row: EfficiencyRow) -> str:
    memory = f", peak memory {row.peak_memory / 1e6:,.0f} MB" if row.peak_memory else ""
    energy = f", {1000 * row.energy_per_token:.2g} mJ a token" if row.energy_per_token else ""
    return memory + energy


def _percent(share: Estimate) -> str:
    return _bounded(Estimate(100 * share.value, 100 * share.lower, 100 * share.upper))


def _bounded(estimate: Estimate, digits: int = 1) -> str:
    low, high = (f"{bound:.{digits}f}" for bound in (estimate.lower, estimate.upper))
    return f"{estimate.value:.{digits}f} [{low}, {high}]"
