"""Measured tables take their place in a page, and nothing else in it moves."""

from __future__ import annotations

from pathlib import Path

import pytest

# Which the benchmarks, run as scripts, import as ``tables``.
from benchmarks.tables import GATE_PAGE, put_between

PAGE = "Before.\n\n<!-- aa -->\n\nold\n\n<!-- end of aa -->\n\nAfter.\n"


def test_replaces_what_was_measured_before() -> None:
    once = put_between(PAGE, "aa", "| new |\n")
    assert once == PAGE.replace("old", "| new |")
    assert put_between(once, "aa", "old") == PAGE


@pytest.mark.parametrize("text", ["", PAGE.replace("end of", "close"), "<!-- end of aa -->"])
def test_a_page_without_a_place_for_them_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="aa"):
        put_between(text, "aa", "new")


@pytest.mark.parametrize(
    "name", ["harmless changes, embedded model", "planted damage, embedded model, q8"]
)
def test_the_page_about_the_gate_has_both_places(name: str) -> None:
    put_between(Path(GATE_PAGE).read_text("utf-8"), name, "measured")
