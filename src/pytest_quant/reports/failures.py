"""Why a check failed: its numbers, what carries it, what changed, and one example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pytest_quant.gate.baseline_changes import Changes, shortened
from pytest_quant.gate.counting import Kind
from pytest_quant.gate.divergence_regression import DivergenceCheck, explain_divergence
from pytest_quant.gate.regression import explain_regression
from pytest_quant.gate.tolerance_check import CheckResult, explain
from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.measurement import RECORDED, CaseResult, Measurement
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.plain_text import shown

# Room for a text behind its label.
_WIDTH = 66
_MOST_PATTERNS = 4
_MOST_CATEGORIES = 4
_MOST_CHANGES = 6

# How the lines of a story begin that other stories beside it may have, too.
_TOLD_ONCE = ("labelled", "changed", "as before", "example")
_Lost = tuple[Measurement, CaseResult]


def failure_text(record: RunRecord, check: Check) -> str:
    """Why a check of the record failed."""
    use = next((u for u in record.baselines if u.level == check.level and u.found), None)
    return describe_failure(
        record.reference,
        check.level,
        check.result,
        _members(record, check),
        check.kind,
        use.changes if use else None,
    )


def describe_failure(
    reference: str,
    level: str,
    result: CheckResult,
    members: Sequence[Measurement],
    kind: Kind = "tolerance",
    changes: Changes | None = None,
) -> str:
    """Why a check over ``members`` failed; ``changes`` are those since the baseline, if any."""
    lost = [(m, case) for m in members for case in m.cases if _is_lost(case, kind)]
    lines = [explained(result, kind)]
    if len(categories := Counter(m.category for m, _ in lost)) > 1:
        lines.append(f"lost in   {_counted(categories, _MOST_CATEGORIES)}")
    lines += _patterns(members, lost)
    if changes:
        lines += changed(changes)
    if lost:
        lines += _example(reference, level, *lost[0])
    return "\n".join(lines)


def explained(result: CheckResult, kind: Kind) -> str:
    """What a check saw, and what it was able to see."""
    return explain(result) if kind == "tolerance" else explain_regression(result)


def divergence_text(record: RunRecord, check: DivergenceCheck) -> str:
    """Why a divergence is worse than its record."""
    use = next(use for use in record.baselines if use.level == check.level)
    like = [f"labelled {use.level}, diverges {use.diverges}"] if use.diverges else []
    example = f"example   {check.result.example}"
    where = [f"where     {check.where}, all read in one go"] if check.where else []
    return "\n".join(
        [explain_divergence(check.result), *where, *like, *changed(use.changes), example]
    )


def changed(changes: Changes) -> Iterator[str]:
    """What differs from the record, and what does not."""
    for part, sentences in changes.differing.items():
        few = "; ".join(shown(text, 100) for text in shortened(sentences, _MOST_CHANGES))
        yield f"changed   {part}: {few}"
    yield from as_before(changes)


def as_before(changes: Changes) -> Iterator[str]:
    """What does not differ from the record."""
    if same := [part for part, sentences in changes.parts.items() if not sentences]:
        yield f"as before {', '.join(same)}"


def news(story: str, known: set[str]) -> Iterator[str]:
    """The lines of a story without the changes and the example that ``known`` has from before."""
    for line in story.splitlines():
        if line.startswith(_TOLD_ONCE) and line in known:
            if line.startswith("example"):
                break  # it is the end of its story
            continue
        known.add(line)
        yield line


def _is_lost(case: CaseResult, kind: Kind) -> bool:
    if case.level is None or case.level.correct:
        return False
    return case.reference.correct if kind == "tolerance" else case.recorded == "correct"


def _patterns(members: Sequence[Measurement], lost: Sequence[_Lost]) -> Iterator[str]:
    """The patterns of wrong answers; beside the recorded ones, where the cases are recorded."""
    compared = [
        (case.recorded, case.level)
        for member in members
        for case in member.cases
        if case.recorded is not None and case.level is not None
    ]
    if not compared:
        yield f"patterns  {_counted(Counter(c.level.pattern for _, c in lost if c.level))}"
        return
    was = Counter(before for before, _ in compared if before != "correct")
    now = Counter(answer.pattern for _, answer in compared if not answer.correct)
    risen = sorted(now, key=lambda pattern: (was[pattern] - now[pattern], pattern))
    counts = (f"{p} {now[p]} (was {was[p]})" for p in risen[:_MOST_PATTERNS])
    yield f"patterns  {shown(', '.join(counts), 150)}"


def _counted(counts: Counter[str], most: int = _MOST_PATTERNS) -> str:
    return shown(", ".join(f"{name} {count}" for name, count in counts.most_common(most)), 150)


def _example(
    reference: str, level: str, measurement: Measurement, case: CaseResult
) -> Iterator[str]:
    assert case.level is not None
    yield f"example   {measurement.nodeid}, case {case.index}"
    yield f"prompt    {shown(case.prompt, _WIDTH)}"
    yield f"expected  {shown(case.expected, _WIDTH)}"
    for name, answer in ((reference, case.reference), (level, case.level)):
        if answer.finish != RECORDED:
            yield f"{name[:9]:<9} {shown(answer.response, _WIDTH)}"
    yield f"because   {shown(case.level.reason, _WIDTH)}"


def _members(record: RunRecord, check: Check) -> list[Measurement]:
    if check.scope == "set":
        return [m for m in record.sets if (m.level, m.probe) == (check.level, check.subject)]
    return [
        m
        for m in record.of_level(check.level)
        if check.scope == "pooled"
        or (check.scope == "category" and m.category == check.category)
        or (check.scope == "probe" and m.nodeid == check.subject)
    ]
