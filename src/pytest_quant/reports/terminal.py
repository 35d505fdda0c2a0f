"""The terminal summary of a run record: a table for each level, what failed, what to do."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_quant.gate.level_verdict import LevelVerdict
from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.facets import by_facet
from pytest_quant.metrics.measurement import Effort
from pytest_quant.metrics.pairs import pair_counts
from pytest_quant.metrics.patterns import hallucinations, pattern_counts
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.abilities import ability_lines
from pytest_quant.reports.advice import advice
from pytest_quant.reports.analysis_lines import level_lines, session_lines
from pytest_quant.reports.baselines import (
    missing_baselines,
    recorded_lines,
    unused_baselines,
)
from pytest_quant.reports.divergences import divergence_lines, divergence_warnings
from pytest_quant.reports.failed import failed_lines
from pytest_quant.reports.likelihood import table_lines as likelihood_lines
from pytest_quant.reports.likelihood import unread_lines
from pytest_quant.reports.plain_text import counted, shown
from pytest_quant.reports.provenance import device_lines, source_lines
from pytest_quant.reports.results import (
    SILENT,
    by_reason,
    category_checks,
    silent_categories,
)
from pytest_quant.reports.standing import WORDS, standing_lines, time_lines
from pytest_quant.reports.tables import table_lines
from pytest_quant.reports.thinking import thinking_notes

MOST_PATTERNS = 3
MOST_REASONS = 5
COLUMNS = 80
# Of one line before it is folded: far more than any of ours, whatever a record holds.
_WIDEST = 1600
# A number and what it counts stay on one line, so do a statistic's letter and its number.
_TOGETHER = re.compile(r"(?<!\S)([-+(]?\d(?:[\d,.]*\d)?(?:e[-+]\d+)?(?= [%±a-z])|[±bcnp](?= \d)) ")
_NO_BREAK = "\N{NO-BREAK SPACE}"
# Of what sort of case the summary tells results, if they fit; the run record has all.
_SHOWN_FACETS = ("length", "depth")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text; ``colour`` is a name that pytest's terminal writer knows, or empty."""

    text: str
    colour: str = ""


_COLOURS: dict[LevelVerdict, str] = {
    "pass": "green",
    "inconclusive": "yellow",
    **dict.fromkeys(("fail", "broken", "not compared", "not asked"), "red"),
}


def title(record: RunRecord) -> str:
    """What stands above the summary."""
    return f"quantization: {shown(record.model, 50)}"


def summary(record: RunRecord) -> Iterator[Line]:
    """The whole summary, at most 80 columns wide."""
    for line in _lines(record):
        yield from _folded(line)


def case_study(record: RunRecord, name: str) -> Iterator[Line]:
    """One of the guide's tables for this model, at most 80 columns wide."""
    for text in table_lines(record, name):
        yield from _folded(Line(text))


def _folded(line: Line) -> Iterator[Line]:
    """A line, or the lines that it takes, the further ones indented."""
    plain = shown(line.text, _WIDEST)
    indent = " " * (len(plain) - len(plain.lstrip()) + 2)
    text = _TOGETHER.sub(rf"\1{_NO_BREAK}", plain)
    parts = textwrap.wrap(text, COLUMNS, subsequent_indent=indent, break_on_hyphens=False)
    yield from (Line(part.replace(_NO_BREAK, " "), line.colour) for part in parts or [""])


def _lines(record: RunRecord) -> Iterator[Line]:
    yield from _standing(record)
    yield Line("")
    yield from _header(record)
    for level in record.levels:
        if level.verdict is not None:
            yield Line("")
            yield from _level_table(record, level)
    yield from _block(likelihood_lines(record))
    yield from _together(record)
    yield from _uninformative(record)
    yield from _block(unread_lines(record))
    yield from _skipped(record)
    for text, heading in failed_lines(record):
        yield Line(text, "red" if heading else "")
    yield Line("")
    for text in (*missing_baselines(record), *unused_baselines(record)):
        yield Line(text)
    for sentence in advice(record):
        yield Line(sentence)


def _standing(record: RunRecord) -> Iterator[Line]:
    """What became of each level: the first that anyone reads."""
    verdicts = [level.verdict for level in record.levels if level.verdict is not None]
    first = list(time_lines(record))
    yield from (Line(text, "yellow") for text in first)
    lines = list(standing_lines(record))[len(first) :]
    yield from (Line(t, _COLOURS[v]) for t, v in zip(lines, verdicts, strict=False))
    yield from (Line(text, "red") for text in lines[len(verdicts) :])


def _header(record: RunRecord) -> Iterator[Line]:
    reference = record.level(record.reference)
    marked = " (quantized itself)" if record.reference_quantized else ""
    if record.reference_recorded:
        marked += " (not at hand, as recorded)"
    yield Line(f"reference {record.reference}{marked}: {_artifact(record, reference)}")
    runtimes = (level.runtime for level in (reference, *record.levels) if level.runtime)
    if runtime := next(runtimes, None):
        yield Line(
            f"runtime {runtime.name} {runtime.version}, {counted(runtime.threads, 'thread')}, "
            f"{counted(runtime.parallel, 'sequence')} at once"
        )
    for line in (*source_lines(record), *device_lines(record)):
        yield Line(line)
    total = sum(record.selected.values())
    shared = "the only check" if total == 1 else f"all {total:,} checks together"
    yield Line(f"alpha {record.alpha:g} for {shared}")
    for level in record.levels:
        if level.warning:
            yield Line(f"note: {level.name}: {level.warning}", "yellow")
    for warning in (*divergence_warnings(record), *thinking_notes(record)):
        yield Line(f"note: {warning}", "yellow")


def _level_table(record: RunRecord, level: LevelRecord) -> Iterator[Line]:
    checks = [
        c
        for c in record.checks
        if c.level == level.name and c.scope != "probe" and c.kind == "tolerance"
    ]
    assert level.verdict is not None
    if not checks:
        # It may have been compared before any question.
        yield from _compared(record, level)
        yield Line(f"{level.name}: {WORDS[level.verdict]}", _COLOURS[level.verdict])
        return
    yield Line(
        f"{level.name + ' accuracy, %':<19.19} {'cases':>5} {record.reference:>5.5} "
        f"{level.name:>7.7} {'drop':>5} {'bounds':<15}{'limit':>5}  verdict"
    )
    overall = next((c for c in checks if c.scope == "pooled"), None)
    yield from (_row(check) for check in checks if check.scope == "category")
    yield from _silent(record, level)
    sets = [check for check in checks if check.scope == "set"]
    yield from map(_row, [*sets, *([overall] if overall else [])])
    for check in sets:
        yield from _undecided_set(check)
    yield from map(Line, ability_lines(record, level.name))
    yield from _facets(record, level)
    if overall:
        flips = overall.result.counts
        yield Line(f"flips {flips.b} lost, {flips.c} won; {_artifact(record, level)}")
    yield from map(Line, divergence_lines(record, level.name))
    yield from _robustness(record, level)
    yield from _errors(record, level)
    yield from _recorded(record, level)
    yield from map(Line, level_lines(record, level.name))
    yield Line(f"{level.name}: {WORDS[level.verdict].upper()}", _COLOURS[level.verdict])


def _compared(record: RunRecord, level: LevelRecord) -> Iterator[Line]:
    """What is known of a level of which nothing was asked."""
    yield from map(Line, divergence_lines(record, level.name))
    if record.divergences_of(level.name):
        yield from _recorded(record, level)


def _recorded(record: RunRecord, level: LevelRecord) -> Iterator[Line]:
    for text in recorded_lines(record, level.name):
        yield Line(text, _COLOURS["fail"] if text.endswith(": fail") else "")


def _together(record: RunRecord) -> Iterator[Line]:
    yield from _block(session_lines(record))


def _block(texts: Iterable[str]) -> Iterator[Line]:
    """Lines below an empty one, if there are any."""
    lines = [Line(text) for text in texts]
    yield from ([Line(""), *lines] if lines else [])


def _facets(record: RunRecord, level: LevelRecord) -> Iterator[Line]:
    """Accuracy by length and by depth, reference and level, where a line holds all values."""
    rows = [row for row in by_facet(record.of_level(level.name)) if row.facet in _SHOWN_FACETS]
    for facet in dict.fromkeys(row.facet for row in rows):
        shares = (
            f"{row.value} {_percent(row.reference_correct, row.n)}"
            f">{_percent(row.level_correct, row.n)}"
            for row in rows
            if row.facet == facet
        )
        line = f"by {facet}, %: {'  '.join(shares)}"
        if len(line) <= COLUMNS:
            yield Line(line)


def _percent(right: int, n: int) -> str:
    return f"{100 * right / n:.0f}"


def _row(check: Check) -> Line:
    result, counts = check.result, check.result.counts
    right = counts.reference_correct, counts.level_correct
    before, now = (100 * k / max(1, counts.n) for k in right)
    bounds = f"[{result.lower:.1f}, {result.upper:.1f}]"
    return Line(
        f"{_name(check):<19} {counts.n:>5} {before:>5.1f} {now:>7.1f} {result.drop:>5.1f} "
        f"{bounds:<15}{result.limit:>5g}  {SILENT if result.uninformative else result.verdict}",
        _COLOURS[result.verdict] if result.verdict == "fail" else "",
    )


def _name(check: Check) -> str:
    """A test in Python without its file."""
    return shown(check.subject.rpartition("::")[2], 40)


def _undecided_set(check: Check) -> Iterator[Line]:
    """What a test in Python lacks; ``--quant-cases`` asks no more of it."""
    result = check.result
    if result.verdict != "inconclusive" or result.uninformative:
        return
    few = result.detectable is None
    what = "too few to fail, whatever is lost" if few else "not enough to tell"
    needed = f"; about {result.cases_needed:,} would decide" if result.cases_needed else ""
    cases = counted(result.counts.n, "case")
    yield Line(f"note: {_name(check)}: {cases}, {what}{needed}", "yellow")


def _silent(record: RunRecord, level: LevelRecord) -> Iterator[Line]:
    """Rows of the categories of which no probe tells anything."""
    checked = category_checks(record)
    for place in sorted(silent_categories(record)):
        category, name = place
        if name == level.name and place not in checked:
            mine = [m for m in record.of_level(name) if m.category == category]
            right = [case.reference.correct for m in mine for case in m.cases]
            before = f"{100 * sum(right) / len(right):.1f}" if right else "-"
            yield Line(
                f"{category:<19} {len(right):>5} {before:>5} {'-':>7} {'-':>5} {'':<15}{'-':>5}  "
                f"{SILENT if right else 'not asked'}"
            )


def _robustness(record: RunRecord, level: LevelRecord) -> Iterator[Line]:
    reference, own = pair_counts(record.of_level(level.name))
    if own.broken or reference.broken:
        beside = f", {record.reference} {reference.broken}" if reference.pairs else ""
        yield Line(
            f"robustness: {own.broken} of {counted(own.pairs, 'pair')} broken by the "
            f"perturbation{beside}"
        )


def _errors(record: RunRecord, level: LevelRecord) -> Iterator[Line]:
    """The patterns of most wrong answers, and what was made up, beside the reference.

    Of patterns only those that are more frequent than there.
    """
    mine = record.of_level(level.name)
    before: Counter[str] = Counter()
    now: Counter[str] = Counter()
    for row in pattern_counts(mine):
        before[row.pattern] += row.reference
        now[row.pattern] += row.count
    most = [(name, count) for name, count in now.most_common() if count > before[name]]
    most = most[:MOST_PATTERNS]
    if most and record.reference_recorded:
        yield Line(f"errors: {', '.join(f'{name} {count}' for name, count in most)}")
    elif most:
        counts = ", ".join(f"{name} {count} ({before[name]})" for name, count in most)
        yield Line(f"errors ({record.reference}): {counts}")
    for made_up in hallucinations(mine):
        beside = "" if record.reference_recorded else f", {record.reference} {made_up.reference}"
        yield Line(
            f"made up: {made_up.count} of {counted(made_up.responses, 'response')} that "
            f"could{beside}"
        )


def _artifact(record: RunRecord, level: LevelRecord) -> str:
    speed = tokens_per_second(record, level.name)
    # Perhaps in an earlier session: answers are kept with the time that they took.
    rate = f", {speed:,.0f} tokens/s when asked" if speed else ""
    return f"{level.bits_per_weight:.2f} bits/weight, {level.size / 1e6:,.1f} MB{rate}"


def tokens_per_second(record: RunRecord, level: str) -> float:
    """Tokens read and written in a second of decoding; 0 if nothing was decoded."""
    efforts: list[Effort] = []
    if level == record.reference:
        # Every level is paired with the same reference batch: count each batch once.
        by_probe = {m.probe: m.reference_effort for m in record.measurements}
        efforts += by_probe.values()
    efforts += [m.level_effort for m in record.of_level(level) if m.level_effort]
    seconds = sum(effort.seconds for effort in efforts)
    tokens = sum(effort.prompt_tokens + effort.new_tokens for effort in efforts)
    return tokens / seconds if seconds else 0.0


def _uninformative(record: RunRecord) -> Iterator[Line]:
    silent = {m.probe for m in record.measurements if m.uninformative}
    if silent:
        verb, them = ("says", "it") if len(silent) == 1 else ("say", "them")
        yield Line("")
        yield Line(
            f"{len(silent)} of {_probes(record)} {verb} nothing here, because {record.reference} "
            f"itself cannot do {them}: {shown(', '.join(sorted(silent)), 100)}"
        )


def _skipped(record: RunRecord) -> Iterator[Line]:
    skipped = [m for m in record.measurements if m.skipped]
    if skipped:
        count, reasons = len({m.probe for m in skipped}), list(by_reason(skipped).items())
        yield Line("")
        yield Line(f"{count} of {_probes(record)} {'was' if count == 1 else 'were'} skipped:")
        for reason, probes in reasons[:MOST_REASONS]:
            yield Line(f"  {shown(', '.join(probes), 100)}: {shown(reason, 200)}")
        if len(reasons) > MOST_REASONS:
            yield Line(f"  and others, for {counted(len(reasons) - MOST_REASONS, 'more reason')}")


def _probes(record: RunRecord) -> str:
    return counted(len({m.probe for m in record.measurements}), "probe")
