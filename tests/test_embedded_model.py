"""The model that ships is the one that its card describes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import gguf

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.runtimes.llamacpp.gguf_file import inspect

CARD = Path(__file__).parents[1] / "docs" / "embedded-model.md"
# Super-blocks of llama.cpp's K-quants.
BLOCK = 256


def test_the_card_names_its_digest() -> None:
    digest = hashlib.sha256(EMBEDDED_MODEL.read_bytes()).hexdigest()
    assert f"| SHA-256 | `{digest}` |" in CARD.read_text("utf-8")


def test_it_is_small_and_every_matrix_can_be_quantized() -> None:
    assert EMBEDDED_MODEL.stat().st_size <= 16e6
    reader = gguf.GGUFReader(EMBEDDED_MODEL)
    rows = {tensor.name: int(tensor.shape[0]) for tensor in reader.tensors if len(tensor.shape) > 1}
    assert rows
    assert {name for name, length in rows.items() if length % BLOCK} == set()


def test_it_says_who_made_it_and_how_it_is_asked() -> None:
    info = inspect(EMBEDDED_MODEL)
    assert info.name == "pytest-quant embedded"
    reader = gguf.GGUFReader(EMBEDDED_MODEL)
    for key in ("general.author", "general.license", "tokenizer.chat_template"):
        field = reader.get_field(key)
        assert field is not None, key
        assert field.contents(), key
