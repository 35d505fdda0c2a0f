"""The cases that came out differently, packed so that ten thousand of them fit into a page."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_quant.metrics.measurement import RECORDED, Answer, Measurement, recorded_outcome
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.plain_text import paragraphs

# The whole page has to stay below 3 MB.
_MOST_BYTES = 2_000_000
# How much of each text is kept: the first length with which all cases fit.
_LENGTHS = (6000, 3000, 1500, 800, 400, 200, 100, 40)


@dataclass(frozen=True, slots=True)
class PackedCases:
    """``data`` is JSON, compressed by gzip, in base64: see ``_plain`` for its form.

    ``cut`` is the number of characters that long texts were cut to.
    """

    data: str
    count: int
    cut: int


def packed_cases(record: RunRecord) -> PackedCases:
    """Every case that was right at the reference and wrong at a level, or the other way round."""
    longest = 0
    for length in _LENGTHS:
        if 0 < longest <= length:
            continue  # it would cut nothing, as the length before did
        plain = _plain(record, length)
        longest = max(map(len, plain["texts"]), default=0)
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
        # No time of day in it: the same record gives the same page.
        data = base64.b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode(
            "ascii"
        )
        if len(data) <= _MOST_BYTES:
            break
    return PackedCases(data, len(plain["cases"]), length)


def _plain(record: RunRecord, length: int) -> dict[str, Any]:
    """Tables of texts, and the cases as rows of positions in them.

    A text that several cases share, such as a prompt, is kept once.
    """
    texts = _Table(lambda text: paragraphs(text, length))
    groups = _Table(lambda text: text)
    cases: list[list[int | str]] = []
    for measurement in record.measurements:
        group = groups.position(_group(measurement))
        for case in measurement.cases:
            level = case.level
            if level is None or level.correct == case.reference.correct:
                continue
            wrong = case.reference if level.correct else level
            cases.append(
                [
                    group,
                    case.index,
                    "won" if level.correct else "lost",
                    texts.position(wrong.pattern),
                    texts.position(wrong.reason),
                    *(
                        texts.position(text)
                        for text in (
                            case.prompt,
                            case.expected,
                            _said(case.reference),
                            level.response,
                        )
                    ),
                ]
            )
    return {
        "reference": paragraphs(record.reference, length),
        "groups": [json.loads(group) for group in groups.values],
        "texts": texts.values,
        "cases": cases,
    }


def _said(answer: Answer) -> str:
    return answer.response if answer.finish != RECORDED else f"({recorded_outcome(answer)})"


def _group(measurement: Measurement) -> str:
    parts = (measurement.level, measurement.category, measurement.probe)
    return json.dumps([paragraphs(part, 200) for part in parts])


class _Table:
    """Texts in the order in which they came, each once, as ``shape`` makes them."""

    def __init__(self, shape: Callable[[str], str]) -> None:
        self._shape = shape
        self._positions: dict[str, int] = {}
        self.values: list[str] = []

    def position(self, text: str) -> int:
        if text not in self._positions:
            self._positions[text] = len(self.values)
            self.values.append(self._shape(text))
        return self._positions[text]
