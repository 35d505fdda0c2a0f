"""Tasks about what reads the same from both ends, by one rule or another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

from pytest_quant.probes.generators.programming import Call, Variant, task_of, with_tests


def palindrome(rng: Random) -> dict[str, Any]:
    """A task with its tests, in which about half of what is asked is a palindrome."""
    return with_tests(task_of(rng, _VARIANTS, ("is_mirrored", "palindrome", "mirror", "both_ways")))


def _letters(rng: Random) -> str:
    """A short text that is, or almost is, the same from both ends."""
    half = "".join(rng.choice("abcde") for _ in range(rng.randint(1, 4)))
    text = half + half[::-1][rng.randint(0, 1) :]
    if rng.random() < 0.5:
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice("abcde") + text[at + rng.randint(0, 1) :]
    return text


def _decorated(rng: Random) -> tuple[str]:
    """With capitals, spaces and marks strewn in."""
    pieces = [rng.choice((c, c, c.upper(), f"{c} ", f"{c}, ", f"{c}!")) for c in _letters(rng)]
    return ("".join(pieces).strip(),)


def _spaced(rng: Random) -> tuple[str]:
    return ("".join(rng.choice((c, c, f"{c} ")) for c in _letters(rng)).strip(),)


def _is_mirrored(values: Sequence[Any]) -> bool:
    return values == values[::-1]


def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _longest(text: str) -> int:
    ends = [(i, j) for i in range(len(text)) for j in range(i + 1, len(text) + 1)]
    return max((j - i for i, j in ends if _is_mirrored(text[i:j])), default=0)


_TEXTS: tuple[Call, ...] = (("",), ("a",), ("ab",), ("abba",), ("abcba",), ("abca",), ("Abba",))
_OF_TEXT = "takes a text and returns"
_SAME_BOTH_WAYS = "reads the same forwards and backwards"
_VARIANTS = (
    Variant(
        f"{_OF_TEXT} whether it {_SAME_BOTH_WAYS}, character by character",
        _is_mirrored,
        lambda rng: (_letters(rng),),
        (*_TEXTS, ("ab a",)),
    ),
    Variant(
        f"{_OF_TEXT} whether it {_SAME_BOTH_WAYS}, where a capital letter is the same as a small "
        "one",
        lambda text: _is_mirrored(text.lower()),
        lambda rng: ("".join(rng.choice((c, c.upper())) for c in _letters(rng)),),
        (*_TEXTS, ("a b",)),
    ),
    Variant(
        f"{_OF_TEXT} whether it {_SAME_BOTH_WAYS} if only letters and digits count and a capital "
        "letter is the same as a small one",
        lambda text: _is_mirrored(_plain(text)),
        _decorated,
        (*_TEXTS, ("1, 2!1",), ("?!",), ("0P",)),
    ),
    Variant(
        f"{_OF_TEXT} whether it {_SAME_BOTH_WAYS} if spaces are left out and nothing else is",
        lambda text: _is_mirrored(text.replace(" ", "")),
        _spaced,
        (*_TEXTS, ("a b,a",), ("A ba",)),
    ),
    Variant(
        "takes a whole number and returns whether its decimal digits read the same forwards and "
        "backwards; no negative number does",
        lambda number: _is_mirrored(str(number)),
        lambda rng: (
            int("".join(rng.choice((h, h[::-1])) for h in (str(rng.randint(1, 99)),) * 2)),
        ),
        ((0,), (7,), (10,), (11,), (-11,), (121,), (1231,), (12_321,)),
    ),
    Variant(
        "takes a whole number that is not negative and returns whether its binary digits, without "
        "leading zeros, read the same forwards and backwards",
        lambda number: _is_mirrored(f"{number:b}"),
        lambda rng: (rng.choice((rng.randint(0, 99), 2 ** rng.randint(1, 8) + 1)),),
        ((0,), (1,), (2,), (5,), (9,), (10,), (27,), (28,)),
    ),
    Variant(
        f"takes a list of whole numbers and returns whether it {_SAME_BOTH_WAYS}, number by number",
        _is_mirrored,
        lambda rng: (["abcde".index(c) * 7 for c in _letters(rng)],),
        (([],), ([12],), ([12, 21],), ([1, 12, 1],), ([1, 2],)),
    ),
    Variant(
        f"{_OF_TEXT} whether its words, which single spaces part, are in the same order from the "
        "first to the last as from the last to the first",
        lambda text: _is_mirrored(text.split()),
        lambda rng: (
            " ".join({"a": "go", "b": "we", "c": "on"}.get(c, "up") for c in _letters(rng)),
        ),
        (("",), ("ab ba",), ("ab cd ab",), ("noon",), ("ab",)),
    ),
    Variant(
        f"{_OF_TEXT} whether its characters can be put into an order that {_SAME_BOTH_WAYS}",
        lambda text: sum(count % 2 for count in Counter(text).values()) <= 1,
        lambda rng: ("".join(rng.sample(word := _letters(rng), len(word))),),
        (*_TEXTS, ("aabb",), ("aabbc",), ("aabbcd",)),
    ),
    Variant(
        f"{_OF_TEXT} whether it {_SAME_BOTH_WAYS} after at most one character is taken out of it",
        lambda t: _is_mirrored(t) or any(_is_mirrored(t[:i] + t[i + 1 :]) for i in range(len(t))),
        lambda rng: (_letters(rng),),
        (*_TEXTS, ("abcd",), ("deeee",), ("abcdba",)),
    ),
    Variant(
        f"{_OF_TEXT} the length of the longest part of it, without a gap, that {_SAME_BOTH_WAYS}",
        _longest,
        lambda rng: (_letters(rng) + _letters(rng),),
        (*_TEXTS, ("abcbd",), ("aaaa",), ("xyabbaq",)),
    ),
    Variant(
        f"{_OF_TEXT} how many of its characters have to be replaced at least so that it "
        f"{_SAME_BOTH_WAYS}",
        lambda t: sum(a != b for a, b in zip(t, reversed(t), strict=True)) // 2,
        lambda rng: ("".join(rng.choice("abc") for _ in range(rng.randint(2, 7))),),
        (*_TEXTS, ("abcd",), ("abcde",)),
    ),
)
