"""Reads how a running time grows, such as O(n log n), as chat models write it."""

from __future__ import annotations

import re

from pytest_quant.checkers import final_answer

_BIG_O = re.compile(
    r"(?:\b(?:O|Theta)|\\mathcal ?\{O\}|\\Theta|\u0398) ?"
    r"\((?P<inside>(?:[^()\n]|\([^()\n]{1,40}\)){1,60})\)"
)
_SPELLINGS = (
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"\\(?:log|lg|ln)|\blg\b|\bln\b"), "log"),
    (re.compile(r"log(?:_\{?2\}?|2|\u2082)"), "log"),
    (re.compile(r"\u00b2"), "^2"),
    (re.compile(r"\\cdot|\\times|[\s*\u00b7\u00d7{}\\$]"), ""),
    (re.compile(r"log\(([a-z])\)"), r"log\1"),
)


def stated_growth(text: str) -> str:
    """The growth that a cleaned response states in the end, spelt plainly; ``""`` for none."""
    for begin in reversed(final_answer.announcements(text)):
        if match := _BIG_O.search(text, begin):
            return plain_growth(match["inside"])
    found = [*_BIG_O.finditer(text)]
    return plain_growth(found[-1]["inside"]) if found else ""


def plain_growth(inside: str) -> str:
    """One spelling for n log n, n * log(n), N \\log_2 N: ``nlogn``."""
    inside = inside.lower()
    for spelling, plain in _SPELLINGS:
        inside = spelling.sub(plain, inside)
    return inside
