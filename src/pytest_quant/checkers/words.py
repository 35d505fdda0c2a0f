"""Normalised words of a text, and where a phrase stands among them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# C++ and C# are words of their own; an apostrophe holds "don't" together.
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?(?:\+\+|#)?")
_ARTICLES = frozenset({"a", "an", "the"})
_NEGATIONS = frozenset({"not", "never", "neither", "nor", "no", "cannot", "without"})
_INSTEAD = frozenset({("rather", "than"), ("instead", "of"), ("opposed", "to")})
_VERBS = frozenset({"is", "are", "was", "were"})
_REACH = 3  # words that may stand between "not" and what it denies: "not really a valid"
_CLAUSE_END = re.compile(r"[,.;:!?\n]|\u2014| - ")


@dataclass(frozen=True, slots=True)
class Word:
    """A word in normal form, and the characters of the text that it came from."""

    text: str
    start: int
    end: int


Phrase = tuple[str, ...]


def words(text: str) -> list[Word]:
    """The words of cleaned text without punctuation and articles; a capital A is no article."""
    matches = list(_WORD.finditer(text))
    return [
        Word(_folded(match.group()), match.start(), match.end())
        for index, match in enumerate(matches)
        if index == len(matches) - 1 or match.group() == "A" or not _is_article(match.group())
    ]


def phrase(text: str) -> Phrase:
    """The words to look for when ``text`` is expected; a leading article is none of them."""
    found = tuple(word.text for word in words(text))
    return found[1:] if len(found) > 1 and found[0] in _ARTICLES else found


def occurrences(wanted: Phrase, among: Sequence[Word]) -> list[int]:
    """The indices of the words at which ``wanted`` begins."""
    return [
        index
        for index, word in enumerate(among)
        if word.text == wanted[0]
        and tuple(w.text for w in among[index : index + len(wanted)]) == wanted
    ]


def is_negated(index: int, among: Sequence[Word], text: str) -> bool:
    """Whether the word at ``index`` is denied by one shortly before it in the same clause."""
    following, passed_verb = among[index], False
    for back in range(index - 1, max(-1, index - 2 - _REACH), -1):
        word = among[back]
        if word.text == "but" or _CLAUSE_END.search(text, word.end, following.start):
            return False
        if word.text == "not" or word.text.endswith("n't"):
            # "The one that does not belong is Rome" is no denial of Rome.
            return not passed_verb
        if word.text in _NEGATIONS:
            return True
        passed_verb = passed_verb or word.text in _VERBS
        if (word.text, following.text) in _INSTEAD and back == index - 2:
            return True
        following = word
    return False


def _is_article(word: str) -> bool:
    return word.casefold() in _ARTICLES


def _folded(word: str) -> str:
    """NFKC, without case, accents and the possessive s."""
    plain = word.casefold()
    if not word.isascii():
        decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return plain.removesuffix("'s") if len(plain) > 3 else plain
