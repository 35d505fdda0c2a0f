"""Which sentence of a response answers the question; later ones count where they correct it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pytest_quant.base.conversation import last_turn
from pytest_quant.checkers.cleaning import clean
from pytest_quant.checkers.final_answer import Sentences, Span
from pytest_quant.checkers.words import words

_STOP = frozenset(
    {
        "a", "an", "the", "of", "or", "and", "not", "in", "on", "at", "to", "for", "with", "from",
        "by", "as", "than", "then", "that", "this", "these", "those", "it", "its", "is", "are",
        "was", "were", "be", "been", "do", "does", "did", "has", "have", "had", "will", "would",
        "can", "could", "may", "might", "must", "should", "what", "which", "who", "whom", "whose",
        "where", "when", "why", "how", "there", "here", "one", "two", "you", "your", "i",
        "me", "my", "we", "our", "reply", "name", "give", "write", "say", "tell", "word", "please",
        "answer", "after", "number", "question", "report", "quiz", "more", "following", "statement",
    }
)  # fmt: skip
_CONCLUDES = re.compile(
    r"\b(?:so|therefore|thus|hence|consequently|in conclusion|conclusion|leaves|finally|must be"
    r"|odd one out|(?:does not|doesn't) belong|overall|which means"
    r"|this means|that means|in short|ultimately)\b",
    re.IGNORECASE,
)
_TURNS = re.compile(
    r"[\s*_\"'(>,;-]*(?:but|however|wait|actually|no,|correction|in fact|in reality|rather"
    r"|on second|sorry|oops|scratch|instead)\b",
    re.IGNORECASE,
)
_DOUBTED = re.compile(
    r"\b(?:at first|at first glance|may|might|could|would|seems?|looks?|appears?|suppose|assume"
    r"|(?:people|some|many|you|one)(?: \w+)? (?:think|believe|say|assume|call|mistake)s?"
    r"|(?:often|commonly|sometimes|mistakenly|wrongly) (?:called|thought|believed|confused|mistaken"
    r"|considered|taken)|myth|misconception|for example|e\.g|unlike|similar to|related to)\b"
    r"|^[\s*_\"'(>-]*(?:if|although|though|while|is it|are they)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"[\s*_\"'(>-]*(?:(?:so|and|but|therefore|thus|hence|actually|then),? )*"
    r"(?:it|they|this|that|he|she|these|those)(?:'s|'re)?\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"(?:;|, (?:and|while|whereas|but|although|though)\b|\b(?:while|whereas)\b)"
    r"(?=[^.;\n]{0,80}\b(?:is|are|was|were|has|have|does|do|can|belongs?|the)\b)",
    re.IGNORECASE,
)
_VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|does|do|did|can|belongs?)\b", re.IGNORECASE)
_NEGATIVE = re.compile(r"\b(?:not|except|odd one out)\b|n't\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """What a prompt asks: the words of its question, and whether it asks what is *not* so."""

    words: frozenset[str]
    text: str = ""

    @property
    def is_negative(self) -> bool:
        return _NEGATIVE.search(self.text) is not None


@lru_cache(maxsize=256)
def question(prompt: str | None, besides: frozenset[str] = frozenset()) -> Question:
    """The question of a prompt: what ends with a question mark, else its last sentence.

    Of a conversation that of the last turn. ``besides`` are words of the possible answers, which
    tell nothing.
    """
    if not prompt:
        return Question(frozenset())
    text = clean(last_turn(prompt)).text
    sentences = [text[s.start : s.end] for s in Sentences(text).between(0, len(text))]
    asked = [s for s in sentences if s.rstrip(" *_\"')").endswith("?")] or sentences[-1:]
    spoken = " ".join(asked)
    found = {_root(word.text) for word in words(spoken)} - _STOP
    return Question(frozenset(found - {_root(word) for word in besides}), spoken)


def clauses(text: str, sentences: Sentences, begin: int = 0) -> Iterator[Span]:
    """The sentences of a text from an offset on, those of several statements taken apart."""
    for span in sentences.between(begin, len(text)):
        begin = span.start
        for match in _CLAUSE.finditer(text, span.start, span.end):
            if _VERB.search(text, begin, match.start()):
                yield Span(begin, match.start())
                begin = match.start()
        yield Span(begin, span.end)


def answering(text: str, spans: Sequence[Span], stating: Sequence[bool], asked: Question) -> int:
    """The index of the span that answers, among those that are ``stating`` something; else -1."""
    chosen, reached, doubted = -1, -1, True
    before = 0
    for index, span in enumerate(spans):
        said = text[span.start : span.end]
        own = len(asked.words & {_root(word.text) for word in words(said)})
        # "It is a bird" says of what was spoken of what it says.
        relevance = max(own, before) if _PRONOUN.match(said) else own
        before = relevance
        if not stating[index] or said.rstrip(" *_\"')").endswith("?"):
            continue
        doubt = _DOUBTED.search(said) is not None
        decides = _CONCLUDES.search(said) is not None or _TURNS.match(said) is not None
        better = relevance > reached or (doubted and relevance == reached)
        if chosen < 0 or (not doubt and (decides or doubted or better)):
            chosen, reached, doubted = index, relevance, doubt
    return chosen


def _root(word: str) -> str:
    """A word without the ending of a plural."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
