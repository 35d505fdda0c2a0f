"""Statistics of repetition, against counting by hand and against their own definitions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.checkers.degeneration import copied_share, distinct_share, loop_share

WORDS = st.lists(st.sampled_from("abcd"), max_size=40)


@pytest.mark.parametrize(
    ("text", "n", "share"),
    [
        ("a b c d", 1, 1.0),
        ("a b a b", 1, 0.5),
        ("a b a b", 2, 2 / 3),
        ("a a a a a", 3, 1 / 3),
        ("a b", 3, 1.0),
        ("", 1, 1.0),
    ],
)
def test_distinct_share(text: str, n: int, share: float) -> None:
    assert distinct_share(text.split(), n) == pytest.approx(share)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", 0.0),
        ("a", 0.0),
        ("on and on and on", 3 / 5),
        ("a a", 1 / 2),
        ("a b c a b c", 1 / 2),
        ("a b c d b c e", 0.0),
        ("x a b a b y", 2 / 6),
        ("a b a c a d", 0.0),
        ("a a b b c c", 1 / 2),
    ],
)
def test_loop_share(text: str, share: float) -> None:
    assert loop_share(text.split()) == pytest.approx(share)


def test_a_loop_longer_than_looked_for_is_none() -> None:
    words = [str(i) for i in range(10)] * 2
    assert loop_share(words) == 0.5
    assert loop_share(words, longest=9) == 0.0


def test_copied_share() -> None:
    source = ["the", "quick", "brown", "fox", "jumps"]
    assert copied_share(["the", "quick", "brown", "cat"], source, 2) == pytest.approx(2 / 3)
    assert copied_share(["the"], source, 2) == 0.0


@pytest.mark.parametrize("n", [0, -1])
def test_groups_have_a_length(n: int) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        distinct_share(["a"], n)
    with pytest.raises(ValueError, match="1 or more"):
        copied_share(["a"], ["a"], n)


@given(WORDS)
def test_loop_share_by_its_definition(words: list[str]) -> None:
    """A word loops if it lies in a stretch, as long as the period or longer, that repeats."""
    looping = {
        i
        for period in range(1, 31)
        for begin in range(period, len(words))
        for end in range(begin + period, len(words) + 1)
        if words[begin:end] == words[begin - period : end - period]
        for i in range(begin, end)
    }
    assert loop_share(words) == pytest.approx(len(looping) / max(1, len(words)))
    assert 0 <= distinct_share(words, 2) <= 1
