"""What the summary says about recorded baselines."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.gate.baseline_changes import BaselineUse, shortened
from pytest_quant.gate.divergence_regression import DivergenceCheck, beside_record
from pytest_quant.gate.likelihood_regression import told_in_a_line
from pytest_quant.gate.tolerance_check import flips, over_looks
from pytest_quant.gate.verdicts import Check
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.plain_text import counted, shown

# In a summary; a failure tells more.
_MOST_CHANGES = 2


def recorded_lines(record: RunRecord, level: str) -> Iterator[str]:
    """How a level compares with its baseline; nothing if it has none."""
    use = next((use for use in told_of(record) if use.level == level and use.found), None)
    if use is None:
        return
    covered = use.coverage
    counts = [f"{counted(covered.compared, 'case')} compared"] + [
        f"{count:,} {what}"
        for what, count in (
            ("new", covered.new),
            ("gone", covered.gone),
            ("changed", covered.changed),
            ("not asked", covered.unasked),
            ("not asked", covered.unneeded),
        )
        if count
    ]
    yield f"baseline of {use.created[:10]} ({shown(use.version, 20)}): {', '.join(counts)}"
    for check in record.checks:
        if (check.level, check.scope, check.kind) == (level, "pooled", "regression"):
            yield _regression(check)
    for divergence in (c for c in record.divergence_checks if c.level == level):
        result = divergence.result
        where = place_of(divergence, record.reference)
        yield (
            f"regression: KL divergence{where} {result.now:.3g}, {beside_record(result)}, "
            f"{counted(result.chunks, 'chunk')}, p {result.p:.2g}: {result.verdict}"
        )
    for read in record.likelihood_checks:
        if (read.level, read.scope) == (level, "pooled"):
            yield f"regression: {told_in_a_line(read.result)}: {read.result.verdict}"
    if use.likelihood == "not recorded":
        yield "right answers: no likelihood is recorded, so none was compared"
    if use.divergence == "not recorded":
        yield "divergence: none is recorded, so none was compared"
    elif use.divergence == "not measured":
        yield f"divergence: recorded and not compared, {_why_unmeasured(record)}"
    yield from _outdated(use)
    if use.diverges:
        yield f"note: labelled {level}, diverges {use.diverges}"


def place_of(check: DivergenceCheck, reference: str) -> str:
    """On what a divergence was measured, if it is not the held text, with a space before it."""
    if check.source == "responses":
        return f" on {reference}'s responses"
    return f" {check.where}" if check.where else ""


def told_of(record: RunRecord) -> list[BaselineUse]:
    """The baselines that there is something to tell of: of a level of which tests in Python alone
    were run, nothing could be compared.
    """
    asked = {measurement.level for measurement in record.measurements}
    return [use for use in record.baselines if use.required or use.level in asked or not use.found]


def _why_unmeasured(record: RunRecord) -> str:
    if not record.reference_recorded:
        return "as it was not measured, or on another text"
    return (
        f"as {record.reference} is not at hand and its predictions on that text are not recorded: "
        "give it (--quant-model), or record again"
    )


def _regression(check: Check) -> str:
    result, counts = check.result, check.result.counts
    if result.unchanged:
        return f"regression: as recorded, the same file and outcome of {counted(counts.n, 'case')}"
    bounds = f"[{result.lower:.1f}, {result.upper:.1f}]"
    return (
        f"regression: drop {result.drop:.1f} {bounds}, {flips(counts)}, p {result.p:.2g}"
        f"{over_looks(result)}: {result.verdict}"
    )


def _outdated(use: BaselineUse) -> Iterator[str]:
    """What is not as it was recorded: one does well to know it even where nothing got worse."""
    for part, sentences in use.changes.conditions.items():
        told = "; ".join(shown(text, 160) for text in shortened(sentences, _MOST_CHANGES))
        yield f"not as recorded: {part}: {told}"


def missing_baselines(record: RunRecord) -> Iterator[str]:
    """The tested levels that have no baseline, in one line."""
    missing = [use for use in record.baselines if not use.found]
    if missing:
        names = ", ".join(use.level for use in missing)
        wanted = " (required)" if any(use.required for use in missing) else ""
        yield f"no baseline{wanted} for {names}: record with --quant-update-baselines"


def shortfall_text(use: BaselineUse) -> str:
    """Why less than all of a required baseline was compared, and what to do."""
    if not use.found:
        return (
            f"no baseline for {use.level}: {use.path} does not exist\n"
            "record it with --quant-update-baselines and commit it, or run without "
            "--quant-require-baseline"
        )
    covered = use.coverage
    lines = []
    if covered.lacking:
        counts = ((covered.unasked, "not asked"), (covered.changed, "changed"))
        told = [f"{count:,} {what}" for count, what in (*counts, (covered.gone, "gone")) if count]
        lines.append(
            f"{covered.lacking:,} of {counted(covered.recorded, 'recorded case')} of {use.path} "
            f"could not be compared: {', '.join(told)}"
        )
    elif not covered.compared:
        lines.append(f"{use.path} holds no answer of {use.level} that could be compared")
    if use.divergence == "not measured":
        lines.append(f"the divergence recorded in {use.path} was not compared as a whole")
    if use.likelihood == "not measured":
        lines.append(f"not all right answers whose likelihood {use.path} holds were read again")
    return "\n".join(
        [
            *lines,
            "a required baseline is to be compared as a whole: run every recorded probe with all "
            "its cases, or record anew with --quant-update-baselines",
        ]
    )


def unused_baselines(record: RunRecord) -> Iterator[str]:
    """The recorded levels of the model that were not tested."""
    if record.unused_baselines:
        yield f"baselines not used: {shown(', '.join(record.unused_baselines), 100)} (not tested)"
