"""Does llama.cpp run the model that was trained? Same tokens, same logits, or no export."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType

import llama_cpp.llama_cpp as api
import numpy as np
import torch
from numpy.typing import NDArray

from training.data import Mixture, families
from training.model import Transformer
from training.tokenizer import Tokenizer, answer, question

_TEXTS = 1000
_SCORED_TEXTS = 24
# llama.cpp rounds activations and the key-value cache to half precision, training does not.
_LOGIT_TOLERANCE = 5e-2
_AWKWARD = (
    "",
    " ",
    "  two  spaces ",
    "\n",
    "a\n\nb",
    "\n x",
    "tab\there",
    "naïve £5 🙂",
    "<s> </s>",
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How closely llama.cpp followed training: texts tokenized, largest and mean difference."""

    texts: int
    largest: float
    mean: float

    def __str__(self) -> str:
        return (
            f"llama.cpp tokenizes {self.texts} texts alike, logits differ by at most "
            f"{self.largest:.4f} (mean {self.mean:.5f})"
        )


def verify(path: Path, model: Transformer, tokenizer: Tokenizer) -> Agreement:
    """Compare a GGUF file with the model it was written from; ``ValueError`` if they differ."""
    examples = list(islice(Mixture(families(), "verify"), _TEXTS))
    with LlamaCpp(path) as other:
        for _, prompt, solution in examples:
            # Half of them in either form.
            chat = len(prompt) % 2 > 0
            example = tokenizer.encode_example(prompt, solution, chat=chat)
            asked = question(prompt, chat=chat)
            _same_tokens(asked, other.tokenize(asked), example.ids[: example.known.index(True)])
            whole = asked + answer(solution, chat=chat)
            _same_tokens(whole, other.tokenize(whole), example.ids[:-1])
        for text in _AWKWARD:
            expected = [tokenizer.beginning, *tokenizer.encode(text)]
            _same_tokens(text, other.tokenize(text), expected)
        differences = []
        for _, prompt, solution in examples[:_SCORED_TEXTS]:
            ids = tokenizer.encode_example(prompt, solution).ids
            differences.append(np.abs(other.logits(ids) - _logits(model, ids)))
    every = np.concatenate(differences)
    if every.max() > _LOGIT_TOLERANCE:
        raise ValueError(
            f"{path}: llama.cpp's logits differ from the trained model's by up to "
            f"{every.max():.4f}, allowed is {_LOGIT_TOLERANCE}; one of them computes another model"
        )
    return Agreement(len(examples) + len(_AWKWARD), float(every.max()), float(every.mean()))


class LlamaCpp:
    """A GGUF file opened by llama.cpp, for one sequence at a time."""

    def __init__(self, path: Path) -> None:
        api.llama_log_set(_silent, ctypes.c_void_p(0))
        api.llama_backend_init()
        self._model = api.llama_model_load_from_file(
            str(path).encode(), api.llama_model_default_params()
        )
        if not self._model:
            raise ValueError(f"{path}: llama.cpp cannot load this file")
        params = api.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = 2048
        params.n_threads = params.n_threads_batch = 1
        self._context = api.llama_init_from_model(self._model, params)
        self._vocabulary = api.llama_model_get_vocab(self._model)

    def __enter__(self) -> LlamaCpp:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        api.llama_free(self._context)
        api.llama_model_free(self._model)

    def tokenize(self, text: str) -> list[int]:
        """Token ids of a text, with those that the file's metadata puts around it."""
        raw = text.encode()
        room = (ctypes.c_int * (len(raw) + 8))()
        count = api.llama_tokenize(self._vocabulary, raw, len(raw), room, len(room), True, False)
        return list(room[:count])

    def logits(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Logits after every token of one sequence, [tokens, vocabulary]."""
        api.llama_memory_clear(api.llama_get_memory(self._context), True)
        batch = api.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, i, 1
            batch.seq_id[i][0], batch.logits[i] = 0, 1
        status = api.llama_decode(self._context, batch)
        api.llama_batch_free(batch)
        if status:
            raise ValueError(f"llama.cpp cannot decode {len(ids)} tokens: status {status}")
        width = api.llama_vocab_n_tokens(self._vocabulary)
        flat = np.ctypeslib.as_array(api.llama_get_logits(self._context), (len(ids) * width,))
        return flat.reshape(len(ids), width).copy()


@api.llama_log_callback  # type: ignore[untyped-decorator]
def _silent(level: int, text: bytes, data: ctypes.c_void_p) -> None: ...


def _same_tokens(text: str, found: Sequence[int], expected: Sequence[int]) -> None:
    if list(found) != list(expected):
        raise ValueError(
            f"llama.cpp tokenizes {text!r} as {list(found)}, training as {list(expected)}"
        )


@torch.no_grad()
def _logits(model: Transformer, ids: Sequence[int]) -> NDArray[np.float32]:
    tokens = torch.tensor([ids])
    values: NDArray[np.float32] = model(tokens, torch.zeros_like(tokens))[0].numpy()
    return values
