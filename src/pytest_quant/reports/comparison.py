"""Two run records side by side, as text: what differs in what was run, and in what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_quant.gate.comparison import Comparison, Key, Row, Side, compare
from pytest_quant.measurement import Answer, CaseResult
from pytest_quant.record import LevelRecord, RunRecord
from pytest_quant.reports.plain_text import shown

_MOST_EXAMPLES = 3
# Room for a text behind its label.
_WIDTH = 66
# A p-value below which a difference is called one.
_SHOWN = 0.05


def common_levels(first: RunRecord, second: RunRecord) -> list[str]:
    """The levels that both records have answers of, in the order of the first."""
    return [
        level.name
        for level in first.levels
        if answers(first, level.name) and answers(second, level.name)
    ]


def answers(record: RunRecord, level: str) -> dict[Key, Side]:
    """The answers of a level, or of the reference, by case."""
    found: dict[Key, Side] = {}
    for measurement in record.measurements:
        for case in measurement.cases:
            answer = _answer_of(record, level, measurement.level, case)
            if answer is not None:
                found[measurement.probe, case.index] = Side(
                    category=measurement.category,
                    digest=case.digest,
                    correct=answer.correct,
                    pattern=answer.pattern,
                    response=answer.response,
                    prompt=case.prompt,
                    expected=case.expected,
                )
    return found


def _answer_of(record: RunRecord, level: str, measured: str, case: CaseResult) -> Answer | None:
    if level == record.reference:
        return case.reference
    return case.level if level == measured else None


def side_by_side(first: RunRecord, second: RunRecord) -> Iterator[str]:
    """The whole comparison, at most 80 columns wide where no name is long."""
    for letter, record in (("A", first), ("B", second)):
        yield (
            f"{letter}: {shown(record.model, 40)}, {shown(record.created, 25)}, "
            f"pytest-quant {shown(record.version, 20)}"
        )
    yield ""
    differences = list(_differences(first, second))
    yield from differences or ["model, runtime and reference are the same"]
    for level in common_levels(first, second):
        yield ""
        yield from _level(first, second, level)


def _differences(first: RunRecord, second: RunRecord) -> Iterator[str]:
    yield from _change("model", first.model, second.model)
    yield from _change("reference", first.reference, second.reference)
    yield from _change("pytest-quant", first.version, second.version)
    before, now = _runtime(first), _runtime(second)
    for name in before | now:
        yield from _change(name, before.get(name, "unknown"), now.get(name, "unknown"))
    names = [{level.name for level in record.levels} for record in (first, second)]
    for letter, own, other in (("A", names[0], names[1]), ("B", names[1], names[0])):
        if alone := sorted(own - other):
            yield f"only {letter} has {shown(', '.join(alone))}"


def _runtime(record: RunRecord) -> dict[str, str]:
    """What ran the levels; where they differ among themselves, all that occurs."""
    found: dict[str, list[str]] = {}
    for level in record.levels:
        if runtime := level.runtime:
            values = {
                "runtime": f"{runtime.name} {runtime.version}",
                "build": runtime.build,
                "hardware": runtime.hardware,
                "threads": str(runtime.threads),
                "sequences at once": str(runtime.parallel),
                "context": str(runtime.context),
            }
            for name, value in values.items():
                found.setdefault(name, []).append(value)
    return {name: ", ".join(dict.fromkeys(values)) for name, values in found.items()}


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


def _level(first: RunRecord, second: RunRecord, level: str) -> Iterator[str]:
    found = compare(answers(first, level), answers(second, level))
    yield f"{level}: {_artifact(first.level(level), second.level(level))}"
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
    yield from _examples(found)
    yield f"{level}: {conclusion(found.overall)}"


def _artifact(before: LevelRecord, now: LevelRecord) -> str:
    if before.digest == now.digest:
        return f"the same file, {now.bits_per_weight:.2f} bits/weight"
    parts = {
        "recipe": (before.recipe, now.recipe),
        "bits/weight": (f"{before.bits_per_weight:.2f}", f"{now.bits_per_weight:.2f}"),
        "bytes": (f"{before.size:,}", f"{now.size:,}"),
        "tensors": (_histogram(before.tensor_types), _histogram(now.tensor_types)),
    }
    changes = [f"{name} {shown(a)} -> {shown(b)}" for name, (a, b) in parts.items() if a != b]
    return "; ".join(["another file", *changes])


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


def _examples(found: Comparison) -> Iterator[str]:
    for (probe, index), before, now in found.flips[:_MOST_EXAMPLES]:
        yield f"{'lost' if before.correct else 'won'}: {shown(probe, 50)}, case {index}"
        if before.prompt:
            yield f"  prompt    {shown(before.prompt, _WIDTH)}"
            yield f"  expected  {shown(before.expected, _WIDTH)}"
        for letter, side in (("A", before), ("B", now)):
            text = side.pattern or "correct" if side.response is None else side.response
            yield f"  {letter}         {shown(text, _WIDTH)}"
    if (more := len(found.flips) - _MOST_EXAMPLES) > 0:
        yield f"and {more} more answers that only one side has right"


def conclusion(row: Row) -> str:
    """What the numbers over all cases say, in a sentence."""
    if row.differ == 0:
        return "every answer is the same, byte by byte"
    bounds = f"{abs(row.drop):.1f} points [{row.lower:.1f}, {row.upper:.1f}], p {row.p:.2g}"
    if row.p <= _SHOWN and row.drop:
        return f"B is {'worse' if row.drop > 0 else 'better'} than A by {bounds}"
    worst = max(row.upper, 0.0)
    return f"no difference shown; if B is worse, by at most {worst:.1f} points (p {row.p:.2g})"
