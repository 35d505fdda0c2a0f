"""Notices marks that no known family uses and that may enclose thinking.

They are not removed: nobody can say what they enclose. Nor are they judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_quant.thinking import marks
from pytest_quant.thinking.mentions import Mentions

_NAME = r"[^\W\d_][\w\u2581:.|*-]{0,40}"
# <name>, </name>, <|name|>, <|name>, <name|>, [NAME], {name}, (name), and what other scripts have.
_MARK = re.compile(
    rf"(?P<bracket>[<\u25c1\u25c0\u3010\u27e8\u300a])[|]?(?P<slash>/?)[|]?(?P<name>{_NAME}?)"
    r"(?:[ \t][^<>\n]{0,60})?[|]?[>\u25b7\u25b6\u3011\u27e9\u300b]"
    r"|[\[{(](?P<square_slash>/?)(?P<square>[A-Za-z][\w:.-]{1,40})[\]})]"
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
    if not any(bracket in text for bracket in "<[{(\u25c1\u25c0\u3010\u27e8\u300a"):
        return ""
    known = {(mark.start, mark.end) for mark in marks.find(text)}
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
            if angle or begins or _name(match) in closed:
                return answer[match.start() : match.end()]
    first = found[0] if found and _is_loud(found[0]) else None
    if first and mentions.is_first(0, first.start()) and _opens_something(first, found, text):
        return answer[first.start() : first.end()]
    return ""


def _speaks_of_thinking(match: re.Match[str]) -> bool:
    name = _name(match)
    parts = _PARTS.split(name)
    return any(word in parts if len(word) < 4 else word in name for word in marks.unknown().words)


def _is_loud(match: re.Match[str]) -> bool:
    """Whether a mark is more than a word in brackets."""
    return not match["square"] or (match["square"].isupper() and match[0].startswith("["))


def _name(match: re.Match[str]) -> str:
    return (match["name"] or match["square"] or "").lower().strip("|")


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
