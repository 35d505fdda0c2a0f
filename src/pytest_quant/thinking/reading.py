"""Separates the answer of a reply from the thinking before it.

A mark counts where it stands for itself. One that is named, in quotes or in code, is part of the
answer; but the first words of a reply are its form, whatever stands around them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_quant.thinking import marks
from pytest_quant.thinking.announced import announced
from pytest_quant.thinking.marks import Mark
from pytest_quant.thinking.mentions import Mentions
from pytest_quant.thinking.unknown import unknown_mark

# What stands between the name of a channel and its words.
_CHANNEL = re.compile(r"<\|(?:message|content|sep)\|>")


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer in a reply.

    ``cut``: thinking that never ended is the last of it. ``unknown``: a mark that is not known
    and may enclose thinking, or empty; then nobody can say what of ``text`` is the answer.
    """

    text: str
    cut: bool = False
    unknown: str = ""


def read(reply: str) -> Reading:
    """What a reply says outside its thinking.

    A closing mark without an opening one ends thinking that the prompt began. The marks around
    an answer are dropped where they enclose all of it. Another's turn is not read.
    """
    text = marks.plain(reply)
    mentions = Mentions(text)
    kept = _Kept()
    begin, opened, theirs, answered, closed = 0, "", False, False, False
    own = -1  # where the name of a further turn of the model's own ended
    for mark in marks.find(text):
        if own >= 0:
            # The channel of the answer begins such a turn: what came before was another channel.
            if mark.kind == "close" and not closed and not text[own : mark.start].strip():
                kept.clear()
                begin, own, closed = mark.end, -1, True
            elif mark.kind == "own":
                own = mark.end
            elif mark.kind == "turn":
                break
            continue
        if opened:
            if _closes(mark, opened) and not mentions.is_quoted(mark.start, mark.end):
                opened, begin, closed = "", mark.end, True
            continue
        before = reply[begin : mark.start]
        said = not theirs and (kept.has_words or _has_words(before))
        first = not said and mentions.is_first(begin, mark.start)
        if mentions.is_quoted(mark.start, mark.end):
            continue
        if not first and mentions.covers(mark.start, mark.end):
            continue
        match mark.kind:
            case "open":
                kept.add(before)
                opened = mark.kind
            case "phrase open" if first:
                opened = mark.kind
            case "close":
                kept.clear()
                begin, theirs, closed = mark.end, False, True
            case "loose close" if first:
                begin = mark.end
            case "answer" if not answered:
                answered = True
                # What is marked as the answer is it, whatever came before.
                said_before = "\n".join([kept.text, before, "answer"])
                if unknown_mark(said_before) or announced(said_before):
                    kept.clear()
                    begin = mark.start
            case "turn" | "own" if said:
                kept.add(before)
                begin = len(reply)
                if mark.kind == "turn":
                    break
                own = mark.end
            case "turn" | "own":
                theirs, begin = mark.kind == "turn", mark.end
            case _:
                pass
    if opened:
        return Reading(kept.text, cut=True)
    if not theirs:
        kept.add(reply[begin:])
    answer = _unwrapped(kept.text)
    thought = announced(answer)
    if thought is None:
        return Reading(answer, unknown=unknown_mark(answer))
    if thought.cut:
        return Reading("", cut=True)
    if thought.answer is None:
        return Reading(answer, unknown=thought.mark)
    answer = answer[thought.answer :]
    return Reading(answer, unknown=unknown_mark(answer))


class _Kept:
    """The pieces of a reply that are its answer."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.has_words = False

    def add(self, piece: str) -> None:
        self._pieces.append(piece)
        self.has_words = self.has_words or _has_words(piece)

    def clear(self) -> None:
        self._pieces.clear()
        self.has_words = False

    @property
    def text(self) -> str:
        return "\n".join(self._pieces)


def left_open(prompt_end: str) -> str:
    """The mark that the end of a prompt leaves open, so that the reply begins inside thinking."""
    opened = ""
    text = marks.plain(prompt_end)
    for mark in marks.find(text):
        if mark.kind == "open" or (mark.kind == "phrase open" and not opened):
            opened = prompt_end[mark.start : mark.end]
        elif mark.kind in ("close", "loose close", "phrase close"):
            opened = ""
    return opened


def closes_thinking(prompt_end: str) -> bool:
    """Whether the end of a prompt has thinking behind it, so that the reply is the answer."""
    kinds = [mark.kind for mark in marks.find(marks.plain(prompt_end))]
    return "close" in kinds or "loose close" in kinds


def only_marks(text: str) -> bool:
    """Whether a text is an empty thought: marks of thinking with nothing said between them."""
    plain, begin, found = marks.plain(text), 0, False
    for mark in marks.find(plain):
        if mark.kind in ("turn", "own") or _has_words(_CHANNEL.sub("", plain[begin : mark.start])):
            return False
        begin, found = mark.end, True
    return found and not _has_words(_CHANNEL.sub("", plain[begin:]))


def _closes(mark: Mark, opened: str) -> bool:
    return mark.kind in ("close", "loose close") or (
        mark.kind == "phrase close" and opened == "phrase open"
    )


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _unwrapped(answer: str) -> str:
    """An answer without the marks that enclose all of it."""
    text = marks.plain(answer)
    found = [mark for mark in marks.find(text) if mark.kind == "answer"]
    if not 1 <= len(found) <= 2:
        return answer
    first, last = found[0], found[-1]
    leads = not text[: first.start].strip()
    trails = not text[last.end :].strip()
    if len(found) == 2:
        return answer[first.end : last.start] if leads and trails else answer
    return answer[first.end :] if leads else answer[: first.start] if trails else answer
