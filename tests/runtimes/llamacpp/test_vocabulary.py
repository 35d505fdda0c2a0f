"""Tokens to bytes, and stop strings found in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.runtimes.llamacpp.library import Model
from pytest_quant.runtimes.llamacpp.vocabulary import Vocabulary, cut_at_stop

TEXTS = st.binary(max_size=12).map(lambda data: bytes(byte % 3 + 97 for byte in data))
STOPS = st.lists(TEXTS.filter(bool), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def model(tiny: Path) -> Iterator[Model]:
    opened = Model(tiny)
    yield opened
    opened.close()


@pytest.mark.parametrize("text", ["a plain Answer: 42", "naïve — 数 🙂", "\n\ttabs"])
def test_text_survives_tokens(text: str, model: Model) -> None:
    tokens = model.tokenize(text, parse_special=False)
    assert Vocabulary(model).to_bytes(tokens.tolist()).decode().removeprefix(" ") == text


def test_control_tokens_are_written_out_and_the_end_token_ends(model: Model) -> None:
    vocabulary = Vocabulary(model)
    assert vocabulary.to_bytes([0, 1, 2]) == b"<unk><s>"
    assert vocabulary.ends.nonzero()[0].tolist() == [2]


def test_closing_tokens_contain_a_last_byte(model: Model) -> None:
    vocabulary = Vocabulary(model)
    closing = vocabulary.closing([b"\nQuestion:", "ü".encode()])
    expected = [
        token
        for token in range(model.vocabulary_size)
        if b":" in model.piece(token) or b"\xbc" in model.piece(token)
    ]
    assert closing.nonzero()[0].tolist() == expected
    assert not vocabulary.closing([]).any()


@given(text=TEXTS, stops=STOPS)
def test_a_cut_leaves_no_stop_string_and_nothing_behind_one(
    text: bytes, stops: list[bytes]
) -> None:
    cut = cut_at_stop(text, stops)
    if cut is None:
        assert not any(stop in text for stop in stops)
    else:
        assert not any(stop in cut for stop in stops)
        assert any(text.startswith(cut + stop) for stop in stops)
