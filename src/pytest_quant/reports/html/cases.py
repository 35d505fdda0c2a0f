"""Every case that a level was asked, packed so that ten thousand of them fit into a page."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from pytest_quant.metrics.measurement import CaseResult, Measurement
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.outcomes import OUTCOMES, outcome, said
from pytest_quant.reports.partings import parting_table
from pytest_quant.reports.plain_text import paragraphs

# The whole page has to stay below 3 MB.
_MOST_BYTES = 2_000_000
# How much of each text is kept: the first length with which all cases fit.
_LENGTHS = (6000, 3000, 1500, 800, 400, 200, 100, 40)
# What came out differently is what a reader is here for: it is cut last.
_DIFFERENT = ("lost", "won")
# Cases that stand in the page itself.
_MOST_PLAIN = 100
_PLAIN_LENGTH = 400


@dataclass(frozen=True, slots=True)
class PackedCases:
    """``data`` is JSON, compressed by gzip, in base64: see ``_packed`` for its form.

    ``cut`` is the number of characters that long texts were cut to, ``cut_alike`` that of cases
    that came out alike; of these ``left_out`` had no room at all. ``plain`` are the most telling
    ones as they are, for whoever runs no script.
    """

    data: str
    count: int
    different: int
    cut: int
    cut_alike: int
    left_out: int
    plain: tuple[dict[str, Any], ...]


class _Case(NamedTuple):
    of: Measurement
    case: CaseResult
    outcome: str


def packed_cases(record: RunRecord) -> PackedCases:
    """Every case, in the order of the record; where there is too much, less of what came out
    alike.
    """
    every = [
        _Case(found, case, outcome(case))
        for found in record.measurements
        for case in found.cases
        if case.level is not None
    ]
    different = [one for one in every if one.outcome in _DIFFERENT]
    wrong = [one for one in every if one.outcome != "kept"]
    cut, data = _fitting(record, different, lambda length: (length, length))
    kept, cut_alike = different, cut
    for more in (every, wrong):
        length, packed = _fitting(record, more, lambda length: (cut, min(cut, length)))
        if len(packed) <= _MOST_BYTES:
            kept, cut_alike, data = more, min(cut, length), packed
            break
    return PackedCases(
        data=data,
        count=len(kept),
        different=len(different),
        cut=cut,
        cut_alike=cut_alike,
        left_out=len(every) - len(kept),
        plain=tuple(_plain(every)),
    )


def _fitting(
    record: RunRecord, cases: list[_Case], lengths_of: Callable[[int], tuple[int, int]]
) -> tuple[int, str]:
    """The greatest length that leaves the cases small enough, or the least, and what it makes."""
    longest, data = 0, ""
    for length in _LENGTHS:
        if 0 < longest <= length:
            continue  # it would cut nothing, as the length before did
        packed = _packed(record, cases, *lengths_of(length))
        longest = max(map(len, packed["texts"]), default=0)
        text = json.dumps(packed, ensure_ascii=False, separators=(",", ":"))
        # No time of day in it: the same record gives the same page.
        whole = gzip.compress(text.encode(), compresslevel=6, mtime=0)
        data = base64.b64encode(whole).decode("ascii")
        if len(data) <= _MOST_BYTES:
            break
    return length, data


def _packed(record: RunRecord, cases: list[_Case], length: int, alike: int) -> dict[str, Any]:
    """Tables of texts, and the cases as rows of positions in them.

    A text that several cases share, such as a prompt, is kept once, at the length of the first.
    """
    texts = _Table()
    groups = _Table()
    rows: dict[int, list[Any]] = {}
    order = sorted(range(len(cases)), key=lambda i: cases[i].outcome not in _DIFFERENT)
    for place in order:
        of, case, became = cases[place]
        most = length if became in _DIFFERENT else alike
        assert case.level is not None
        wrong = case.reference if became == "won" else case.level
        told = (wrong.pattern, wrong.reason, case.prompt, case.expected)
        rows[place] = [
            groups.position(_group(of), 10_000),
            case.index,
            OUTCOMES.index(became),
            *(
                texts.position(text, most)
                for text in (*told, said(case.reference), said(case.level))
            ),
            _parting(case) if became in _DIFFERENT else None,
        ]
    return {
        "reference": paragraphs(record.reference, length),
        "outcomes": OUTCOMES,
        "groups": [json.loads(group) for group in groups.values],
        "texts": texts.values,
        "cases": [rows[place] for place in sorted(rows)],
    }


def _parting(case: CaseResult) -> list[Any] | None:
    """Its table as a title, both floors and rows of the text, both shares and who wrote it."""
    if (found := parting_table(case)) is None:
        return None
    rows = [[row.text, _share(row.reference), _share(row.level), row.written] for row in found.rows]
    return [found.title, _share(found.reference_floor), _share(found.level_floor), rows]


def _share(probability: float | None) -> float | None:
    """In per cent, no finer than anybody reads it."""
    return None if probability is None else round(100 * probability, 2)


def _plain(every: list[_Case]) -> Iterator[dict[str, Any]]:
    """The first cases in full text, those of each level in turn, the most telling first."""
    known: Counter[tuple[str, str]] = Counter()
    ranked = []
    for one in every:
        if one.outcome != "kept":
            known[one.outcome, one.of.level] += 1
            place = known[one.outcome, one.of.level]
            ranked.append((OUTCOMES.index(one.outcome), place, one))
    for _, _, (of, case, became) in sorted(ranked, key=lambda row: row[:2])[:_MOST_PLAIN]:
        assert case.level is not None
        wrong = case.reference if became == "won" else case.level
        yield {
            "level": of.level,
            "probe": f"{of.category.replace('_', ' ')}: {of.probe}, case {case.index}",
            "outcome": became,
            "pattern": wrong.pattern,
            "prompt": paragraphs(case.prompt, _PLAIN_LENGTH),
            "expected": paragraphs(case.expected, _PLAIN_LENGTH),
            "reference": paragraphs(said(case.reference), _PLAIN_LENGTH),
            "own": paragraphs(said(case.level), _PLAIN_LENGTH),
            "parting": parting_table(case) if became in _DIFFERENT else None,
            "unparted": of.unparted,
        }


def _group(measurement: Measurement) -> str:
    parts = (
        measurement.level,
        measurement.category,
        measurement.probe,
        measurement.unparted,
    )
    return json.dumps([paragraphs(part, 200) for part in parts])


class _Table:
    """Texts in the order in which they came, each once."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}
        self.values: list[str] = []

    def position(self, text: str, most: int) -> int:
        if text not in self._positions:
            self._positions[text] = len(self.values)
            self.values.append(paragraphs(text, most))
        return self._positions[text]
