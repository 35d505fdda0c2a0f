"""Thoughts of no words: what stands before an answer that is to be given without thinking."""

from __future__ import annotations

from functools import cache

from pytest_quant.thinking import marks
from pytest_quant.thinking.marks import Family


def empty_thought(template: str) -> str:
    """As a model writes it whose chat template speaks of thinking; empty for other models.

    Of several families that one counts whose mark stands first.
    """
    text = marks.plain(template)
    found = [
        (text.find(mark), place)
        for place, family in enumerate(marks.families())
        for mark in (*family.open, *family.close)
        if family.open and mark in text
    ]
    if not found:
        return ""
    family = marks.families()[min(found)[1]]
    return family.empty or f"{family.open[0]}\n\n{family.close[0]}\n\n"


def shut(opened: str, before: str) -> str:
    """What ends the thinking that is open at the end of a prompt, nothing having been thought."""
    family = _of(opened)
    if family is None:
        return ""
    if family.shut:
        return family.shut
    close = family.close[family.open.index(_spelt(opened, family)) % len(family.close)]
    return f"{'' if before.endswith(chr(10)) else chr(10)}\n{close}\n\n"


def has_thought(reply: str) -> bool:
    """Whether a reply holds a mark of thinking, so that it stands behind its own thoughts."""
    kinds = ("open", "close", "phrase open")
    return any(mark.kind in kinds for mark in marks.find(marks.plain(reply)))


@cache
def _opening() -> frozenset[str]:
    return frozenset(mark for family in marks.families() for mark in family.open)


def opens_thinking(token: str) -> bool:
    """Whether the text of a token is a mark that opens thinking."""
    return token.strip() in _opening()


def _of(opened: str) -> Family | None:
    return next((f for f in marks.families() if _spelt(opened, f)), None)


def _spelt(opened: str, family: Family) -> str:
    """The mark of a family that this one is, however it is written."""
    text = marks.plain(opened).lower()
    return next((mark for mark in family.open if marks.plain(mark).lower() == text), "")
