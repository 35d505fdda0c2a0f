"""The default text of importance matrices is nothing that judges a level."""

from __future__ import annotations

import pytest
from benchmarks.calibration_text import judging, rows_of_words
from tests.probes.shipped import LIBRARY

from pytest_quant.base.library import CALIBRATION_TEXT
from pytest_quant.probes.cases import side_of

# Of a probe; what its template says is in each.
CASES, LENGTH = 6, 30_000


def test_no_eight_words_in_a_row_are_in_a_case_or_the_held_text() -> None:
    own = rows_of_words(CALIBRATION_TEXT.read_text("utf-8"))
    assert len(own) > 20_000
    shared = [text for text in judging(LIBRARY, CASES, LENGTH) if rows_of_words(text) & own]
    assert shared == []


def test_what_is_shared_would_be_seen() -> None:
    """In any case, with other signs between the words."""
    text = next(text for text in judging(LIBRARY) if len(rows_of_words(text)) > 3)
    assert rows_of_words(f"Before. {text.upper()}!") & rows_of_words(text.replace(" ", "\n"))


def test_its_questions_are_never_asked() -> None:
    """They are on the side of the cases that the embedded model learns from."""
    parts = CALIBRATION_TEXT.read_text("utf-8").split("\nQuestion: ")[1:]
    asked = [part.partition("\nAnswer: ")[0] for part in parts]
    assert len(asked) > 700
    assert [question for question in asked if side_of(question) != "training"] == []


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_any_beginning_of_it_is_a_mixture(share: float) -> None:
    text = CALIBRATION_TEXT.read_text("utf-8")
    part = text[: int(share * len(text))]
    for sign in ("\nQuestion: ", "\ndef ", "\n## "):
        assert part.count(sign) > 5
