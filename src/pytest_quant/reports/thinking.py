"""What models thought before they answered, and where the two could not be told apart."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.checkers.patterns import ONLY_THINKS, UNKNOWN_MARK
from pytest_quant.metrics.measurement import Answer
from pytest_quant.metrics.thinking import ThinkingCount, thinking_counts
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.plain_text import counted, shown


def thinking_notes(record: RunRecord) -> Iterator[str]:
    """Of each level that thinks how much, and what could not be judged, the reference first."""
    yield from map(_told, thinking_counts(record.measurements))
    for name, answers in _by_level(record):
        total = counted(len(answers), "response")
        unknown = [answer for answer in answers if answer.pattern == UNKNOWN_MARK]
        if unknown:
            # The reason begins with the mark.
            mark = shown(unknown[0].reason.partition(" ")[0], 40)
            such = f", such as {mark}" if mark else ""
            yield (
                f"{name}: {len(unknown)} of {total} hold a mark that may enclose thinking{such}; "
                "no known model family uses it, so they count as unparsable, whatever they answer"
            )
        endless = sum(answer.reason == ONLY_THINKS for answer in answers)
        if endless:
            yield (
                f"{name}: {endless} of {total} never ended their thinking and have no answer; "
                "give it more room (--quant-thinking-budget), or switch it off "
                "(--quant-thinking=off)"
            )


def _told(found: ThinkingCount) -> str:
    """How much a level thinks, the reference in brackets."""
    own, reference = found.own, found.reference
    right = ", ".join(
        f"{budget:,} tokens {100 * mine:.1f} ({100 * theirs:.1f})"
        for (budget, mine), (_, theirs) in zip(own.within, reference.within, strict=True)
    )
    return (
        f"{found.level}: thinks before {100 * own.share:.0f} % of its answers "
        f"({100 * reference.share:.0f} %), {own.tokens:,.0f} tokens in the mean "
        f"({reference.tokens:,.0f}), and never ends it in {100 * own.endless:.1f} % "
        f"({100 * reference.endless:.1f} %); right in per cent with no more thinking than {right}"
    )


def _by_level(record: RunRecord) -> Iterator[tuple[str, list[Answer]]]:
    # Every level is paired with the same answers of the reference.
    reference = {
        (m.probe, case.index, case.digest): case.reference
        for m in record.measurements
        for case in m.cases
    }
    yield record.reference, [*reference.values()]
    for level in record.levels:
        if level.name != record.reference:
            cases = [case for m in record.of_level(level.name) for case in m.cases]
            yield level.name, [case.level for case in cases if case.level]
