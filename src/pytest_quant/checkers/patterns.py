"""How an answer fails: the error patterns of responses without an answer, and of wrong numbers."""

from __future__ import annotations

import re
from typing import Final

SEVERAL: Final = "several answers"
# What contradicts the passage, and what it does not contain.
WRONG_ENTRY: Final = "wrong entry"
MADE_UP: Final = "hallucinated fact"
MISSING: Final = "missing fact"
# A mark of which nobody knows whether it encloses thinking.
UNKNOWN_MARK: Final = "unknown mark"
# Why a response that only thinks is truncated.
ONLY_THINKS: Final = "the thinking of the response never ended"

_DECLINES = re.compile(
    r"""
    \bas[ ]an?[ ](?:ai|artificial|large[ ]language|language[ ]model)\b
    |\bi(?:[ ]am|'m)[ ](?:sorry|afraid)\b[^.!?\n]{0,30}?\b(?:can't|cannot|unable|don't|not)\b
    |\bi[ ](?:can't|cannot|can[ ]not|could[ ]not|couldn't|won't|will[ ]not)\b
    |\bi(?:[ ]am|'m)[ ](?:unable|not[ ](?:able|sure|certain|allowed))\b
    |\bi[ ](?:don't|do[ ]not|really[ ]don't)[ ](?:know|have[ ](?:enough|access|the))\b
    |\bi[ ]have[ ]no[ ]idea\b
    |^\W*(?:idk|no[ ]idea|unknown|not[ ]sure)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_UNDECIDED = re.compile(
    r"\b(?:cannot|can't|can not) be (?:determined|answered|computed|calculated|known)\b",
    re.IGNORECASE,
)
_WEAK_REFUSAL = re.compile(r"\b(?:i'm|i am) (?:sorry|afraid)\b|\bsorry\b", re.IGNORECASE)

_LOOP_WINDOW = 400  # words looked at, from the end
_LOOP_PERIOD = 60
_LOOP_REPEATS = 4
_LOOP_WORDS = 12
_LOOP_CHARACTERS = 60


def is_empty(text: str) -> bool:
    """Nothing in ``text`` could be an answer: no letter, no digit, no symbol."""
    return not any(character.isalnum() or character in "\u221a\u221e\u2205" for character in text)


def declines(text: str) -> bool:
    """The response says that it will not, cannot or does not know how to answer."""
    return _DECLINES.search(text) is not None


def is_refusal(text: str) -> bool:
    """The response declines to answer, or says that nobody can."""
    return declines(text) or _UNDECIDED.search(text) is not None


def is_loop(text: str) -> bool:
    """The response ends by repeating a group of words, or of characters, over and over."""
    words = text[-8 * _LOOP_WINDOW :].split()[-_LOOP_WINDOW:]
    return _cycles(words, _LOOP_WORDS) or _cycles(
        "".join(text[-_LOOP_WINDOW:].split()), _LOOP_CHARACTERS
    )


def _cycles(items: list[str] | str, least: int) -> bool:
    for period in range(1, min(_LOOP_PERIOD, len(items) // _LOOP_REPEATS) + 1):
        length = period
        while length < len(items) and items[-1 - length] == items[-1 - length + period]:
            length += 1
        if length >= max(least, _LOOP_REPEATS * period):
            return True
    return False


_WORD = re.compile(r"\w+")
_LONG = 15_000  # characters of a response that may have lost its beginning


def is_echo(text: str, prompt: str | None, *, whole: bool = False) -> bool:
    """The response only repeats the prompt.

    Unless ``whole``, repeating half of the prompt, or four or more words up to its end (the
    question behind a long passage), is an echo too.
    """
    if not prompt:
        return False
    words, asked = _plain(text), _plain(prompt)
    count = len(words.split())
    if not count or not words.replace(asked, " ").strip():
        return count > 0
    if len(text) > _LONG and asked.strip():
        # Of a very long response only the end is there, perhaps from the middle of a word on.
        end = words.partition("  ")[2]
        if end and f" {end}" in asked * (2 + len(end) // len(asked)):
            return True
    if whole or count < 4 or words not in asked:
        return False
    behind = asked[asked.rindex(words) + len(words) :]
    return 2 * count >= len(asked.split()) or len(behind.split()) <= 3


def _plain(text: str) -> str:
    """The words, each between spaces of its own, so that two echoes in a row share none."""
    return "".join(f" {word} " for word in _WORD.findall(text.casefold()))


def given_up(text: str, *, refused: bool, truncated: bool) -> tuple[str, str] | None:
    """The pattern and the reason why what was found in a response is not its answer, if so."""
    if refused:
        return "refused", "the response declines to answer"
    if is_loop(text):
        return "loop", "the response repeats itself"
    if truncated:
        return "truncated", "the response was cut at its length limit before an answer"
    return None


def missing_pattern(text: str, *, truncated: bool, announced: bool) -> tuple[str, str]:
    """The pattern and the reason of a response in which no answer was found."""
    refused = is_refusal(text) or _WEAK_REFUSAL.search(text) is not None
    if problem := given_up(text, refused=refused, truncated=truncated):
        return problem
    if announced:
        return "no answer", "the response announces an answer and gives none"
    return "format", "no answer in the form asked was found"
