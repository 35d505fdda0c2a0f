"""Model output as harmless text of bounded width, and numbers of things."""

from __future__ import annotations

import unicodedata
from itertools import accumulate

from pytest_quant.base.amounts import counted as counted
from pytest_quant.base.harmless import harmless, pieces

_DOTS = "..."


def shown(text: str, width: int = 60) -> str:
    """``text`` on one line, made harmless.

    Takes at most ``width`` columns of a terminal; what does not fit ends in dots.
    """
    shown_as = pieces(text[: width + 1])
    ends = list(accumulate(map(_columns, shown_as)))
    if not ends or ends[-1] <= width:
        return "".join(shown_as)
    room = width - len(_DOTS)
    return "".join(p for p, end in zip(shown_as, ends, strict=True) if end <= room) + _DOTS


def paragraphs(text: str, most: int) -> str:
    """``text`` with its line breaks and tabs, and other control and bidi characters as escapes.

    Of more than ``most`` characters the beginning and the end are kept, with a note between them.
    """
    if len(text) > most:
        tail = most // 3
        note = f"\n[... {len(text) - most:,} characters ...]\n"
        text = text[: most - tail] + note + text[len(text) - tail :]
    return harmless(text, "\n\t")


def _columns(piece: str) -> int:
    """East Asian characters take two columns, no other takes more than one."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in piece)
