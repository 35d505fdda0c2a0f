"""What a model wrote never reaches a terminal as it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.reports.plain_text import paragraphs, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text, h\u00e9 \u6f22", "plain text, h\u00e9 \u6f22"),
        ("two\nlines\tand\rmore", r"two\nlines\tand\rmore"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("", ""),
    ],
)
def test_shows_what_could_do_harm_as_an_escape(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0123456789", "0123456789"),
        ("0123456789A", "0123456..."),
        ("\u6f22" * 5, "\u6f22" * 5),
        ("\u6f22" * 6, "\u6f22" * 3 + "..."),
        ("\n" * 6, r"\n\n\n..."),
        ("x" * 10_000_000, "xxxxxxx..."),
    ],
)
def test_cuts_what_is_too_wide(text: str, expected: str) -> None:
    assert shown(text, 10) == expected


@given(st.text(st.characters(codec=None)), st.integers(4, 100))
def test_is_printable_and_narrow_whatever_it_is_given(text: str, width: int) -> None:
    line = shown(text, width)
    assert line.isprintable()
    assert sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) <= width


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\tc\rd", "a\nb\tc\\rd"),
        ("\u202eabc\n\x1b[2J", "\\u202eabc\n\\x1b[2J"),
        ("a\u2028b \ud800", "a\\u2028b \\ud800"),
        ("x" * 10, "x" * 10),
        ("a" * 100 + "z" * 100, "aaaaaaa\n[... 190 characters ...]\nzzz"),
        ("", ""),
    ],
)
def test_paragraphs_keep_their_lines_and_both_ends(text: str, expected: str) -> None:
    assert paragraphs(text, 10) == expected
