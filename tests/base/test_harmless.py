"""What is foreign is shown, and does nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_quant.base.harmless import bounded, harmless, message, pieces
from pytest_quant.errors import QuantUsageError

ANY = st.text(st.characters(codec=None))
JOINERS = "\u200c\u200d"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m\x85", r"\x9b31m\x85"),
        ("one\rtwo\x08", r"one\rtwo\x08"),
        ("\u202eabc\u2066\u200f\u061c", r"\u202eabc\u2066\u200f\u061c"),
        ("a\u200bb\u200cc\u200dd\ufeff\u2060\xad", r"a\u200bb\u200cc\u200dd\ufeff\u2060\xad"),
        ("\u3164\uffa0\u115f\u034f", r"\u3164\uffa0\u115f\u034f"),
        ("\U000e0041\ud800\udc80", r"\U000e0041\ud800\udc80"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
    ],
)
def test_what_acts_or_hides_becomes_an_escape(text: str, expected: str) -> None:
    assert harmless(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "plain ASCII, [31m and all",
        "\u901a\u4e49\u5343\u95ee\uff0c\u6df7\u5143",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian
        "\u0915\u094d\u200d\u0937",  # Devanagari
        "\U0001f469\u200d\U0001f4bb \u2764\ufe0f\u200d\U0001f525",  # emoji
        "\u05e9\u05dc\u05d5\u05dd, \u043f\u0440\u0438\u0432\u0435\u0442, \ud55c\uad6d\uc5b4",
        "e\u0301 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    ],
)
def test_what_people_write_stays_readable(text: str) -> None:
    assert harmless(text) == text


def test_other_spaces_become_common_ones() -> None:
    assert harmless("1\u202f000\xa0\u20ac\u3000\u5168") == "1 000 \u20ac \u5168"


@given(ANY)
def test_nothing_is_left_that_acts(text: str) -> None:
    plain = harmless(text)
    assert all(c.isprintable() or c in JOINERS for c in plain)
    assert harmless(plain) == plain
    assert plain.encode("utf-8").decode("utf-8") == plain
    assert "".join(pieces(text)) == plain


@given(ANY)
def test_kept_are_only_those_that_are_named(text: str) -> None:
    categories = {unicodedata.category(c) for c in harmless(text, "\n") if c not in "\n" + JOINERS}
    assert not categories & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@given(st.text(max_size=300), st.integers(60, 200))
@example("0" * 121, 60)
def test_both_ends_of_a_long_text_are_kept(text: str, most: int) -> None:
    short = bounded(text, most)
    assert len(short) <= most
    if len(text) > most + 60:
        assert short[:1] == text[:1]
    assert bounded(short, most) == short


def test_an_error_is_of_bounded_size() -> None:
    for text in ("x" * 5_000_000, "line\n" * 100_000, "\x1b" * 5_000_000):
        said = str(QuantUsageError(f"m.gguf: {text}\ngive another file"))
        assert len(said) <= 20_000
        assert len(said.splitlines()) <= 41
        assert said.startswith("m.gguf: ")
        assert said.endswith("\ngive another file")
        assert "\x1b" not in said
        assert message(said, 40_000) == said
