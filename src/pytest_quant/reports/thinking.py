"""Responses in which thinking and answer could not be told apart, for a person."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.checkers.patterns import ONLY_THINKS, UNKNOWN_MARK
from pytest_quant.metrics.measurement import Answer
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.plain_text import counted, shown


def thinking_notes(record: RunRecord) -> Iterator[str]:
    """One sentence for each level, the reference first, and each of the two ways."""
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
                "give the probes more max_tokens, or switch thinking off in the chat template"
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
