"""What a comparison states: "7.91 is smaller than 7.95" names the larger of the two."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pytest_quant.checkers.answering import Question
from pytest_quant.checkers.mention import Mention
from pytest_quant.checkers.words import Word, words

# Each line: words of more of something, and of less.
_SCALES: Final = """
larger bigger greater higher more large big largest biggest greatest highest
smaller less lower fewer lesser smallest least lowest small
longer taller long longest tallest
shorter briefer short shortest
heavier heavy heaviest
lighter lightest
older elder old oldest
younger newer young youngest
faster quicker fast fastest
slower slow slowest
louder noisier loud loudest
quieter softer quiet quietest
hotter warmer hot hottest warmest
colder cooler cold coldest
wider broader wide widest
narrower narrow narrowest
thicker thick thickest
thinner thin thinnest
deeper deep deepest
shallower shallow
stronger harder strong strongest hardest
weaker weak weakest
brighter bright brightest
darker dimmer dark darkest
farther further farthest
nearer closer nearest closest
"""
_SIDES: Final = {
    word: (number // 2, number % 2)
    for number, line in enumerate(_SCALES.strip().split("\n"))
    for word in line.split()
}
_SIZE: Final = 0
# Nouns that may stand between "than" and what is compared with.
_NOUNS: Final = frozenset({"number", "value", "fraction", "figure", "decimal", "one", "that", "of"})
_SIGN: Final = re.compile(r"(?<=[^\s][ ])[<>](?=[ ])")
_BREAK: Final = re.compile(r"[.,;:!?](?=\s|$)|\n")
_PREDICATE: Final = re.compile(
    r"[\s*_\"')]*(?:is|are|was|were|has|have|contains?|consists?|equals?|means?|refers)\b",
    re.IGNORECASE,
)
_SAYS_WHICH: Final = re.compile(r"\b(?:most|least|answer|correct|right|\w{3,}est)\b", re.IGNORECASE)


def is_behind_than(among: Sequence[Word], index: int) -> bool:
    """Whether what stands there is only compared with: "than the number 7.91"."""
    for back in range(index - 1, max(-1, index - 4), -1):
        if among[back].text == "than":
            return True
        if among[back].text not in _NOUNS:
            return False
    return False


def asked_side(asked: Question) -> tuple[int, int] | None:
    """Of which scale a question asks for more (0) or less (1)."""
    found = (_SIDES.get(word.text) for word in words(asked.text))
    return next(filter(None, found), None)


def turned(
    found: Sequence[Mention], text: str, among: Sequence[Word], asked: Question
) -> list[Mention]:
    """The mentions, where a sentence compares by the opposite of what was asked the other way.

    "7.91 is smaller than 7.95" denies 7.91 and asserts 7.95 if the larger was asked for.
    """
    side = asked_side(asked)
    if side is None or not found:
        return list(found)
    turned = list(found)
    places = [
        (word.start, word.end) for word in among if _SIDES.get(word.text) == (side[0], 1 - side[1])
    ]
    if side[0] == _SIZE:
        places += [m.span() for m in _SIGN.finditer(text) if (m[0] == "<") == (side[1] == 0)]
    starts = [mention.start for mention in found]
    for start, end in places:
        thing = bisect_left(starts, end)
        subject = bisect_left(starts, start) - 1
        if subject >= 0 and _BREAK.search(text, found[subject].end, start):
            subject = -1
        if thing == len(found) or _BREAK.search(text, end, starts[thing]):
            thing = -1
        compared = thing >= 0 and (found[thing].negated or text[start:end] in "<>")
        if subject >= 0:
            turned[subject] = replace(found[subject], negated=True)
        if compared:
            turned[thing] = replace(found[thing], negated=False)
        elif thing >= 0 and subject < 0:
            turned[thing] = replace(found[thing], negated=True)
    return turned


def is_beside_the_point(clause: str, mention_ends: Sequence[int], asked: Question) -> bool:
    """Whether a clause tells something else of an option than the comparison that was asked."""
    side = asked_side(asked)
    if side is None or _SAYS_WHICH.search(clause):
        return False
    if any(_SIDES.get(word.text, (-1, 0))[0] == side[0] for word in words(clause)):
        return False
    return any(_PREDICATE.match(clause, end) for end in mention_ends)
