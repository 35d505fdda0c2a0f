"""What recording a baseline changes, before it is written."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pytest_quant.gate.baseline import Baseline
from pytest_quant.gate.baseline_changes import shortened
from pytest_quant.gate.baseline_update import CategoryChange, DivergenceChange, Update
from pytest_quant.gate.divergence_regression import change_in_words
from pytest_quant.reports.plain_text import counted, shown

_COLUMNS = ("created", "better", "worse", "gone", "changed")
_MOST_CHANGES = 3


def update_lines(update: Update, path: str, *, fails: bool) -> Iterator[str]:
    """What is to be written to ``path``, and what is not; ``fails``: the level fails its checks."""
    level, baseline = update.level, update.baseline
    if not update.is_needed:
        yield f"{level}: as recorded, {_size(baseline)}"
        yield from _not_measured(update)
        return
    yield from _cases(update)
    if update.old:
        yield f"{level}: replaces the baseline of {update.old.created[:10]}"
        yield from _conditions(update)
    if update.damage:
        yield f"{level}: replaces a file that cannot be read: {shown(update.damage, 300)}"
    for change in update.divergences:
        yield from _divergence(level, change)
    yield from _right_answers(update)
    yield from _not_measured(update)
    if fails:
        yield f"{level}: fails its checks and is recorded all the same"
    yield f"{level}: {_size(baseline)} for {shown(path)}"


def _size(baseline: Baseline) -> str:
    return f"{counted(baseline.cases, 'case')} of {counted(len(baseline.probes), 'probe')}"


def _cases(update: Update) -> Iterator[str]:
    """Cases created, better, worse, gone and changed by category."""
    rows = [row for row in update.rows if any(getattr(row, name) for name in _COLUMNS)]
    if rows:
        yield f"{update.level + ', cases':<21.21}" + "".join(f"{name:>9}" for name in _COLUMNS)
        yield from (_row(row) for row in rows)
    else:
        yield f"{update.level}: no case gets better or worse"


def _row(row: CategoryChange) -> str:
    counts = "".join(f"{getattr(row, name):>9,}" for name in _COLUMNS)
    return f"{shown(row.category, 21):<21}{counts}"


def _conditions(update: Update) -> Iterator[str]:
    """What the level is measured with now, as far as it is not what was recorded."""
    for part, sentences in update.changes.conditions.items():
        told = "; ".join(shown(text, 100) for text in shortened(sentences, _MOST_CHANGES))
        yield f"{update.level}: {part}: {told}"


def _divergence(level: str, change: DivergenceChange) -> Iterator[str]:
    source = _named(change.source)
    if change.was is not None and change.now != change.was:
        yield f"{level}: KL divergence ({source}) {_rise(change.was, change.now)}"
    counts = {"adds": change.added, "drops": change.gone}
    told = [f"{verb} {counted(count, 'chunk')}" for verb, count in counts.items() if count]
    if told:
        yield f"{level}: {' and '.join(told)} of {source}"


def _right_answers(update: Update) -> Iterator[str]:
    """How likely they are now, where the same ones were recorded, and how many are new or gone."""
    was, now = _log_odds(update.old), _log_odds(update.baseline)
    both = was.keys() & now.keys()
    means = [
        f"{math.fsum(of[k] for k in sorted(both)) / len(both):z.3f}" for of in (was, now) if both
    ]
    if len(set(means)) > 1:
        yield f"{update.level}: right answers {' -> '.join(means)} log-odds"
    counts = {"adds": len(now) - len(both), "drops": len(was) - len(both)}
    told = [f"{verb} {counted(count, 'right answer')}" for verb, count in counts.items() if count]
    if told:
        yield f"{update.level}: {' and '.join(told)}"


def _log_odds(baseline: Baseline | None) -> dict[tuple[str, str], float]:
    probes = baseline.probes if baseline else {}
    return {(key, t.key): t.level.log_odds for key, p in probes.items() for t in p.targets}


def _named(source: str) -> str:
    return "recorded predictions" if source == "recorded" else shown(source, 20)


def _rise(was: float, now: float | None) -> str:
    if now is None:
        return f"{was:.3g} -> none is recorded"
    told = change_in_words(was, now)
    if told == "unchanged":
        return f"{now:.3g} ({told})"
    return f"{was:.3g} -> {now:.3g}{f' ({told})' if told else ''}"


def _not_measured(update: Update) -> Iterator[str]:
    """What stays as it was recorded, and what has no record at all."""
    level = update.level
    if count := update.kept:
        yield (
            f"{level}: {counted(count, 'recorded probe')} {_was(count)} not measured completely "
            f"this time and {_stays(count)}"
        )
    if count := update.kept_cases:
        yield (
            f"{level}: {counted(count, 'recorded case')} {_was(count)} not asked this time and "
            f"{_stays(count)}"
        )
    for change in update.divergences:
        if change.now is not None and not change.measured:
            source = _named(change.source)
            yield f"{level}: KL divergence ({source}) was not measured this time and {_stays(1)}"
    if count := update.unrecorded:
        recorded = f"{update.existing - count:,} of {counted(update.existing, 'probe')} recorded"
        have = "has" if count == 1 else "have"
        yield f"{level}: {recorded}; {count:,} {_was(count)} not measured and {have} no baseline"
    if not any(update.baseline.divergences.values()):
        yield f"{level}: no divergence is recorded"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _stays(count: int) -> str:
    return "stays as it is" if count == 1 else "stay as they are"
