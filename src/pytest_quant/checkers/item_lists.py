"""Finds the final list of things in a response: one a line, or in a row."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_quant.checkers import final_answer

_BULLET = re.compile(r"(?P<indent>[ \t]*)(?:\*\*)?(?:[-*\u2022+][ \t]+|\(?[0-9]{1,3}[.):][ \t]+)")
_BETWEEN = re.compile(r"\s*[;,|]\s*(?:and\s+)?|\s+and\s+|\s*\u2192\s*|\s*->\s*")
_SEMICOLON = re.compile(r"\s*[;|]\s*(?:and\s+)?")
# What only explains an item: "late payment (clause 4)", "late payment: the buyer ...".
_COMMENT = re.compile(r"\s*(?:\(|:\s|:$|\s[-\u2013\u2014]\s).*", re.DOTALL)
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
_TRIM = " \t\n.*_`\"'[]{}"
_MOST_ITEMS = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list: its ``head``, and the whole ``text`` with what explains it."""

    head: str
    text: str


def listed_items(text: str, wanted: int) -> tuple[list[Entry], bool]:
    """The entries of the announced list, else of the last one, and whether it is announced.

    Of lists in a row that are not announced the last with at least half of the ``wanted`` items
    counts, failing that the last.
    """
    region = _announced(text)
    if region is not None:
        return _first_list(region)[:_MOST_ITEMS], True
    if bulleted := _bulleted(text):
        return bulleted[:_MOST_ITEMS], False
    rows = [_in_a_row(part) for part in re.split(r"\n[ \t]*\n", text) if part.strip(_TRIM)]
    enough = [row for row in rows if 2 * len(row) >= wanted]
    return (enough or rows or [[]])[-1][:_MOST_ITEMS], False


def _first_list(text: str) -> list[Entry]:
    """The list with which a text begins."""
    lines = [line for line in text.split("\n") if line.strip(_TRIM)]
    if not lines or _BULLET.match(lines[0]) or lines[0].rstrip(_TRIM).endswith(":"):
        return _bulleted(text) or _in_lines(text) or _in_a_row(text)
    return _in_lines(text) or _in_a_row(text)


def _announced(text: str) -> str | None:
    """What stands in a box, or behind the last announcement that something follows."""
    box = final_answer.boxed(text)
    if box and text[box.start : box.end].strip():
        return text[box.start : box.end]
    for begin in reversed(final_answer.announcements(text)):
        if any(character.isalnum() for character in text[begin:]):
            corrected = final_answer.last_correction(text, begin)
            if corrected and any(character.isalnum() for character in text[corrected:]):
                return text[corrected:]
            return text[begin:]
    return None


def _bulleted(text: str) -> list[Entry]:
    """The entries of a list with bullets or numbers; what is indented below them explains them."""
    entries: list[tuple[int, str]] = []
    for line in text.split("\n"):
        if bullet := _BULLET.match(line):
            entries.append((len(bullet["indent"].expandtabs()), line[bullet.end() :]))
    outermost = min((indent for indent, _ in entries), default=0)
    return [_entry(entry) for indent, entry in entries if indent == outermost]


def _in_lines(text: str) -> list[Entry]:
    """One item a line, of the first block of lines; none unless there are several."""
    block = re.split(r"\n[ \t]*\n", text.strip(_TRIM))[0]
    lines = [line for line in block.split("\n") if line.strip(_TRIM)]
    if len(lines) < 2 or any(_SENTENCE_END.search(line.rstrip()[:-1]) for line in lines):
        return []
    return [_entry(line.rstrip(" ,;")) for line in lines]


def _in_a_row(text: str) -> list[Entry]:
    """The items of the first line that has any, up to the end of its sentence."""
    line = next((line for line in text.split("\n") if line.strip(_TRIM)), "")
    end = _SENTENCE_END.search(line)
    line = line[: end.start()] if end else line
    between = _SEMICOLON if ";" in line or "|" in line else _BETWEEN
    return [_entry(entry) for entry in between.split(line) if entry.strip(_TRIM)]


def _entry(text: str) -> Entry:
    plain = text.replace("*", "").replace("`", "")
    return Entry(_COMMENT.sub("", plain).strip(_TRIM), plain.strip(_TRIM))
