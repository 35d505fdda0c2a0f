"""Thinking that the first line of a reply announces in plain words: a heading, a block, a fold.

Such words have other uses, too. They count only as the first words of a reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pytest_quant.thinking import marks

# What may stand before a heading, and its marks. A star with a space behind begins a list.
_LEAD = r"(?:>[ \t]?)?(?:[\u2600-\u27bf\U0001f300-\U0001faff]\ufe0f?[ \t]?)?"
_DECOR = (
    r"(?:#{1,6}[ \t]*[*_]{0,3}|[*_]{1,3}|[\[\u3010]|[=~-]{2,6}[ \t]?"
    r"|<(?:h[1-6]|b|strong|i|em|u)>(?:<(?:b|strong)>)?)"
)
_END = r"(?:[ \t]?[#*_\]\u3011=~-]{1,6}|(?:</\w{1,6}>){1,2}|)"
_COLON = r"[ \u00a0]?[:\uff1a]"
_FENCE = re.compile(r"[ \t]{0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)")
_BARE_HARMONY = re.compile(r"\s*(?P<mark>analysis|commentary)(?=[A-Z])")
_FINAL = "assistantfinal"
# A worked solution may begin with "Reasoning:", and then announces what it comes to.
_SOLVED = re.compile(
    r"####|\\boxed|\b(?:answer|result)(?: \w+){0,3} (?:is|are|equals)\b|\bfinal answer\b"
    r"|\banswer\s*:|\btherefore\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Announced:
    """Thinking that is announced by ``mark``; ``answer``: where the answer begins, if known.

    ``cut``: a thing with an end of its own that never came.
    """

    mark: str
    answer: int | None = None
    cut: bool = False


def announced(reply: str) -> Announced | None:
    """The thinking that a reply begins with by its own words, or None."""
    text = reply.translate(marks.SAME_WIDTH)
    return _block(text) or _fold(text) or _bare_harmony(text) or _heading(text)


def _block(text: str) -> Announced | None:
    """A block of code whose language is a word for thinking."""
    begin = len(text) - len(text.lstrip())
    opened = _FENCE.match(text, begin)
    if not opened or opened["info"].strip().lower() not in marks.announcing().blocks:
        return None
    inner, place = 0, opened.end()
    for line in text[opened.end() :].splitlines(keepends=True):
        place += len(line)
        fence = _FENCE.fullmatch(line.rstrip("\r\n"))
        if fence is None:
            continue
        if fence["info"].strip():
            inner += 1
        elif inner:
            inner -= 1
        elif fence["fence"].startswith(opened["fence"]):
            return Announced(opened[0], place)
    return Announced(opened[0], cut=True)


def _fold(text: str) -> Announced | None:
    """A part to unfold, as user interfaces show thinking."""
    opened = _patterns().fold.match(text)
    if not opened:
        return None
    depth = 1
    for tag in re.finditer(r"<(/?)details\b[^<>]{0,200}>", text[opened.end() :], re.IGNORECASE):
        depth += -1 if tag[1] else 1
        if not depth:
            return Announced(opened["mark"], opened.end() + tag.end())
    return Announced(opened["mark"], cut=True)


def _bare_harmony(text: str) -> Announced | None:
    """The channels of gpt-oss without the tokens around them."""
    opened = _BARE_HARMONY.match(text)
    if not opened:
        return None
    final = text.find(_FINAL, opened.end())
    return Announced(opened["mark"], final + len(_FINAL) if final >= 0 else None)


def _heading(text: str) -> Announced | None:
    patterns = _patterns()
    opened = patterns.thinking.match(text)
    if not opened or not any(map(str.isalnum, text[opened.end() :])):
        return None
    if answer := patterns.answer.search(text, opened.end()):
        return Announced(opened["mark"], answer.end())
    if (opened["solution"] or opened["title"]) and _SOLVED.search(text, opened.end()):
        return None
    return Announced(opened["mark"])


@dataclass(frozen=True, slots=True)
class _Patterns:
    thinking: re.Pattern[str]
    answer: re.Pattern[str]
    fold: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    words = marks.announcing()
    thinking, solution, answers = map(_any, (words.thinking, words.solution, words.answer))
    named = rf"(?:{thinking}|(?P<solution>{solution}))"
    lonely = r"[ \t]*(?:$|(?=<))"
    line = r"[ \t]*\n[=-]{3,60}[ \t]*$"
    # With a colon; or decorated and alone on its line; or above a line of its own; or with dots,
    # as a program says it; or in a comment of HTML.
    heading = (
        rf"\A\s*(?P<mark>{_LEAD}(?:{_DECOR}?{_LEAD}{named}{_END}{_COLON}{_END}"
        rf"|{_DECOR}{_LEAD}(?:{thinking}|(?P<title>{solution})){_END}{lonely}"
        rf"|{_LEAD}(?:{thinking})(?:{line}|(?:\.\.\.|\u2026){lonely})"
        rf"|<!--\s?(?:think|{thinking})\b))"
    )
    answer = (
        rf"(?:^|(?<=>))[ \t]{{0,8}}{_LEAD}(?:{_DECOR}?{_LEAD}(?:{answers}){_END}{_COLON}{_END}"
        rf"|{_DECOR}{_LEAD}(?:{answers}){_END}{lonely}"
        rf"|(?:{answers}){line}|(?:\.\.\.|\u2026)done thinking\.?)"
    )
    fold = (
        r"\A\s*(?P<mark><details\b[^<>]{0,200}>\s*<summary\b[^<>]{0,200}>"
        r"(?:[^\w<>]|<\w{1,8}>){0,12}(?:(?:click|show|view|see|expand|open|toggle|hide|to|the)\s){0,4}"
        rf"(?:{thinking}|{solution})(?:[^\w<>]|</\w{{1,8}}>){{0,12}}"
        r"(?:for [\w. ]{1,20}|\d[\w. ]{0,20})?(?:[^\w<>]|</\w{1,8}>){0,12}</summary>)"
    )
    flags = re.IGNORECASE | re.MULTILINE
    return _Patterns(*(re.compile(pattern, flags) for pattern in (heading, answer, fold)))


def _any(words: tuple[str, ...]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
