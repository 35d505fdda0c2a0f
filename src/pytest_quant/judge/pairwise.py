"""Asking a judge about the free text of a session. Nothing is written for it a second time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_quant.analysis.quality import is_composition
from pytest_quant.judge.endpoint import Endpoint, NoAnswer
from pytest_quant.judge.preferences import Choice, JudgedPair
from pytest_quant.judge.prompt import Reading, question, read
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.thinking import read as read_reply

_REFERENCE_FIRST: dict[Reading, Choice] = {
    "A": "reference",
    "B": "level",
    "tie": "tie",
    "unreadable": "unreadable",
}
_LEVEL_FIRST: dict[Reading, Choice] = {**_REFERENCE_FIRST, "A": "level", "B": "reference"}


@dataclass(frozen=True, slots=True)
class TextPair:
    """What the reference and a level (``own``) wrote to the prompt of one case."""

    level: str
    nodeid: str
    index: int
    prompt: str
    reference: str
    own: str

    @property
    def differs(self) -> bool:
        return self.reference != self.own


def free_text_pairs(measurements: Iterable[Measurement]) -> dict[str, list[TextPair]]:
    """The compositions of each level: the first of every probe, then the second, and so on."""
    levels: dict[str, list[TextPair]] = {}
    for m in measurements:
        pairs = levels.setdefault(m.level, [])
        pairs += [
            TextPair(
                m.level,
                m.nodeid,
                case.index,
                case.prompt,
                reference=read_reply(case.reference.response).text,
                own=read_reply(case.level.response).text,
            )
            for case in m.cases
            if case.level and is_composition(case.reference, case.level)
        ]
    for pairs in levels.values():
        pairs.sort(key=lambda pair: (pair.index, pair.nodeid))
    return levels


def judge(
    endpoint: Endpoint, levels: Iterable[Iterable[TextPair]]
) -> tuple[tuple[JudgedPair, ...], str]:
    """The pairs of every level, judged one after the other; and why that ended early, or nothing.

    A judge that gives no answer is not asked again: what was judged until then is kept.
    """
    judged: list[JudgedPair] = []
    for pairs in levels:
        of_level: list[JudgedPair] = []
        try:
            for pair in pairs:
                of_level.append(_judged(endpoint, pair))
        except NoAnswer as error:
            # Equal responses count only beside all that differ among which they stand.
            while of_level and not of_level[-1].asked:
                of_level.pop()
            return (*judged, *of_level), str(error)
        judged += of_level
    return tuple(judged), ""


def _judged(endpoint: Endpoint, pair: TextPair) -> JudgedPair:
    before: Choice = "tie"
    after: Choice = "tie"
    if pair.differs:
        first = question(pair.prompt, a=pair.reference, b=pair.own)
        second = question(pair.prompt, a=pair.own, b=pair.reference)
        before = _REFERENCE_FIRST[read(endpoint.ask(first))]
        after = _LEVEL_FIRST[read(endpoint.ask(second))]
    return JudgedPair(pair.level, pair.nodeid, pair.index, pair.differs, before, after)
