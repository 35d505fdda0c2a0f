"""The analysis of a session in a few lines: what the measurements tell besides the verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_quant.analysis.efficiency import EfficiencyRow
from pytest_quant.analysis.estimates import Estimate
from pytest_quant.analysis.sensitivity import CategoryRow
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.judgements import judge_problem, judged_lines
from pytest_quant.reports.plain_text import counted
from pytest_quant.reports.results import levels_under_test
from pytest_quant.reports.standing import WORDS


def level_lines(record: RunRecord, level: str) -> Iterator[str]:
    """Speed, calibration and free text of one level, beside the reference."""
    analysis, reference = record.analysis, record.reference
    for spent in analysis.efficiency:
        # The batches of a session are timed while other work runs: tokens/s says as much.
        if spent.level == level and spent.relative_latency and spent.timed_by != "session":
            yield (
                f"time for a token {_bounded(spent.relative_latency, 2)} of {reference}'s, "
                f"file {spent.relative_size:.2f}{_machine(spent)}"
            )
    rows = [row for row in analysis.calibration if row.level == level]
    if rows:
        errors = ", ".join(
            f"{row.source} {_percent(row.own.expected_error)} "
            f"({_percent(row.reference.expected_error)})"
            for row in rows
        )
        sure = sum(row.own.confidently_wrong for row in rows)
        before = sum(row.reference.confidently_wrong for row in rows)
        yield (f"calibration error, % ({reference}): {errors}; confidently wrong {sure} ({before})")
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
                f"compositions as {reference} finds them, nats a token against its own: "
                f"{_bounded(likely.change, 2)}"
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
    yield from judged_lines(record, level)


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
        told = ", ".join(f"{row.category} at {row.gives_way_at}" for row in gave_way)
        yield f"give way first, in these probes: {told}"
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
    points = record.analysis.frontier
    # Level and who beats it, where it was measured.
    measured = {
        "accuracy": [(p.level, p.beaten_in_accuracy_by) for p in points if p.accuracy],
        "KL divergence": [(p.level, p.beaten_in_divergence_by) for p in points if p.divergence],
    }
    for what, rows in measured.items():
        if len(rows) > 2:
            best = ", ".join(f"{x}{_failed(record, x)}" for x, beaten_by in rows if not beaten_by)
            losers = [f"{level} ({beaten_by})" for level, beaten_by in rows if beaten_by]
            # A tie with a smaller file is enough; how much is chance, the bounds tell.
            rest = f"; no better than a level no larger: {', '.join(losers)}" if losers else ""
            yield f"worth their size in {what}: {best}{rest}"


def _failed(record: RunRecord, level: str) -> str:
    verdict = record.level(level).verdict
    return f" ({WORDS[verdict]})" if verdict in ("fail", "broken") else ""


def _deployment(record: RunRecord) -> Iterator[str]:
    """Over all probes; the record has it by category, with the evidence."""
    advised = [row for row in record.analysis.deployment.advice if row.category is None]
    named = [f"{row.scenario} {row.level}" for row in advised if row.level]
    if named:
        none = [row.scenario for row in advised if not row.level]
        rest = f"; none passed or was measured for {', '.join(none)}" if none else ""
        yield f"smallest for each deployment of the guide: {', '.join(named)}{rest}"


def _machine(row: EfficiencyRow) -> str:
    memory = f", peak memory {row.peak_memory / 1e6:,.0f} MB" if row.peak_memory else ""
    energy = f", {1000 * row.energy_per_token:.2g} mJ a token" if row.energy_per_token else ""
    return memory + energy


def _percent(share: Estimate) -> str:
    return _bounded(Estimate(100 * share.value, 100 * share.lower, 100 * share.upper))


def _bounded(estimate: Estimate, digits: int = 1) -> str:
    low, high = (f"{bound:.{digits}f}" for bound in (estimate.lower, estimate.upper))
    return f"{estimate.value:.{digits}f} [{low}, {high}]"
