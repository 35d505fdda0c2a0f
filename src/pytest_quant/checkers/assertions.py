"""What a long text asserts: where a phrase stands in it, in any inflection, and is not denied.

A phrase is matched by the stems of its words within one sentence; ``...`` in it leaves room for
a few others. What is negated, called a myth, asked, or taken back in the next sentence is not
asserted.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pytest_quant.checkers.words import words

_GAPS = re.compile(r"\.\.\.|\u2026")
_GAP = 8  # words that "..." may stand for
_REACH = 5  # words back to a "not" that denies: "does not usually stand for good luck"
_NEAR = 3  # words back to "rather than"
_LONGEST_WORD = 40

_NEGATIONS = frozenset(
    {"not", "never", "neither", "nor", "no", "nobody", "none", "nothing", "without", "hardly"}
)
_NO_NEGATION = frozenset({"only", "just", "merely", "simply", "solely", "doubt", "wonder"})
_INSTEAD = frozenset({("rather", "than"), ("instead", "of"), ("opposed", "to"), ("far", "from")})
_NEW_CLAUSE = frozenset(
    {"but", "yet", "because", "since", "although", "though", "while", "whereas", "so", "which"}
)
_SENTENCE_END = re.compile(
    r"(?<![.!?;])[.!?;]++(?=[\s*_\"')\]]|$)|\n(?=[ \t]*(?:\n|[-*+#>|]|[0-9]{1,2}[.)]))"
)
_CLAUSE_END = re.compile(r"[,.;:!?\n(]|\u2014|\u2013| - ")

_BELIEFS = r"(?:belief|idea|notion|claim|view|assumption|impression)s?"
_DENIED_AHEAD = re.compile(
    rf"""
    \b(?:myths?|misconceptions?|contrary[ ]to|legend|supposedly|once[ ]thought|not[ ]true)\b
    |\b(?:false|wrong|incorrect|mistaken)(?:ly)?[ ](?:that|to[ ]\w+|believe\w*|th[io]\w+
        |assume\w*|{_BELIEFS})\b
    |\b(?:people|some|many)[ ](?:\w+ly[ ]|often[ ])?(?:think|believe|assume|say)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_FALSE = r"(?:false|wrong|incorrect|untrue|mistaken|not[ ](?:true|right|correct|the[ ]case))"
_DENIED_BEHIND = re.compile(
    rf"\b(?:is|are|was|were|being)[ ](?:\w+ly[ ])?(?:(?:an?[ ])?(?:\w+[ ]){{0,2}}"
    rf"(?:myth|misconception)|{_FALSE})\b",
    re.IGNORECASE | re.VERBOSE,
)
_CONTRAST = re.compile(
    r"\b(?:but|in fact|actually|in reality|in truth|however|rather)\b", re.IGNORECASE
)
_TAKEN_BACK = re.compile(
    rf"""
    [\s*_"'(-]*(?:
        (?:no,[ ])?wait\b|scratch[ ]that|correction\b|sorry\b|oops\b|my[ ]mistake
        |(?:but[ ]|no,[ ]|actually,?[ ])?(?:that|this|it)(?:[ ]is|[ ]was|'s)[ ]
            (?:\w+ly[ ])?(?:{_FALSE}|(?:an?[ ])?(?:\w+[ ])?(?:myth|misconception))
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)

# The parts of a phrase between its "...", each as stems.
Pattern = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the text, by its stem, and the sentence and clause that it belongs to."""

    text: str
    stem: str
    start: int
    sentence: int
    clause: int


@lru_cache(maxsize=4096)
def pattern(phrase: str) -> Pattern:
    """What to look for; ``ValueError`` if the phrase, or a part of it, holds no word."""
    # The last word of a text may be a letter; that of a phrase is an article if it looks like one.
    written = (re.sub(r"(?<=\w)\s+(?:an?|the)\s*$", "", part) for part in _GAPS.split(phrase))
    parts = tuple(tuple(_stem(word) for word, _ in _plain_words(part)) for part in written)
    if () in parts:
        raise ValueError(f"the phrase {phrase!r} needs a word on each side of every '...'")
    return parts


class Reading:
    """A cleaned text, read once so that many phrases can be looked for in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._sentences = _Sentences(text)
        self.tokens = list(_tokens(text, self._sentences))
        self._places: dict[str, list[int]] = defaultdict(list)
        for index, token in enumerate(self.tokens):
            self._places[token.stem].append(index)

    def asserted(self, wanted: Pattern) -> Iterator[Token]:
        """The first words of the places at which the text asserts the phrase, in order."""
        for own in self._matches(wanted):
            first, last = self.tokens[own[0]], self.tokens[own[-1]]
            if not (self._is_negated(own) or self._sentences.deny(first, last)):
                yield first

    def mentioned(self, wanted: Pattern) -> Iterator[Token]:
        """The first words of all places at which the phrase stands."""
        return (self.tokens[own[0]] for own in self._matches(wanted))

    def sentence(self, number: int) -> str:
        """The text of a sentence."""
        return self.text[self._sentences.start(number) : self._sentences.ends[number]]

    def ahead_of(self, token: Token, most: int = 160) -> str:
        """The text of the token's sentence before it, the last characters of it."""
        begin = max(self._sentences.start(token.sentence), token.start - most)
        return self.text[begin : token.start]

    def sentence_at(self, offset: int) -> int:
        """The number of the sentence that holds an offset."""
        return bisect_right(self._sentences.ends, offset)

    def _matches(self, wanted: Pattern) -> Iterator[list[int]]:
        """The indices of the words of each place; behind a gap, the nearest continuation."""
        for first in self._places.get(wanted[0][0], ()):
            own = self._run(wanted[0], first)
            for part in wanted[1:]:
                behind = range(own[-1] + 1, own[-1] + 2 + _GAP) if own else range(0)
                rest = next(filter(None, (self._run(part, index) for index in behind)), [])
                own = own + rest if rest else []
            if own and self.tokens[own[0]].sentence == self.tokens[own[-1]].sentence:
                yield own

    def _run(self, part: tuple[str, ...], first: int) -> list[int]:
        """The indices of ``part`` if it stands at ``first``, word for word."""
        found = self.tokens[first : first + len(part)]
        same = tuple(token.stem for token in found) == part
        return list(range(first, first + len(part))) if same else []

    def _is_negated(self, own: list[int]) -> bool:
        """Whether a "not" shortly before the place, or between its words, denies it."""
        inside = (index for index in range(own[0], own[-1]) if index not in own)
        if any(map(self._negates, inside)):
            return True
        first = own[0]
        for index in range(first - 1, max(-1, first - 1 - _REACH), -1):
            if self.tokens[index].clause != self.tokens[first].clause:
                return False
            if self._negates(index):
                return True
            pair = (self.tokens[index].text, self.tokens[index + 1].text)
            if pair in _INSTEAD and first - index <= _NEAR:
                return True
        return False

    def _negates(self, index: int) -> bool:
        if self.tokens[index].text not in _NEGATIONS:
            return False
        following = self.tokens[index + 1 : index + 2]
        return not (following and following[0].text in _NO_NEGATION)


@dataclass(frozen=True, slots=True)
class _Denials:
    """Where a sentence begins or ends to deny what it says, and where it turns against that."""

    ahead: tuple[int, ...]
    behind: tuple[int, ...]
    contrasts: tuple[int, ...]
    withdrawn: bool

    def turn(self, low: int, high: int) -> bool:
        """Whether a "but" or "in fact" stands between two offsets."""
        return bisect_left(self.contrasts, low) < bisect_left(self.contrasts, high)


class _Sentences:
    """The sentences of a text by number, and what each says of its own truth."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.ends = [*(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
        self._known: dict[int, _Denials] = {}

    def start(self, number: int) -> int:
        return self.ends[number - 1] if number else 0

    def deny(self, first: Token, last: Token) -> bool:
        """Whether what stands from one word to another is a myth, a question or taken back."""
        denials = self._denials(first.sentence)
        ahead = denials.ahead[: bisect_right(denials.ahead, first.start)][-1:]
        behind = denials.behind[bisect_right(denials.behind, last.start) :][:1]
        return (
            denials.withdrawn
            or any(not denials.turn(low, first.start) for low in ahead)
            or any(not denials.turn(last.start, high) for high in behind)
        )

    def _denials(self, number: int) -> _Denials:
        if number not in self._known:
            begin, end = self.start(number), self.ends[number]
            text = self.text[begin:end]
            question = text.rstrip(" *_\"')]\n").endswith("?")
            self._known[number] = _Denials(
                tuple(begin + match.end() for match in _DENIED_AHEAD.finditer(text)),
                tuple(begin + match.start() for match in _DENIED_BEHIND.finditer(text)),
                tuple(begin + match.start() for match in _CONTRAST.finditer(text)),
                question or _TAKEN_BACK.match(self.text, end) is not None,
            )
        return self._known[number]


def _tokens(text: str, sentences: _Sentences) -> Iterator[Token]:
    sentence = clause = reached = 0
    for word, start in _plain_words(text):
        while sentences.ends[sentence] <= start:
            sentence += 1
        if word in _NEW_CLAUSE or _CLAUSE_END.search(text, reached, start):
            clause += 1
        reached = max(reached, start)
        yield Token(word, _stem(word), start, sentence, clause)


def _plain_words(text: str) -> Iterator[tuple[str, int]]:
    """Words in normal form and where they start; "can't" and "cannot" are two words."""
    for word in words(text):
        if word.text == "cannot" or (word.text.endswith("n't") and len(word.text) > 3):
            yield word.text[:3] if word.text == "cannot" else word.text[:-3], word.start
            yield "not", word.end - 1
        else:
            yield word.text, word.start


def _stem(word: str) -> str:
    return _stemmed(word) if len(word) <= _LONGEST_WORD else word


@lru_cache(maxsize=8192)
def _stemmed(word: str) -> str:
    return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")
