r"""Where in a cleaned response its final answer stands.

Shared by all checkers. Three grades of evidence, strongest first: a box (``\boxed{}``,
``<answer>``), an announcement ("the answer is", "Answer:"), and the way the text concludes
(bold type, "so", "in total"). What stands in a box or behind an announcement is ``explicit``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of the cleaned text."""

    start: int
    end: int


_MOST_BOXES = 16
_BOX = re.compile(r"\\(?:boxed|fbox) ?\{")
_ANSWER_TAG = re.compile(r"<answer>", re.IGNORECASE)
_ANSWER_TAG_END = re.compile(r"</answer>", re.IGNORECASE)
_ANNOUNCED = re.compile(
    r"""
    \b(?:answers?|ans|(?:correct|right|best|final)[ ](?:option|choice|statement|conclusion|result
        |value|verdict)|(?:conclusion|verdict|result)(?=[*_ ]*:)
    )\b(?!-)
    (?:
        [^.\n:=]{0,60}?(?:
            \b(?:is|are|was|were|be|being|equals|becomes|comes[ ]to)\b(?:[ ](?:equal[ ])?to\b)?
            |[:=]
        )
        |(?=[ *_"'`]*+\n)
        |(?=[ ][*_"'`$]*-?[0-9])
    )
    |\bi[ ](?:would[ ])?(?:choose|pick|select|go[ ]with)\b
    |(?<!\#)[#]{4}(?!\#)
    |^[ \t*_>-]*(?-i:A)(?:\*\*|__)?:
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_LETTERED = re.compile(r"^[ \t*_>-]*B(?:\*\*|__)?[:.)]", re.MULTILINE)
_LETTER_A = re.compile(r"(?<!\w)A(?:\*\*|__)?:$")
_CORRECTION = re.compile(
    r"""
    \b(?:wait|hold[ ]on|scratch[ ]that|strike[ ]that|correction|oops|whoops|my[ ]mistake|my[ ]bad
        |i[ ]made[ ](?:a|an)[ ](?:mistake|error)|(?:that|this)(?:'s|[ ]is)[ ](?:wrong|incorrect)
        |let[ ]me[ ](?:re|correct|fix)\w*|i[ ]meant?|make[ ]that|apologies|actually)\b
    |\bno,
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Points that end no sentence: of titles, before a number, and where it goes on in lower case.
_TITLES = ("mr", "mrs", "ms", "dr", "st", "mt", "prof", "vs", "approx", "e.g", "i.e", "cf")
_BEFORE_NUMBERS = ("no", "nos", "fig", "eq")
_WITHIN = ("jr", "sr", "inc", "ltd", "co", "etc", "a.m", "p.m", "u.s", "u.k")


def _behind(words: tuple[str, ...], unless: str = "") -> str:
    return "".join(rf"(?<!\b{re.escape(word)}(?=\.{unless}))" for word in words)


_SENTENCE_END = re.compile(
    # What stands before is looked at only where a sentence may end.
    r"\n|(?=[.!?;])"
    rf"{_behind(_TITLES)}{_behind(_BEFORE_NUMBERS, ' ?[0-9]')}{_behind(_WITHIN, ' (?-i:[a-z])')}"
    r"[.!?;]+(?=[\s*_\"')]|$)",
    re.IGNORECASE,
)
_TURN = r"(?:question|q|user|human|instruction|problem)"
_NEXT_TURN = re.compile(
    rf"^[ \t*#]*{_TURN}\b[ \t*]*(?:[0-9]{{1,3}}[ \t*]*)?:",
    re.IGNORECASE | re.MULTILINE,
)
_VERIFICATION = re.compile(
    r"^[ \t*#-]*(?:(?:let's|let us|let me|we can|to)[ ])?(?:double[- ]?)?"
    r"(?:check|verif(?:y|ication)|sanity check|note|explanation|proof)\b",
    re.IGNORECASE | re.MULTILINE,
)


def boxed(text: str) -> Span | None:
    """The inside of the last box or answer tag; it may lack its end where the text was cut."""
    boxes = [*_BOX.finditer(text)]
    tags = [*_ANSWER_TAG.finditer(text)]
    if tags and (not boxes or tags[-1].start() > boxes[-1].start()):
        start = tags[-1].end()
        end = _ANSWER_TAG_END.search(text, start)
        return Span(start, end.start() if end else len(text))
    return _inside(text, boxes[-1].end()) if boxes else None


def boxes(text: str) -> list[Span]:
    """The insides of all boxes, in order: several where several quantities were asked for."""
    return [_inside(text, box.end()) for box in [*_BOX.finditer(text)][-_MOST_BOXES:]]


def _inside(text: str, start: int) -> Span:
    """From ``start``, behind an opening brace, to the brace that closes it or the end."""
    depth = 1
    for end in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return Span(start, end)
    return Span(start, len(text))


def announcements(text: str) -> list[int]:
    """Where the announced answers begin, in order: behind "the answer is", "Answer:", "####".

    A line that begins with "A:" announces one, too, unless another one begins with "B:".
    """
    found = [*_ANNOUNCED.finditer(text)]
    lettered = _LETTERED.search(text) is not None
    return [match.end() for match in found if not (lettered and is_letter(text, match.end()))]


def is_letter(text: str, begin: int) -> bool:
    """Whether the announcement that ends at an offset is "A:", which may name an option."""
    return _LETTER_A.search(text, max(0, begin - 8), begin) is not None


def last_correction(text: str, start: int) -> int | None:
    """Where the last self-correction behind ``start`` begins ("no, wait, it is 42")."""
    last = None
    for match in _CORRECTION.finditer(text, start):
        last = match.end()
    return last


def own_turn(text: str) -> str:
    """``text`` up to where the model goes on to invent the user's next question."""
    for match in _NEXT_TURN.finditer(text):
        if any(character.isalnum() for character in text[: match.start()]):
            return text[: match.start()]
    return text


def names_turn(text: str) -> bool:
    """Whether a text names a label that begins a turn, such as the user of a dialogue."""
    return re.search(rf"\b{_TURN}\b", text, re.IGNORECASE) is not None


def before_verification(text: str) -> str:
    """``text`` up to a paragraph that only checks or explains the answer again."""
    for match in _VERIFICATION.finditer(text):
        if match.start() > 0:
            return text[: match.start()]
    return text


class Sentences:
    """The sentences and lines of a text; finding the one at an offset takes logarithmic time."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._spans: list[Span] = []
        begin = 0
        for match in _SENTENCE_END.finditer(text):
            self._add(begin, match.end())
            begin = match.end()
        self._add(begin, len(text))
        self._ends = [span.end for span in self._spans]

    def _add(self, start: int, end: int) -> None:
        if any(character.isalnum() for character in self._text[start:end]):
            self._spans.append(Span(start, end))

    def between(self, start: int, end: int) -> Iterator[Span]:
        """The sentences between two offsets, in order, the first and the last cut to fit."""
        for span in self._spans[bisect_right(self._ends, start) :]:
            if span.start >= end:
                return
            yield Span(max(span.start, start), min(span.end, end))

    def end(self, offset: int) -> int:
        """Where the sentence that holds ``offset``, or the next one, ends."""
        while offset < len(self._text) and not self._text[offset].isalnum():
            offset += 1
        index = bisect_right(self._ends, offset)
        return self._ends[index] if index < len(self._ends) else offset


_BOLD = re.compile(r"\*\*(?=\S)([^*\n]{1,300})\*\*")


def bold_spans(text: str) -> list[Span]:
    """What is set in bold, except headings and labels (those that a colon ends or follows)."""
    return [
        Span(match.start(1), match.end(1))
        for match in _BOLD.finditer(text)
        if not match[1].rstrip().endswith(":") and not text.startswith(":", match.end())
    ]
