"""Where a text mentions one of a few options, and whether it asserts or denies it there."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from pytest_quant.checkers import comparing
from pytest_quant.checkers.answering import Question
from pytest_quant.checkers.mention import Mention
from pytest_quant.checkers.units import unit_name
from pytest_quant.checkers.words import Phrase, Word, is_negated, occurrences, words

# What follows a capital A that is an option and no article.
_AS_NAME = re.compile(r" +(?:or|and|is|was|seems|looks)\b", re.IGNORECASE)
_BOX_END = re.compile(r" *\}")
# Behind this sign an option is only compared with; a quote, a tag and an arrow are none.
_GREATER = re.compile(r"(?<=[^\s][ ])>[ *_$(]{0,6}$")
# "The radio is too wide for the bag": what stands behind these is not what the sentence is about.
_ASIDE = frozenset({"in", "into", "inside", "for"})
# ... but "so it must be in the bag" says where something is.
_PLACED = frozenset({"is", "be"})
_DOES_NOT = re.compile(
    r"[\s*_\"')]*(?:(?:does|do|did|is|are|was|were|will|would|has|have|ca|could)(?: not\b|n't\b)"
    r"|cannot\b|can not\b)(?! belong)",
    re.IGNORECASE,
)
# A letter between signs is a variable: "y = kt + C", "W = m * G".
_SIGN_BEFORE = re.compile(r"[=+/^\u00d7\u00b7]\s?$|\s[-*]\s$")
_SIGN_BEHIND = re.compile(r"\s?[+/^\u00d7\u00b7]\s?[\w(]|(?:\s[-*]\s|\s?=\s?)(?:[0-9(]|\w\b)")
_ANSWER_EQUALS = re.compile(r"\b(?:answer|option|choice)\W{0,4}=\s?$", re.IGNORECASE)
# "A false dilemma" is the name of a fallacy.
_NAMES = frozenset(
    {"dilemma", "dichotomy", "premise", "equivalence", "analogy", "cause", "positive", "negative"}
)
_QUOTED = re.compile(r"\"([^\"\n]{1,400})\"")
_QUOTED_WORDS = 3
_NUMBER = re.compile(r"(?<![\w.,/-])[0-9]+(?:\.[0-9]+)?(?![\w/]|[.,][0-9])")
_LATIN_LENGTH = 5


def mentions(text: str, spelled: Mapping[Phrase, str], asked: Question) -> list[Mention]:
    """Every mention of an option, in order; a longer option hides a shorter one inside it."""
    among = words(text)
    forms = _forms(spelled)
    quoted = [match.span(1) for match in _QUOTED.finditer(text) if match[0] != text.strip()]
    found: list[Mention] = []
    taken: set[int] = set()
    for wanted, index, end in _places(text, among, forms):
        covered = range(index, bisect_left(among, end, index, key=lambda word: word.start))
        if not taken.isdisjoint(covered) or not _is_option(wanted, among, index, text):
            continue
        if _is_quoted(text, among[index], wanted, quoted):
            continue
        taken.update(covered)
        start = among[index].start
        before = among[index - 1].text if index else ""
        greater = _GREATER.search(text, max(0, start - 12), start) is not None
        denied = is_negated(index, among, text) or comparing.is_behind_than(among, index) or greater
        if not asked.is_negative and _DOES_NOT.match(text, end):
            denied = True
        placed = index > 1 and among[index - 2].text in _PLACED
        found.append(Mention(forms[wanted], start, end, denied, before in _ASIDE and not placed))
    found.sort(key=lambda mention: mention.start)
    return comparing.turned(found, text, among, asked)


def _forms(spelled: Mapping[Phrase, str]) -> dict[Phrase, str]:
    """The options in the forms that a sentence gives them: birds, Insecta."""
    forms = dict(spelled)
    for wanted, option in spelled.items():
        for ending in _inflected(wanted[-1]):
            forms.setdefault((*wanted[:-1], ending), option)
    return forms


def _inflected(word: str) -> Iterator[str]:
    if len(word) < 3 or not word.isalpha():
        return
    yield f"{word}s"
    yield f"{word}es"
    if word.endswith("y"):
        yield f"{word[:-1]}ies"
    if len(word) >= _LATIN_LENGTH:
        # The Latin names of classes: Insecta, Mammalia, Reptilia, Amphibia.
        yield from (f"{word}a", f"{word}ia", f"{word.removesuffix('e')}ia", word.removesuffix("n"))


def _places(
    text: str, among: Sequence[Word], forms: Mapping[Phrase, str]
) -> Iterator[tuple[Phrase, int, int]]:
    """The options found, the longest first: each with the index of its first word and its end."""
    numbers: dict[Decimal, Phrase] = {}
    for wanted in sorted(forms, key=len, reverse=True):
        if _NUMBER.fullmatch(forms[wanted]):
            numbers[Decimal(forms[wanted])] = wanted
            continue
        for index in occurrences(wanted, among):
            yield wanted, index, among[index + len(wanted) - 1].end
    for match in _NUMBER.finditer(text) if numbers else ():
        # 9.480 is 9.48, and 19.48 is another number.
        if len(match[0]) <= 40 and (same := numbers.get(Decimal(match[0]))):
            yield same, bisect_left(among, match.start(), key=lambda word: word.start), match.end()


def _is_quoted(text: str, word: Word, wanted: Phrase, quoted: Sequence[tuple[int, int]]) -> bool:
    """Whether a word stands in a quotation of more than an answer."""
    index = bisect_right(quoted, word.start, key=lambda span: span[0]) - 1
    if index < 0 or quoted[index][1] <= word.start:
        return False
    start, end = quoted[index]
    return len(words(text[start:end])) > len(wanted) + _QUOTED_WORDS


def _is_option(wanted: Phrase, among: Sequence[Word], index: int, text: str) -> bool:
    """Whether a mention is one: "no" and single letters are often ordinary words."""
    word = among[index]
    if len(wanted) > 1 or wanted[0].isdigit():
        return True
    if len(wanted[0]) > 1 and wanted[0] != "no":
        following = among[index + 1].text if index + 1 < len(among) else ""
        named = wanted[0] in ("true", "false") and following in _NAMES
        counted = index > 0 and among[index - 1].text.isdigit() and unit_name(wanted[0]) is not None
        return not (named or counted)
    written = text[word.start : word.end]
    before, after = text[word.start - 1 : word.start], text[word.end : word.end + 1]
    marked = (
        after in (")", "]", "*", ".", ":", ",", "")
        or before in ("(", "[", "{", '"')
        or _BOX_END.match(text, word.end) is not None
    )
    if wanted[0] == "no":
        return marked or after in ("!", ";", "\n") or before == "*"
    if _is_variable(text, word):
        return False
    named = written not in ("A", "I") or _AS_NAME.match(text, word.end) is not None
    return marked or (written.isupper() and named)


def _is_variable(text: str, word: Word) -> bool:
    ahead = text[max(0, word.start - 24) : word.start]
    if _ANSWER_EQUALS.search(ahead):
        return False
    return bool(_SIGN_BEFORE.search(ahead) or _SIGN_BEHIND.match(text, word.end))
