"""How much of a text belongs to each side of a question that it is to weigh.

A heading or label that names one side opens its section. Outside of sections, a sentence that
names one side alone is the side's, and so are those that follow until another one is named.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from pytest_quant.checkers.assertions import Pattern, Reading

_LABEL = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+(?P<heading>[^\n]{1,120})"
    r"|(?:[-*+][ \t]+|[0-9]{1,2}[.)][ \t]+)?\*\*(?P<bold>[^*\n]{1,120})\*\*"
    r"|(?:[-*+][ \t]+|[0-9]{1,2}[.)][ \t]+)?(?P<plain>[^\n:.!?]{1,80}):(?=\s))",
    re.MULTILINE,
)
_ASIDE = re.compile(
    r"\b(?:conclusion|summary|overall|introduction|overview|balanc\w+|background)\b", re.IGNORECASE
)


def shares(reading: Reading, sides: Sequence[Sequence[Pattern]]) -> list[float]:
    """The share of the words that belong to each side, of those that belong to any; in [0, 1]."""
    named = _named(reading, sides)
    labels = [
        (match.start(), match.end(), _ASIDE.search(match.group()) is not None)
        for match in _LABEL.finditer(reading.text)
    ]
    opened = _opened(labels, named)
    starts = [start for start, _ in opened]
    in_sentence: dict[int, set[int]] = {}
    for start, side in named:
        in_sentence.setdefault(reading.sentence_at(start), set()).add(side)
    counts = [0] * len(sides)
    running: int | None = None
    for token in reading.tokens:
        section = bisect_right(starts, token.start) - 1
        owner = opened[section][1] if section >= 0 else None
        if owner is None:
            sole = in_sentence.get(token.sentence, set())
            running = next(iter(sole)) if len(sole) == 1 else running
            owner = running
        if owner is not None:
            counts[owner] += 1
    return [count / max(1, sum(counts)) for count in counts]


def _named(reading: Reading, sides: Sequence[Sequence[Pattern]]) -> list[tuple[int, int]]:
    """Every mention of a side: where it starts and which side it is, in order."""
    return sorted(
        {
            (token.start, side)
            for side, cues in enumerate(sides)
            for cue in cues
            for token in reading.mentioned(cue)
        }
    )


def _opened(
    labels: Sequence[tuple[int, int, bool]], named: Sequence[tuple[int, int]]
) -> list[tuple[int, int | None]]:
    """Where sections begin and whose they are: nobody's behind "Conclusion"."""
    opened: list[tuple[int, int | None]] = []
    for start, end, aside in labels:
        first, last = bisect_right(named, (start, -1)), bisect_right(named, (end, -1))
        sides = {side for _, side in named[first:last]}
        if len(sides) == 1:
            opened.append((start, sides.pop()))
        elif aside:
            opened.append((start, None))
    return opened
