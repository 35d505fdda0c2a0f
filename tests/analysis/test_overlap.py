"""What two texts have in common, in whatever spelling."""

from __future__ import annotations

import pytest

from pytest_quant.analysis.overlap import RUN, shared

TEXT = "One day a fox met a crow who held a piece of cheese, and said: how well you sing! " * 3


@pytest.mark.parametrize(
    "other",
    [
        TEXT,
        TEXT.upper(),
        TEXT.replace(" ", "\r\n"),
        f"\ufeff{TEXT}\n\n",
        TEXT.replace(",", "").replace("!", " ..."),
        f"Before it. {TEXT} Behind it.",
    ],
)
def test_the_same_words_are_the_same_text(other: str) -> None:
    assert shared(TEXT, other) == 1.0


def test_a_part_is_a_part() -> None:
    words = [f"w{number}" for number in range(100)]
    whole, half = " ".join(words), " ".join(words[:50])
    assert shared(half, whole) == 1.0
    assert shared(whole, half) == pytest.approx((50 - RUN + 1) / (100 - RUN + 1))


def test_other_texts_share_nothing() -> None:
    assert (
        shared(TEXT, "A crow met a fox who held some cheese and said: how do you do? " * 3) == 0.0
    )
    assert shared("a few words", TEXT) == 0.0


def test_a_script_without_spaces() -> None:
    assert (
        shared(
            "\u72d0\u72f8\u898b\u5230\u4e86\u70cf\u9d09\u548c\u4e73\u916a",
            "\u72d0\u72f8 \u898b\u5230\u4e86\u70cf\u9d09 \u548c\u4e73\u916a\u3002",
        )
        == 1.0
    )
