"""What cannot generate text is refused from its header, with advice that fits."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest
from tests.runtimes.llamacpp.changed_models import (
    Change,
    changed,
    of_architecture,
    with_value,
    without,
)

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp.gguf_file import inspect

FLOAT = gguf.GGUFValueType.FLOAT32
ENCODER = "turns text into vectors and writes none"
TOKENIZER = "tokenizer.ggml.model"
CASES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "adapter": (
        with_value("general.type", "adapter"),
        ("is an adapter (LoRA)", "general.type is 'adapter'", "llama-export-lora"),
    ),
    "projector": (with_value("general.type", "mmproj"), ("is a projector", "without 'mmproj'")),
    "projector of old": (of_architecture("clip"), ("is a projector", "'clip'")),
    "control vector": (of_architecture("controlvector"), ("is a control vector",)),
    "importance matrix": (
        with_value("general.type", "imatrix"),
        ("is an importance matrix", "give the model itself"),
    ),
    **{
        name: (of_architecture(name), (ENCODER, f"'{name}'"))
        for name in (
            "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2",
            "jina-bert-v3", "eurobert", "gemma-embedding", "t5encoder",
        )
    },
    "T5": (of_architecture("t5"), ("an encoder and a decoder", "decoder-only")),
    "diffusion": (of_architecture("llada"), ("a diffusion model", "autoregressive")),
    "drafts": (of_architecture("eagle3"), ("drafts tokens for another",)),
    "speech": (of_architecture("wavtokenizer-dec"), ("a model of speech",)),
    "images": (of_architecture("flux"), ("a model of images",)),
    "embeddings of a decoder": (
        with_value("llama.pooling_type", 3),
        (ENCODER, "'llama.pooling_type' is 3"),
    ),
    "ranker": (with_value("llama.pooling_type", 4), ("is a ranker",)),
    "both directions": (
        with_value("llama.attention.causal", False),
        (ENCODER, "'llama.attention.causal' is false"),
    ),
    "tokenizer none": (with_value(TOKENIZER, "none"), ("has no vocabulary", "is 'none'")),
    "no_vocab": (with_value(TOKENIZER, "no_vocab"), ("has no vocabulary", "'no_vocab'")),
    "tokenizer of another kind": (with_value(TOKENIZER, 7), ("has no vocabulary", "is 7")),
    "no tokenizer": (without(TOKENIZER), ("has no vocabulary", "no 'tokenizer.ggml.model'")),
    "no tokens": (without("tokenizer.ggml.tokens"), ("no 'tokenizer.ggml.tokens'",)),
    "a number that is none": (
        with_value("llama.rope.freq_base", float("nan")),
        ("damaged: 'llama.rope.freq_base' of its metadata is nan",),
    ),
    "an infinite number": (
        with_value("llama.attention.head_count_kv", [4.0, float("inf")], FLOAT),
        ("damaged: 'llama.attention.head_count_kv' of its metadata is inf",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_says_what_it_is_for(name: str, tiny: Path, tmp_path: Path) -> None:
    change, words = CASES[name]
    path = changed(tiny, change, tmp_path / "m.gguf")
    with pytest.raises(QuantUsageError) as refusal:
        inspect(path)
    message = str(refusal.value)
    assert message.startswith(f"{path}: ")
    assert all(word in message for word in words), message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    "change",
    [
        with_value("general.type", "model"),
        with_value("llama.pooling_type", 0),
        with_value("llama.attention.causal", True),
        with_value("general.license", "bert"),
        # Whole numbers as fractions: the cache's size is only estimated from them.
        with_value("llama.attention.head_count_kv", [4.0, 1e30], FLOAT),
    ],
)
def test_lets_pass_what_may_be_a_language_model(change: Change, tiny: Path, tmp_path: Path) -> None:
    assert inspect(changed(tiny, change, tmp_path / "m.gguf")).architecture == "llama"


def test_a_vocabulary_alone(tiny: Path, tmp_path: Path) -> None:
    path = changed(tiny, lambda model: model.tensors.clear(), tmp_path / "m.gguf")
    with pytest.raises(QuantUsageError, match="holds a vocabulary alone"):
        inspect(path)
