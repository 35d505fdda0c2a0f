"""How far a text has degenerated into repeating itself: pure statistics of its words.

Coarse quantization makes models repeat themselves long before they write nonsense.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import eq

_LONGEST_PERIOD = 30
# Shorter responses have no room to degenerate.
FEWEST_WORDS = 20
# A response loops if more than this share of its words only repeat those just before them.
LOOPING = 0.2


def distinct_share(words: Sequence[str], n: int) -> float:
    """The share of different n-grams among all: 1 where none returns, near 0 in a loop.

    Distinct-n of Li et al., "A Diversity-Promoting Objective Function for Neural Conversation
    Models" (NAACL 2016). It falls with the length of a text, so compare texts of one length.
    A text shorter than ``n`` words has a share of 1.
    """
    if n < 1:
        raise ValueError(f"found n = {n}, expected 1 or more")
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 1.0


def loop_share(words: Sequence[str], longest: int = _LONGEST_PERIOD) -> float:
    """The share of the words that only repeat, in place, the group of words just before them.

    A word counts if it belongs to a repetition of the ``p`` words before it, for some period
    ``p`` up to ``longest``: "on and on and on" has a share of 3/5.
    """
    looping = bytearray(len(words))
    for period in range(1, min(longest, len(words) // 2) + 1):
        # Few words return at most periods: counting them is quick, walking along them is not.
        if sum(map(eq, words[period:], words)) < period:
            continue
        begin = period
        while begin < len(words):
            end = begin
            while end < len(words) and words[end] == words[end - period]:
                end += 1
            if end - begin >= period:
                looping[begin:end] = b"\1" * (end - begin)
            begin = end + 1
    return sum(looping) / len(words) if words else 0.0


def is_looping(words: Sequence[str]) -> bool:
    """Whether more than a fifth of a response of some length only repeats what stands before it."""
    return len(words) >= FEWEST_WORDS and loop_share(words) > LOOPING


def copied_share(words: Sequence[str], source: Sequence[str], n: int) -> float:
    """The share of the n-grams of ``words`` that also stand in ``source``."""
    if n < 1:
        raise ValueError(f"found n = {n}, expected 1 or more")
    known = {tuple(source[i : i + n]) for i in range(len(source) - n + 1)}
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    return sum(gram in known for gram in grams) / len(grams) if grams else 0.0
