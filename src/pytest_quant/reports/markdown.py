"""A run record for a pull request or a job summary: at most 60 lines of Markdown.

What a model wrote stands in code spans only: there no Markdown, HTML, link or mention works.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from pytest_quant.analysis.abilities import Ability
from pytest_quant.base.harmless import harmless
from pytest_quant.gate.level_verdict import WORST_FIRST, LevelVerdict
from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.measurement import (
    RECORDED,
    Answer,
    CaseResult,
    Measurement,
)
from pytest_quant.metrics.patterns import pattern_counts
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.abilities import alike_text, by_place
from pytest_quant.reports.advice import advice
from pytest_quant.reports.baselines import recorded_lines
from pytest_quant.reports.depth import depths_of, range_name
from pytest_quant.reports.judgements import judge_problem, preferred
from pytest_quant.reports.likelihood import in_log_odds, rows
from pytest_quant.reports.outcomes import said
from pytest_quant.reports.plain_text import counted, shown
from pytest_quant.reports.results import (
    SILENT,
    category_checks,
    pooled_check,
    set_checks,
    silent_categories,
)
from pytest_quant.reports.standing import WORDS, standing_lines
from pytest_quant.reports.terminal import tokens_per_second
from pytest_quant.reports.thinking import thinking_notes

MOST_LINES = 60
# A table of more levels than fit is no summary; the run record has all.
_MOST_LEVELS = 10
_MOST_CATEGORIES = 10
_MOST_CHANGES = 4
_MOST_PATTERNS = 3
_MOST_SENTENCES = 6
_MOST_NOTES = 3

_SIGNS: dict[LevelVerdict, str] = {
    "pass": "\N{WHITE HEAVY CHECK MARK}",
    **dict.fromkeys(("fail", "broken", "not compared", "not asked"), "\N{CROSS MARK}"),
}
_UNDECIDED = "\N{WHITE QUESTION MARK ORNAMENT}"


def markdown(record: RunRecord) -> str:
    """Verdict, tables, what changed; ends in a line break."""
    beginning, end = list(_beginning(record)), list(_end(record))
    changes = _changes(record, MOST_LINES - len(beginning) - len(end))
    return harmless("\n".join([*beginning, *changes, *end]) + "\n", "\n")


def _beginning(record: RunRecord) -> Iterator[str]:
    yield f"## Quantization of {code(record.model, 60)}"
    yield ""
    yield from _points(list(standing_lines(record)))
    yield ""
    yield from _points(list(advice(record)))
    yield from (f"- {prose(note)}" for note in islice(thinking_notes(record), _MOST_NOTES))
    levels = [level for level in record.levels if level.verdict is not None]
    chosen = [level for level in levels if level in _worst_first(record)[:_MOST_LEVELS]]
    yield ""
    yield from _level_table(record, chosen)
    if len(levels) > len(chosen):
        yield ""
        yield f"and {counted(len(levels) - len(chosen), 'more level')}"
    yield ""
    yield from _category_table(record, chosen)
    yield from _likelihood_table(record, [level.name for level in chosen])
    yield from _depth_table(record, [level.name for level in chosen])


def _points(sentences: Sequence[str]) -> Iterator[str]:
    for sentence in sentences[:_MOST_SENTENCES]:
        yield f"- {prose(sentence)}"
    if len(sentences) > _MOST_SENTENCES:
        yield f"- and {counted(len(sentences) - _MOST_SENTENCES, 'more level')}"


def _end(record: RunRecord) -> Iterator[str]:
    yield ""
    yield from _judgement(record)
    yield _provenance(record)


def _level_table(record: RunRecord, levels: Sequence[LevelRecord]) -> Iterator[str]:
    yield row(
        *("level", "verdict", "accuracy, %", f"{record.reference}, %", "drop \\[bounds\\]"),
        *("limit", "lost / won", "KL divergence", "bits/weight", "MB", "tokens/s when asked"),
    )
    yield row("---", "---", *["--:"] * 9)
    for level in levels:
        assert level.verdict is not None
        verdict = level.verdict
        check = pooled_check(record, level.name)
        numbers = ["-"] * 5
        if check is not None:
            counts = check.result.counts
            numbers = [
                f"{100 * counts.level_correct / counts.n:.1f}",
                f"{100 * counts.reference_correct / counts.n:.1f}",
                _drop(check),
                f"{check.result.limit:g}",
                f"{counts.b} / {counts.c}",
            ]
        speed = tokens_per_second(record, level.name)
        yield row(
            code(level.name),
            f"{_SIGNS.get(verdict, _UNDECIDED)} {WORDS[verdict]}",
            *numbers,
            _divergence(record, level.name),
            f"{level.bits_per_weight:.2f}",
            f"{level.size / 1e6:,.1f}",
            f"{speed:,.0f}" if speed else "-",
        )


def _divergence(record: RunRecord, level: str) -> str:
    """The mean on the held text, in nats per token."""
    found = (d for d in record.divergences_of(level) if d.is_headline)
    means = (divergence.statistics["Mean KLD"] for divergence in found)
    return next((f"{mean.value:.2g}" for mean in means), "-")


def _category_table(record: RunRecord, levels: Sequence[LevelRecord]) -> Iterator[str]:
    """Drops by category and over all, for these probes and for probes like these; bold where a
    check failed.
    """
    known = by_place(record)
    cells: dict[tuple[str, str], str] = {}
    for (subject, level), check in category_checks(record).items():
        drop = f"**{_drop(check)}**" if check.result.verdict == "fail" else _drop(check)
        cells[subject, level] = drop + _alike(known.get(("category", subject, level)))
    for place, check in set_checks(record).items():
        drop = f"**{_drop(check)}**" if check.result.verdict == "fail" else _drop(check)
        cells[place] = f"{drop}, {SILENT}" if check.result.uninformative else drop
    for place in silent_categories(record):
        cells[place] = f"{cells[place]}, {SILENT}" if place in cells else SILENT
    names = [level.name for level in levels]
    subjects = sorted({subject for subject, level in cells if level in names})[:_MOST_CATEGORIES]
    if not subjects:
        return
    yield row("drop in points", *map(code, names))
    yield row("---", *["--:"] * len(names))
    for subject in subjects:
        yield row(code(subject), *(cells.get((subject, name), "-") for name in names))
    alike = [_alike(known.get(("all", "overall", name))) for name in names]
    if any(alike):
        yield row("overall", *(text.removeprefix("; ") or "-" for text in alike))
        yield ""
        yield "Bounds for these probes; after `like these`: for probes like these, 95 %."


def _alike(found: Ability | None) -> str:
    """What stands behind a drop: what it is for probes like these."""
    return f"; like these {prose(alike_text(found))}" if found and found.alike else ""


def _likelihood_table(record: RunRecord, names: Sequence[str]) -> Iterator[str]:
    """How much less likely right answers are, by category; bold where that failed."""
    table = rows(record, names)
    if not table:
        return
    failed = {
        (check.subject, check.level)
        for check in record.likelihood_checks
        if check.result.verdict == "fail"
    }
    yield ""
    yield row("right answers, log-odds lost", "probes", *map(code, names))
    yield row("---", *["--:"] * (1 + len(names)))
    for of in [*table[:-1][:_MOST_CATEGORIES], table[-1]]:
        cells = (
            f"**{in_log_odds(cell)}**" if (of.name, name) in failed else in_log_odds(cell)
            for name, cell in zip(names, of.cells, strict=True)
        )
        told = next(cell for cell in of.cells if cell)
        yield row(code(of.name), str(told.probes), *cells)


def _depth_table(record: RunRecord, names: Sequence[str]) -> Iterator[str]:
    """The mean divergence of each level by how much was read before; bold where that failed."""
    found = {name: depths for name in names if (depths := depths_of(record, name))}
    if not found:
        return
    checks = (c for c in record.divergence_checks if c.source == "depth")
    failed = {check.level for check in checks if check.result.verdict == "fail"}
    longest = max(found.values(), key=len)
    yield ""
    yield row("KL divergence by depth, tokens", *map(range_name, longest))
    yield row("---", *["--:"] * len(longest))
    for name, depths in found.items():
        cells = [f"{one.kld:.2g}" for one in depths] + ["-"] * (len(longest) - len(depths))
        yield row(code(name), *(f"**{cell}**" if name in failed else cell for cell in cells))


def _changes(record: RunRecord, room: int) -> Iterator[str]:
    """What is different at a level, the worst level first, in at most ``room`` lines."""
    yield from ("", "### What changed", "")
    told = [lines for level in _worst_first(record) if (lines := list(_of_level(record, level)))]
    if not told:
        yield "No answer that was right became wrong."
    room -= 4  # the last one for those that found no room
    while told and len(told[0]) <= room:
        room -= len(told[0])
        yield from told.pop(0)
    if told:
        yield f"- and {counted(len(told), 'more level')}"


def _of_level(record: RunRecord, level: LevelRecord) -> Iterator[str]:
    """Its new errors, what is worse than recorded and not as recorded, and an example."""
    mine = record.of_level(level.name)
    lost = next(
        (
            (measurement, case)
            for measurement in mine
            for case in measurement.cases
            if case.level and case.reference.correct and not case.level.correct
        ),
        None,
    )
    points = [prose(level.warning)] if level.warning else []
    mishaps = [p for p in record.problems if p.level == level.name]
    points += [f"{p.kind}: {code(p.test, 80)}: {code(p.message, 120)}" for p in mishaps[:1]]
    recorded = recorded_lines(record, level.name)
    points += [prose(line) for line in recorded if line.endswith(": fail")]
    points += _since_baseline(record, level.name)
    if lost:
        points.append(_example(record.reference, level.name, *lost))
    patterns = _patterns(record, mine)
    if patterns or points:
        yield f"- {code(level.name)}: {patterns or 'no new errors'}"
        yield from (f"  - {point}" for point in points)


def _worst_first(record: RunRecord) -> list[LevelRecord]:
    """The levels under test; where not all have room, those at the end are left out."""
    tested = [level for level in record.levels if level.verdict is not None]
    return sorted(tested, key=lambda level: WORST_FIRST.index(level.verdict or "pass"))


def _since_baseline(record: RunRecord, level: str) -> Iterator[str]:
    """What of the artifact, runtime, template, probes and reference is not as it was recorded."""
    for use in record.baselines:
        if use.level == level and use.found:
            for part, sentences in use.changes.differing.items():
                few = ", ".join(code(text, 100) for text in sentences[:_MOST_CHANGES])
                rest = len(sentences) - _MOST_CHANGES
                yield f"{part} changed: {few}{f' and {rest} more' if rest > 0 else ''}"


def _patterns(record: RunRecord, measurements: Sequence[Measurement]) -> str:
    """The error patterns that grew most, over those of the reference if these are known."""
    grown: Counter[str] = Counter()
    now: Counter[str] = Counter()
    for row in pattern_counts(measurements):
        grown[row.pattern] += row.count - row.reference
        now[row.pattern] += row.count
    return ", ".join(
        f"{code(pattern)} {now[pattern]}{'' if record.reference_recorded else f' (+{more})'}"
        for pattern, more in grown.most_common(_MOST_PATTERNS)
        if more > 0
    )


def _example(reference: str, level: str, measurement: Measurement, case: CaseResult) -> str:
    assert case.level is not None
    return (
        f"{code(measurement.nodeid, 100)}, case {case.index}: expected {code(case.expected)}, "
        f"{code(reference)} {_said(case.reference)}, {code(level)} {_said(case.level)}"
    )


def _said(answer: Answer) -> str:
    return said(answer) if answer.finish == RECORDED else code(answer.response)


def _judgement(record: RunRecord) -> Iterator[str]:
    """What a judge preferred, in one paragraph."""
    if record.judgement is None:
        return
    told = [
        f"{code(found.level)} {prose(preferred(found))}"
        for found in record.judgement.preferences[:_MOST_LEVELS]
    ]
    if told:
        yield (
            f"Free text preferred over that of {code(record.reference)} (50 %: as good) by "
            f"{code(record.judgement.model)}: {', '.join(told)}"
        )
        yield ""
    for problem in judge_problem(record):
        yield prose(problem)
        yield ""


def _provenance(record: RunRecord) -> str:
    reference = record.level(record.reference)
    runtime = reference.runtime
    ran = f", {code(f'{runtime.name} {runtime.version}')}" if runtime else ""
    quantized = ", quantized itself" if record.reference_quantized else ""
    silent = {m.probe for m in record.measurements if not m.informative}
    every = {m.probe for m in record.measurements}
    checks = counted(sum(record.selected.values()), "check")
    return (
        f"Reference {code(record.reference)} ({reference.bits_per_weight:.2f} bits/weight"
        f"{quantized}){ran}; alpha {record.alpha:g} for {checks}; "
        f"{len(every) - len(silent)} of {counted(len(every), 'probe')} "
        f"{'tells' if len(every) - len(silent) == 1 else 'tell'} something; "
        f"pytest-quant {code(record.version)}, {code(record.created)}"
    )


def _drop(check: Check) -> str:
    result = check.result
    return f"{result.drop:.1f} \\[{result.lower:.1f}, {result.upper:.1f}\\]"


def row(*cells: str) -> str:
    # Tables are split at pipes before code spans are found.
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def code(text: str, width: int = 40) -> str:
    """A code span that shows ``text``, at most ``width`` columns of it."""
    line = shown(text, width)
    if not line.strip():
        return "(nothing)"
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def prose(text: str) -> str:
    """A sentence of ours, its punctuation without a meaning in Markdown."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", shown(text, 400))
