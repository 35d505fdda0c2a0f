"""Any number of runs beside the first one, in one table whose bounds hold together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_uppercase
from textwrap import wrap

from pytest_quant.gate.comparison import Comparison, Row, compare
from pytest_quant.reports.compared import Compared
from pytest_quant.reports.comparison import common_levels, conclusion
from pytest_quant.reports.plain_text import counted, shown

MOST = len(ascii_uppercase)
_COLUMNS = 80
_WIDEST = 400


def together(runs: Sequence[Compared]) -> Iterator[str]:
    """What each run changed against the first: a table, then a sentence for each comparison."""
    return (shown(line, _WIDEST) for line in _together(runs))


def _together(runs: Sequence[Compared]) -> Iterator[str]:
    first, *others = runs
    letters = ascii_uppercase[1 : len(runs)]
    for letter, run in zip(ascii_uppercase, runs, strict=False):
        yield f"{letter}: {run.title}"
    pairs = [
        (level, letter, run)
        for level in first.answers
        for letter, run in zip(letters, others, strict=True)
        if level in run.answers
    ]
    yield ""
    for letter, run in zip(letters, others, strict=True):
        yield from _differences(letter, first, run)
    yield ""
    yield (
        f"{'level':<12} {'bits':>5} {'MB':>8} {'KL div.':>8} {'cases':>6} {'right, %':>8} "
        f"{'lost':>5}  {'bounds':<13} {'p':>6}"
    )
    sentences = []
    for level in common(runs):
        yield _line(f"A {level}", first, level)
        for _, letter, run in (pair for pair in pairs if pair[0] == level):
            found = compare(first.answers[level], run.answers[level], len(pairs))
            yield _line(f"{letter} {level}", run, level, found)
            sentences.append(f"{letter} {level}: {_sentence(found, letter)}")
    yield ""
    yield from wrap(
        f"lost: points of the cases that A and the other run both have, against A. The bounds of "
        f"all {counted(len(pairs), 'comparison')} hold together at 95 %, and p is for all of them "
        f"(Bonferroni: each bound leaves out {2.5 / len(pairs):.2g} %, and p is multiplied by "
        f"{len(pairs)}). KL div.: nats a token from the reference of its own run.",
        _COLUMNS,
        break_on_hyphens=False,
    )
    yield ""
    for sentence in sentences:
        yield from wrap(sentence, _COLUMNS, subsequent_indent="  ", break_on_hyphens=False)


def common(runs: Sequence[Compared]) -> list[str]:
    """The levels of the first run that any other one has, too."""
    first, *others = runs
    found = {level for other in others for level in common_levels(first, other)}
    return [level for level in first.answers if level in found]


def _differences(letter: str, first: Compared, run: Compared) -> Iterator[str]:
    told = [
        f"{name} {shown(run.facts[name], 60)}"
        for name, before in first.facts.items()
        if name in run.facts and run.facts[name] != before
    ]
    gone = [level for level in first.artifacts if level not in run.artifacts]
    new = [level for level in run.artifacts if level not in first.artifacts]
    told += [f"without {', '.join(gone)}"] if gone else []
    told += [f"also {', '.join(new)}"] if new else []
    for level in common_levels(first, run):
        before, now = first.artifacts[level], run.artifacts[level]
        if before.digest != now.digest:
            recipe = "" if before.recipe == now.recipe else f" ({shown(now.recipe, 60)})"
            told.append(f"another file of {level}{recipe}")
    text = f"{letter} against A: {'; '.join(told) or 'the same files, runtime and settings'}"
    yield from wrap(text, _COLUMNS, subsequent_indent="   ", break_on_hyphens=False)


def _line(name: str, run: Compared, level: str, found: Comparison | None = None) -> str:
    artifact = run.artifacts[level]
    divergence = run.divergences.get(level)
    numbers = (
        f"{shown(name, 12):<12} {artifact.bits_per_weight:>5.2f} {artifact.size / 1e6:>8,.1f} "
        f"{'-' if divergence is None else f'{divergence:.2g}':>8} "
    )
    if found is None:
        answers = run.answers[level].values()
        right = 100 * sum(side.correct for side in answers) / len(answers)
        return f"{numbers}{len(answers):>6,} {right:>8.1f}"
    return numbers + _compared(found.overall)


def _compared(overall: Row) -> str:
    counts = overall.counts
    if not counts.n:
        return f"{0:>6} {'-':>8} {'-':>5}"
    right = 100 * counts.level_correct / counts.n
    bounds = f"[{overall.lower:.1f}, {overall.upper:.1f}]"
    return f"{counts.n:>6,} {right:>8.1f} {overall.drop:>5.1f}  {bounds:<13} {overall.p:>6.1g}"


def _sentence(found: Comparison, letter: str) -> str:
    if not found.overall.counts.n:
        return "no case that both have asked"
    left_out = found.gone + found.new + found.changed
    but = f"; {counted(left_out, 'case')} not compared" if left_out else ""
    return conclusion(found.overall, letter) + but
