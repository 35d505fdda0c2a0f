"""Takes away what stands beside the terms of a list and is none of them: "x_1 =", "(for n = 2)"."""

from __future__ import annotations

import re
from typing import Final

# Stands for a label that begins a line: it separates, and is no part of any number.
MARK: Final = "\x00"
LEADS_TO: Final = re.compile(r"[=:\u2248]|\\approx")

_INDEX = (
    r"(?:_?\{?[0-9]{1,3}\}?|_?[\u2080-\u2089]{1,3}|[_^]?\{?\([0-9]{1,3}(?:,[ ]?[0-9]{1,3})?\)\}?"
    r"|_?\[[0-9]{1,3}\])"
)
_LABEL = re.compile(
    rf"""
    (?<![\w\\^/.])(?:[a-z]{_INDEX}|(?:step|term|iterat(?:ion|e))[ ][0-9]{{1,3}})
        [ ]?&?(?:{LEADS_TO.pattern})
    |(?<![\w.,])(?:for[ ])?[0-9]{{1,3}}[ ][a-z]{{2,12}}[ ]?:
    |(?<=[0-9][ ])\((?:for|at|after|with)\b[^()\n]{{1,40}}\)
    |\b(?:the[ ])?(?:quotient|remainder)\b(?:[ ]?[:=]|[ ]is\b)?
    |(?<=[0-9][ ])R(?=[ ]?[0-9])
    """,
    re.IGNORECASE | re.VERBOSE,
)


def without_labels(text: str) -> str:
    """``text`` with spaces in place of labels, so that all else stays where it is.

    A label that begins a line leaves a ``MARK``: what stands on another line is another list.
    """

    def blank(match: re.Match[str]) -> str:
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        begins = not any(character.isalnum() for character in before)
        return (MARK if begins else " ") + " " * (len(match[0]) - 1)

    return _LABEL.sub(blank, text)
