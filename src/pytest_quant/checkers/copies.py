"""Takes sentences of the prompt out of a response: who repeats what was said answers nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache

from pytest_quant.checkers.final_answer import Sentences
from pytest_quant.checkers.words import Phrase, Word, words

# A shorter sentence ("Is it?") may well be part of an answer.
_FEWEST_WORDS = 3
_ARTICLE = re.compile(r"\b(?:the|an?) +$", re.IGNORECASE)
# "Uma is older than Sam, so she is the oldest" is no copy.
_ENDS = re.compile(r"[ *_\"')\]]*(?:[.!?;\n]|$)")
_JOINS = re.compile(r"[ *_\"')\]]*,")
_MARKS = " *_\"'([-#>\t"


def without_sentences(text: str, prompt: str, least: int) -> str:
    """``text`` with the whole sentences of the cleaned ``prompt`` that stand in it blanked out.

    Nothing is if they are fewer than ``least``: the one that was asked for may be quoted.
    """
    known = _sentences(prompt)
    among = _words(text)
    spelled = tuple(word.text for word in among)
    kept = list(text)
    index = found = 0
    separators = ".!?\n" if least > 1 else ".!?\n,;"
    while index < len(spelled):
        sentences = known.get(spelled[index : index + _FEWEST_WORDS], ())
        copy = next((s for s in sentences if spelled[index : index + len(s)] == s), None)
        start = _start(text, among[index].start)
        if copy is None or not _begins(text, start, separators):
            index += 1
            continue
        end, behind = among[index + len(copy) - 1].end, index + len(copy)
        goes_on = spelled[behind : behind + _FEWEST_WORDS] in known
        if not _ENDS.match(text, end) and not (goes_on and _JOINS.match(text, end)):
            index += 1
            continue
        kept[start:end] = " " * (end - start)
        index += len(copy)
        found += 1
    return "".join(kept) if found >= least else text


def _words(text: str) -> list[Word]:
    """The words of a text; in capitals an article looks like a name."""
    return [word for word in words(text) if word.text != "a"]


def _start(text: str, offset: int) -> int:
    """Where the words at an offset start, with the article before them."""
    article = _ARTICLE.search(text, max(0, offset - 8), offset)
    return article.start() if article else offset


def _begins(text: str, offset: int, separators: str) -> bool:
    """Whether a sentence begins there; "Answer: ..." goes on."""
    while offset and text[offset - 1] in _MARKS:
        offset -= 1
    return not offset or text[offset - 1] in separators


@lru_cache(maxsize=64)
def _sentences(prompt: str) -> dict[Phrase, list[Phrase]]:
    """The sentences of a prompt by their first words, the longest first."""
    found: dict[Phrase, set[Phrase]] = defaultdict(set)
    for span in Sentences(prompt).between(0, len(prompt)):
        sentence = tuple(word.text for word in _words(prompt[span.start : span.end]))
        if len(sentence) >= _FEWEST_WORDS:
            found[sentence[:_FEWEST_WORDS]].add(sentence)
    return {first: sorted(many, key=len, reverse=True) for first, many in found.items()}
