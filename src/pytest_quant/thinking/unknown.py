"""Notices marks that no known family uses and that may enclose thinking.

They are not removed: nobody can say what they enclose. Nor are they judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_quant.thinking import marks
from pytest_quant.thinking.mentions import Mentions

_NAME = rf"[^\W\d_][\w\u2581:.|*{marks.UNSEEN}-]{{0,40}}"
_UNSEEN = re.compile(f"[{marks.UNSEEN}]")
# Brackets that are quotes, too, or that show a tag instead of setting it.
_SHY = "\u2039\u00ab\u276e\u226a\u300c\u300e&"
_BRACKETS = "<[{(\u25c1\u25c0\u3010\u27e8\u300a\u3008\u3014\u3016" + _SHY
# <name>, </name>, <|name|>, <|name>, <name|>, [NAME], {name}, (name), and what other scripts have.
_MARK = re.compile(
    r"(?P<bracket>[<\u25c1\u25c0\u3010\u27e8\u300a\u3008\u3014\u3016"
    rf"\u2039\u00ab\u276e\u226a\u300c\u300e]|&(?:lt|#60|#x3c);)[|{marks.UNSEEN}]?(?P<slash>/?)"
    rf"[|{marks.UNSEEN}]?(?P<name>{_NAME}?)(?:[ \t][^<>\n]{{0,60}})?[|]?"
    r"(?:[>\u25b7\u25b6\u3011\u27e9\u300b\u3009\u3015\u3017"
    r"\u203a\u00bb\u276f\u226b\u300d\u300f]|&(?:gt|#62|#x3e);)"
    rf"|[\[{{(](?P<square_slash>/?)(?P<square>[^\W\d_][\w:.{marks.UNSEEN}-]{{1,40}})[\]}})]"
)
_GREETING = re.compile(
    r"\s*(?:(?:sure|okay|ok|certainly|of course|absolutely|great|hello|hi|hey|yes|alright|well"
    r"|got it|right|no problem|understood|good question|happy to|i'd be happy|好的|当然|你好)"
    r"[^<\n.!:,]{0,40}[.!:,\n\u3002\uff01\uff0c]\s*){1,2}(?:[^<\n.!:]{0,40}[.!:]\s*)?",
    re.IGNORECASE,
)
_ANGLES = "<\u25c1\u25c0"
_CLOSES = ("end", "close", "stop")
# The parts of a name, one of which may say that it closes: <|end_plan|>, <|plan:end|>.
_PARTS = re.compile(r"[\W\d_]+")


def unknown_mark(answer: str) -> str:
    """A mark that may enclose thinking, as it is written; empty if there is none.

    Known marks have been read by now. A mark is noticed wherever it stands if its name speaks of
    thinking; and if it is the first word of the answer, whatever its name, unless it encloses all.
    """
    text = marks.plain(answer)
    if not any(bracket in text for bracket in _BRACKETS):
        return ""
    known = {(mark.start, mark.end) for mark in marks.find(text) if mark.kind != "loose close"}
    mentions = Mentions(text)
    found = [
        match
        for match in _MARK.finditer(text)
        if match.span() not in known and not mentions.is_quoted(*match.span())
    ]
    closed = {_name(match) for match in found if match["slash"] or match["square_slash"]}
    for match in found:
        if _speaks_of_thinking(match) and not mentions.covers(*match.span()):
            # In other brackets there are stage directions and headings.
            angle = text[match.start()] in _ANGLES
            begins = _is_loud(match) and mentions.is_first(0, match.start())
            if match["bracket"] and text[match.start()] in _SHY:
                if begins and _is_no_quote(match, text, closed):
                    return answer[match.start() : match.end()]
            elif angle or begins or _name(match) in closed:
                return answer[match.start() : match.end()]
    first = found[0] if found and _is_loud(found[0]) else None
    if first is None or text[first.start()] in _SHY:
        return ""
    begins = mentions.is_first(0, first.start())
    greets = bool(_GREETING.fullmatch(text, 0, first.start())) and _is_closed(first, found)
    if (begins or greets) and _opens_something(first, found, text):
        return answer[first.start() : first.end()]
    return ""


def _is_no_quote(match: re.Match[str], text: str, closed: set[str]) -> bool:
    """Whether words in brackets that quote are a mark: it is closed, or has no space behind."""
    if _name(match) in closed or text[match.start()] in "&\u2039\u276e\u226a":
        return True
    # Chinese and Japanese have no space after a quotation.
    return text[match.start()] == "\u00ab" and text[match.end() : match.end() + 1].isalnum()


def _is_closed(first: re.Match[str], found: list[re.Match[str]]) -> bool:
    return any(_name(first) in _closed_names(match) for match in found if match is not first)


def _speaks_of_thinking(match: re.Match[str]) -> bool:
    name = _name(match)
    parts = _PARTS.split(name)
    return any(word in parts if len(word) < 4 else word in name for word in marks.unknown().words)


def _is_loud(match: re.Match[str]) -> bool:
    """Whether a mark is more than a word in brackets."""
    return not match["square"] or (match["square"].isupper() and match[0].startswith("["))


def _name(match: re.Match[str]) -> str:
    return _UNSEEN.sub("", match["name"] or match["square"] or "").lower().strip("|")


def _opens_something(first: re.Match[str], found: list[re.Match[str]], text: str) -> bool:
    """Whether an answer begins with a mark that encloses a part of it, or never ends."""
    name = _name(first)
    if first["slash"] or first["square_slash"] or name in marks.unknown().plain_names:
        return False
    last = None
    for match in found[1:]:
        if name in _closed_names(match):
            last = match
    if last is None:
        # An unclosed <|token|> or [TAG] is common; an unclosed tag with words behind it is not.
        # In <Paris> the name is the answer.
        written = first["name"] or ""
        tag = text[first.start()] == "<" and "|" not in first[0] and not written.istitle()
        return tag and _has_words(text[first.end() :])
    return _has_words(text[last.end() :])


def _closed_names(match: re.Match[str]) -> Iterator[str]:
    name = _name(match)
    if match["slash"] or match["square_slash"]:
        yield name
    parts = [part for part in _PARTS.split(name) if part]
    if any(part in _CLOSES for part in parts):
        rest = [part for part in parts if part not in _CLOSES]
        yield "_".join(rest)
        for opening in ("begin", "start", "open"):
            yield "_".join([opening, *rest])
            yield "_".join([*rest, opening])


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)
