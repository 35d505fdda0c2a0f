"""What a GGUF is made for: only what generates text can be asked.

llama.cpp ends the process for some of the others, and loads some as if they were models, so they
are told apart by their metadata before it sees them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp.gguf_header import Value

_GENERATOR = "give a language model that generates text"
_OWNER = "give the language model that it belongs to"


@dataclass(frozen=True, slots=True)
class _Purpose:
    """What a file is, in words that follow "is", and what to give instead."""

    what: str
    advice: str = _GENERATOR


_ADAPTER = _Purpose(
    "an adapter (LoRA) and holds no model",
    f"{_OWNER}, or what llama-export-lora makes of both",
)
_VECTOR = _Purpose("a control vector and holds no model", _OWNER)
_PROJECTOR = _Purpose(
    "a projector of images or sound for a language model",
    f"{_OWNER}, the file beside it without 'mmproj' in its name",
)
_IMATRIX = _Purpose("an importance matrix, which --quant-imatrix takes", "give the model itself")
_ENCODER = _Purpose("an encoder: it turns text into vectors and writes none")
_RANKER = _Purpose("a ranker: it grades texts and writes none")
_TRANSLATOR = _Purpose(
    "a model of an encoder and a decoder, which is not supported",
    ("give a decoder-only language model"),
)
_DIFFUSER = _Purpose(
    "a diffusion model, which writes no token after another",
    "give an autoregressive language model",
)
_DRAFTER = _Purpose("a model that only drafts tokens for another", f"{_OWNER}")
_SPEAKER = _Purpose("a model of speech")
_PAINTER = _Purpose("a model of images")

# By general.type.
_TYPES = {"adapter": _ADAPTER, "mmproj": _PROJECTOR, "imatrix": _IMATRIX}
# By general.architecture: llama.cpp's names (src/llama-arch.cpp, and which of them have no memory
# in src/llama-model.cpp), and those of ComfyUI-GGUF for images.
_ARCHITECTURES = {
    **dict.fromkeys(("clip", "mmproj"), _PROJECTOR),
    "controlvector": _VECTOR,
    "imatrix": _IMATRIX,
    **dict.fromkeys(
        (
            "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2",
            "jina-bert-v3", "eurobert", "gemma-embedding", "llama-embed", "t5encoder",
        ),
        _ENCODER,
    ),
    "t5": _TRANSLATOR,
    **dict.fromkeys(("dream", "llada", "llada-moe", "rnd1"), _DIFFUSER),
    **dict.fromkeys(("eagle3", "dflash", "gemma4-assistant"), _DRAFTER),
    **dict.fromkeys(("wavtokenizer-dec", "qwen3tts", "pockettts", "whisper"), _SPEAKER),
    **dict.fromkeys(
        (
            "flux", "sd1", "sd3", "sdxl", "aura", "hidream", "cosmos", "ltxv", "hyvid", "wan",
            "lumina2", "qwen_image",
        ),
        _PAINTER,
    ),
}  # fmt: skip
# llama.cpp's enum llama_pooling_type: mean, the first token, the last token; a ranker's.
_POOLING = {1: _ENCODER, 2: _ENCODER, 3: _ENCODER, 4: _RANKER}


def check_generates_text(
    path: Path, metadata: Mapping[str, Value], keys: Collection[str], *, has_weights: bool
) -> None:
    """Raises ``QuantUsageError`` for a file that cannot continue a text.

    ``keys`` are those of all the metadata, long arrays included.
    """
    found = _other_purpose(metadata)
    if found:
        purpose, told_by = found
        raise QuantUsageError(f"{path}: is {purpose.what} ({told_by}); {purpose.advice}")
    if not has_weights:
        if "tokenizer.ggml.tokens" in keys:
            raise QuantUsageError(
                f"{path}: holds a vocabulary alone, and no weights; give the whole model"
            )
        raise QuantUsageError(f"{path}: holds no weights; give a whole model")
    _check_vocabulary(path, metadata, keys)


def check_numbers(path: Path, metadata: Mapping[str, Value]) -> None:
    """Raises ``QuantUsageError`` for numbers of the architecture that cannot be computed with."""
    own = f"{metadata.get('general.architecture', '')}."
    for key, value in metadata.items():
        if not key.startswith(own) or isinstance(value, str):
            continue
        for number in value if isinstance(value, tuple) else (value,):
            if not math.isfinite(number):
                raise QuantUsageError(
                    f"{path}: damaged: {key!r} of its metadata is {number}; download or convert "
                    "it again"
                )


def _other_purpose(metadata: Mapping[str, Value]) -> tuple[_Purpose, str] | None:
    """A purpose other than generating text, and which metadata tell it."""
    for key, known in (("general.type", _TYPES), ("general.architecture", _ARCHITECTURES)):
        value = metadata.get(key)
        if isinstance(value, str) and (purpose := known.get(value.lower())):
            return purpose, f"{key} is {value!r}"
    architecture = metadata.get("general.architecture", "")
    key = f"{architecture}.pooling_type"
    pooling = metadata.get(key)
    if isinstance(pooling, int) and (purpose := _POOLING.get(pooling)):
        return purpose, f"{key!r} is {pooling}"
    key = f"{architecture}.attention.causal"
    if metadata.get(key) is False:
        return _ENCODER, f"{key!r} is false"
    return None


def _check_vocabulary(path: Path, metadata: Mapping[str, Value], keys: Collection[str]) -> None:
    tokenizer = metadata.get("tokenizer.ggml.model")
    if isinstance(tokenizer, str) and tokenizer not in ("", "none", "no_vocab"):
        if "tokenizer.ggml.tokens" in keys:
            return
        found = "its header has no 'tokenizer.ggml.tokens'"
    elif tokenizer is None:
        found = "its header has no 'tokenizer.ggml.model'"
    else:
        found = f"'tokenizer.ggml.model' is {tokenizer!r}"
    raise QuantUsageError(
        f"{path}: has no vocabulary, so it cannot write text ({found}); {_GENERATOR}, or convert "
        "it again together with its tokenizer"
    )
