"""The cases of a run as a sheet: one row each, complete, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from pytest_quant.base.harmless import harmless
from pytest_quant.metrics.measurement import Answer
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.outcomes import outcome, said

# A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEADS = (
    *("level", "category", "probe", "difficulty", "case", "digest", "outcome", "prompt"),
    *("expected", "reference_verdict", "reference_answer", "reference_response"),
    *("level_verdict", "level_answer", "level_pattern", "level_reason", "level_response"),
)


def case_sheet(record: RunRecord) -> str:
    """CSV with a head; every case of every probe, those that a level was not asked among them."""
    sheet = io.StringIO()
    written = csv.writer(sheet, lineterminator="\n")
    written.writerow(_HEADS)
    written.writerows(map(cell, row) for row in _rows(record))
    return sheet.getvalue()


def cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, and no terminal for a command."""
    plain = harmless(text, "\n\t")
    return f"'{plain}" if plain.startswith(_FORMULA) and not _is_number(plain) else plain


def _rows(record: RunRecord) -> Iterator[tuple[str, ...]]:
    for found in record.measurements:
        for case in found.cases:
            reference, own = case.reference, case.level
            yield (
                *(found.level, found.category, found.probe, str(found.difficulty)),
                *(str(case.index), case.digest, outcome(case)),
                *(case.prompt, case.expected),
                *(reference.verdict, reference.answer, said(reference)),
                *_own(own),
            )


def _own(answer: Answer | None) -> tuple[str, ...]:
    if answer is None:
        return ("",) * 5
    return (answer.verdict, answer.answer, answer.pattern, answer.reason, said(answer))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
