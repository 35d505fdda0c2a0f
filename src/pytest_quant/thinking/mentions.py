"""Where a text only names a mark: between quotes, or in code."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

_QUOTES = {"`": "`", '"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019", "\u00ab": "\u00bb"}
_FENCE = re.compile(r"^[ \t]*(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)$", re.MULTILINE)
_INLINE = re.compile(r"(?<!`)(`{1,2})(?!`)[^`\n]{1,400}\1(?!`)")
# A literal that a program passes, compares or assigns.
_LITERAL = re.compile(r"[(\[,=+]\s?[rbfu]{0,2}([\"'])", re.IGNORECASE)
_CLOSING = re.compile(r"[<\[\u25c1]/[\w:|.-]{1,40}[>\]\u25b7]")
# What may stand before the first words of a reply: the fence of a block that holds all of it.
_NOTHING = re.compile(
    r"\s*(?:(?:`{3,}|~{3,})\w{0,12}[ \t]*\n)?[\s*_#>\"'\u201c`\u200b\u2060\ufeff]*"
)
_LINE = 400  # characters of a line that are looked at


class Mentions:
    """The quotes and the code of one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def is_first(self, begin: int, start: int) -> bool:
        """Whether nothing is said between two places."""
        return start - begin < _LINE and bool(_NOTHING.fullmatch(self._text, begin, start))

    def is_quoted(self, start: int, end: int) -> bool:
        """Whether a mark stands alone between quotes."""
        before, after = self._text[start - 1 : start], self._text[end : end + 1]
        return bool(after) and _QUOTES.get(before) == after

    def covers(self, start: int, end: int) -> bool:
        """Whether a mark is only named."""
        return (
            self.is_quoted(start, end) or self._is_literal(start, end) or self._is_code(start, end)
        )

    def _is_literal(self, start: int, end: int) -> bool:
        """Whether a mark begins, or ends, what a program writes between quotes."""
        text = self._text
        before = text[max(0, start - _LINE) : start].rpartition("\n")[2]
        after = text[end : end + _LINE].partition("\n")[0]
        opened = _LITERAL.search(before)
        if opened and opened.end() == len(before) and opened[1] in after:
            return True
        return any(after.startswith(literal[1]) for literal in _LITERAL.finditer(before))

    def _is_code(self, start: int, end: int) -> bool:
        index = bisect_right(self._code, (start, len(self._text)))
        return index > 0 and end <= self._code[index - 1][1]

    @cached_property
    def _code(self) -> list[tuple[int, int]]:
        """Inline code, and blocks that are complete."""
        spans = [match.span() for match in _INLINE.finditer(self._text)]
        opened: re.Match[str] | None = None
        for fence in _FENCE.finditer(self._text):
            if opened is None or fence["info"].strip():
                # A block that another begins in was never closed: what it holds may be anything.
                opened = fence
            elif fence["fence"].startswith(opened["fence"]):
                spans.append((opened.end(), fence.start()))
                opened = None
        return sorted(span for span in spans if not self._holds_a_lone_line(span))

    def _holds_a_lone_line(self, span: tuple[int, int]) -> bool:
        """Whether a closing tag, and no opening one, has a line to itself: thinking ends there."""
        lines = [line.strip() for line in self._text[slice(*span)].split("\n")]
        closing = [line for line in lines if _CLOSING.fullmatch(line)]
        return any(line.replace("/", "", 1) not in lines for line in closing)
