"""Where two answers part, as a small table: what each model found how likely to come next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pytest_quant.metrics.measurement import Answer, CaseResult
from pytest_quant.metrics.parting import Outlook, Parting
from pytest_quant.reports.plain_text import counted, shown

_MOST_ROWS = 10
_TOKEN = 40
_BEFORE = 60
END = "(the end)"


class Row(NamedTuple):
    """A token or option, and its probability at both.

    ``None``: less than the ``floor`` of the likeliest that are known there. ``written`` by the
    reference (``reference``), by the level (``level``), or by neither (empty).
    """

    text: str
    reference: float | None
    level: float | None
    written: str


@dataclass(frozen=True, slots=True)
class Table:
    """``title`` says what the rows are; the floors are probabilities."""

    title: str
    rows: tuple[Row, ...]
    reference_floor: float
    level_floor: float


def parting_table(case: CaseResult) -> Table | None:
    """What is known of a case that came out differently; ``None``: nothing."""
    if case.level is None:
        return None
    if case.parting is not None:
        return _of_tokens(case.parting)
    if case.reference.probabilities and case.level.probabilities:
        return _of_options(case.reference, case.level)
    return None


def _of_tokens(parting: Parting) -> Table:
    before, now = _known(parting, parting.at_reference), _known(parting, parting.at_level)
    written = {parting.level: "level", parting.reference: "reference"}
    place = counted(parting.place, "token")
    end = f": ...{shown(parting.before[-_BEFORE:], _BEFORE)}" if parting.before.strip() else ""
    title = f"both wrote {place}{end}" if parting.place else "from the first token on"
    return _table(title, before, now, written)


def _known(parting: Parting, outlook: Outlook) -> dict[str, float]:
    # Two tokens may be the same text: the likelier one stands for both.
    found: dict[str, float] = {}
    for one in outlook.likeliest:
        found.setdefault(one.text, one.probability)
    found[parting.reference] = outlook.reference
    found[parting.level] = outlook.level
    return found


def _of_options(reference: Answer, level: Answer) -> Table:
    assert reference.probabilities is not None
    assert level.probabilities is not None
    written = {level.response: "level", reference.response: "reference"}
    options = reference.probabilities, level.probabilities
    return _table("the options by likelihood", *options, written)


def _table(
    title: str,
    before: Mapping[str, float],
    now: Mapping[str, float],
    written: Mapping[str, str],
) -> Table:
    """The texts known at either, the likeliest first, and those that were written in any case."""
    texts = sorted({*before, *now}, key=lambda text: -max(before.get(text, 0), now.get(text, 0)))
    kept = [text for place, text in enumerate(texts) if place < _MOST_ROWS or text in written]
    rows = (
        Row(shown(text, _TOKEN) or END, before.get(text), now.get(text), written.get(text, ""))
        for text in kept
    )
    return Table(title, tuple(rows), min(before.values()), min(now.values()))
