"""Two runs side by side, as text: what differs in what was run, and in what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from pytest_quant.analysis.abilities import for_probes_like
from pytest_quant.gate.baseline_changes import artifact_changes
from pytest_quant.gate.comparison import Comparison, Row, compare
from pytest_quant.reports.compared import Compared
from pytest_quant.reports.plain_text import counted, shown

_MOST_EXAMPLES = 3
# Room for a text behind its label.
_WIDTH = 66
_WIDEST = 400
# Of a file's changes, told with their numbers before the others.
_TOLD = ("recipe ", "tensors by type: ")
# A p-value below which a difference is called one.
_SHOWN = 0.05


def common_levels(first: Compared, second: Compared) -> list[str]:
    """The levels that both sides have answers of, in the order of the first."""
    return [level for level in first.answers if level in second.answers]


def side_by_side(first: Compared, second: Compared) -> Iterator[str]:
    """The whole comparison, at most 80 columns wide where no name is long."""
    return (shown(line, _WIDEST) for line in _side_by_side(first, second))


def _side_by_side(first: Compared, second: Compared) -> Iterator[str]:
    yield f"A: {first.title}"
    yield f"B: {second.title}"
    yield ""
    differences = list(_differences(first, second))
    yield from differences or ["model, runtime and reference are the same"]
    for level in common_levels(first, second):
        yield ""
        yield from _level(first, second, level)


def _differences(first: Compared, second: Compared) -> Iterator[str]:
    for name, before in first.facts.items():
        # What only one side tells is no difference: a baseline may not know its hardware.
        if before and (now := second.facts.get(name)):
            yield from _change(name, before, now)
    for letter, own, other in (("A", first, second), ("B", second, first)):
        if alone := [level for level in own.artifacts if level not in other.artifacts]:
            yield f"only {letter} has {shown(', '.join(alone))}"


def _change(name: str, before: str, now: str) -> Iterator[str]:
    if before == now:
        return
    one_line = f"{name}: {shown(before)} -> {shown(now)}"
    if len(one_line) <= 80:
        yield one_line
    else:
        yield f"{name}:"
        yield f"  A {shown(before, 76)}"
        yield f"  B {shown(now, 76)}"


def _level(first: Compared, second: Compared, level: str) -> Iterator[str]:
    found = compare(first.answers[level], second.answers[level])
    yield from _artifact(first, second, level)
    yield from _coverage(found)
    if not found.overall.counts.n:
        yield "no case that both have asked"
        return
    yield (
        f"{'right, %':<19} {'cases':>5} {'A':>5} {'B':>5} {'drop':>5} {'95 % bounds':<13} "
        f"{'lost/won':>8} {'p':>6} {'differ':>6}"
    )
    for row in found.rows:
        yield _line(row)
    yield from _alike(found)
    yield from _examples(found)
    yield f"{level}: {conclusion(found.overall)}"


def _artifact(first: Compared, second: Compared, level: str) -> Iterator[str]:
    before, now = first.artifacts[level], second.artifacts[level]
    if before.digest == now.digest:
        yield f"{level}: the same file, {now.bits_per_weight:.2f} bits/weight"
        return
    yield f"{level}: another file"
    yield from _change("  recipe", before.recipe, now.recipe)
    yield from _change(
        "  bits/weight", f"{before.bits_per_weight:.2f}", f"{now.bits_per_weight:.2f}"
    )
    yield from _change("  bytes", f"{before.size:,}", f"{now.size:,}")
    yield from _change("  tensors", _histogram(before.tensor_types), _histogram(now.tensor_types))
    yield from _contents(first, second, level)


def _contents(first: Compared, second: Compared, level: str) -> Iterator[str]:
    """Which tensors and metadata changed, where both sides, or the second one, know it."""
    was, now = first.recorded.get(level), second.recorded.get(level)
    sentences: Sequence[str] = second.changed.get((level, first.created), ()) if was else ()
    if was and now:
        sentences = tuple(artifact_changes(was, now))
    for sentence in sentences:
        if not sentence.startswith(_TOLD):
            yield from wrap(
                f"  {shown(sentence, _WIDEST)}",
                80,
                subsequent_indent="    ",
                break_on_hyphens=False,
            )
    if not sentences and (was or now):
        yield "  which tensors: told of two baselines, or of one and a run compared with it"


def _histogram(types: Mapping[str, int]) -> str:
    return " ".join(f"{count} {name}" for name, count in sorted(types.items()))


def _coverage(found: Comparison) -> Iterator[str]:
    counts = {"only in A": found.gone, "only in B": found.new, "changed": found.changed}
    if told := [f"{count} {what}" for what, count in counts.items() if count]:
        yield f"cases not compared: {', '.join(told)}"


def _line(row: Row) -> str:
    counts = row.counts
    before, now = (100 * k / counts.n for k in (counts.reference_correct, counts.level_correct))
    bounds = f"[{row.lower:.1f}, {row.upper:.1f}]"
    differ = "-" if row.differ is None else str(row.differ)
    return (
        f"{row.subject:<19.19} {counts.n:>5} {before:>5.1f} {now:>5.1f} {row.drop:>5.1f} "
        f"{bounds:<13} {f'{counts.b}/{counts.c}':>8} {row.p:>6.1g} {differ:>6}"
    )


def _alike(found: Comparison) -> Iterator[str]:
    """The same drops for probes like these, of what has more than one probe."""
    alike = {row.subject: for_probes_like(row.by_probe) for row in found.rows}
    told = [
        f"{shown(name)} {drop.value:.1f} [{drop.lower:.1f}, {drop.upper:.1f}]"
        for name, drop in alike.items()
        if drop
    ]
    if told:
        yield "drop for probes like these, 95 % (the bounds above: for these probes)"
        yield from wrap(
            f"  {', '.join(told)}", 80, subsequent_indent="    ", break_on_hyphens=False
        )


def _examples(found: Comparison) -> Iterator[str]:
    for (probe, index), before, now in found.flips[:_MOST_EXAMPLES]:
        yield f"{'lost' if before.correct else 'won'}: {shown(probe, 50)}, case {index}"
        # A baseline has no words; the run beside it does.
        if asked := next((side for side in (before, now) if side.prompt), None):
            yield f"  prompt    {shown(asked.prompt, _WIDTH)}"
            yield f"  expected  {shown(asked.expected, _WIDTH)}"
        for letter, side in (("A", before), ("B", now)):
            text = side.pattern or "correct" if side.response is None else side.response
            yield f"  {letter}         {shown(text, _WIDTH)}"
    if (more := len(found.flips) - _MOST_EXAMPLES) > 0:
        yield f"and {counted(more, 'more answer')} that only one side has right"


def conclusion(row: Row, letter: str = "B") -> str:
    """What the numbers over all cases say of a run beside A, in a sentence."""
    if row.differ == 0:
        return "every answer is the same, byte by byte"
    bounds = f"{abs(row.drop):.1f} points [{row.lower:.1f}, {row.upper:.1f}], p {row.p:.2g}"
    if row.p <= _SHOWN and row.drop:
        return f"{letter} is {'worse' if row.drop > 0 else 'better'} than A by {bounds}"
    at_most = f"by at most {max(row.upper, 0.0):.1f} points (p {row.p:.2g})"
    return f"no difference shown; if {letter} is worse, {at_most}"
