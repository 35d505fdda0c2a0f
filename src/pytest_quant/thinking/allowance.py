"""What a reply may still hold: thinking and answer each have a limit of their own."""

from __future__ import annotations

from pytest_quant.thinking import marks

# So many characters before the end of a reply hold any mark that ends there.
WINDOW = 120
# With which most marks end.
_BRACKETS = ">]\u25b7\uff1e"
_QUOTES = "\"'`\u201c\u2018\u00ab"


class Allowance:
    """Follows one reply while it is written, and counts what of it is thinking, in tokens.

    ``opened`` is the mark of thinking that the prompt left open, or empty. What is neither is the
    answer, the words before the first mark among it.
    """

    def __init__(self, opened: str, answer: int, thinking: int) -> None:
        self._opened: str = next((mark.kind for mark in marks.find(marks.plain(opened))), "")
        self._answer, self._thinking = answer, thinking
        self._thought = self._since = 0

    @property
    def limit(self) -> int:
        """How many tokens the reply may have in all, if it goes on as it does."""
        if self._opened:
            return self._since - self._thought + self._thinking
        return self._thought + self._answer

    def thought(self, count: int) -> int:
        """How many of the first ``count`` tokens, all that there are, are thinking."""
        return self._thought + (count - self._since if self._opened else 0)

    def see(self, tail: str, fresh: int, count: int) -> None:
        """Take note of the marks that end in the last ``fresh`` characters of a reply.

        ``tail`` is its end, of ``WINDOW`` characters or all; ``count`` the tokens that it has.
        """
        text = marks.plain(tail)
        for mark in marks.find(text):
            if mark.end <= len(text) - fresh:
                continue
            before = text[mark.start - 1 : mark.start]
            if before and before in _QUOTES:
                continue
            if self._opened:
                is_end = mark.kind in ("close", "loose close") or (
                    mark.kind == "phrase close" and self._opened == "phrase open"
                )
                if is_end:
                    self._thought += count - self._since
                    self._opened, self._since = "", count
                continue
            is_first = not text[: mark.start].strip()
            if mark.kind == "open" or (mark.kind == "phrase open" and is_first):
                # The mark itself, of a token or more, counts as the answer's.
                self._opened, self._since = mark.kind, count


def may_end_a_mark(piece: str) -> bool:
    """Whether a mark may be complete with this piece of text: what else comes is not looked at."""
    if any(bracket in piece for bracket in _BRACKETS):
        return True
    return bool(piece) and any(
        mark.endswith(piece) or piece.endswith(mark) for mark in marks.ending_in_words()
    )
