"""Make an importance matrix: a model reads a text, and what goes into its weights is added up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pytest_quant.base.amounts import counted
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.activations import Observer, observe
from pytest_quant.runtimes.llamacpp.imatrix_file import matrix_bytes
from pytest_quant.runtimes.llamacpp.passages import CHUNK_TOKENS
from pytest_quant.runtimes.llamacpp.prefixes import Tokens
from pytest_quant.runtimes.llamacpp.prompt import encode_text

# As llama.cpp's own tool wants it.
LEAST_CHUNKS = 2


@dataclass(frozen=True, slots=True)
class Made:
    """A matrix as the content of its file, how many ``weights`` it is of, and how many ``chunks``
    of text were read.
    """

    data: bytes
    weights: int
    chunks: int


def make_matrix(
    path: Path,
    text: str,
    title: str,
    threads: int,
    progress: Callable[[int, int], None],
    most: int | None = None,
) -> Made:
    """``title`` is the name of the text, of which ``most`` chunks are read (default: all);
    ``progress`` is told how many chunks of how many are.

    Raises ``QuantUsageError`` for a text that is too short and a model that is damaged, and
    ``RuntimeFailed``.
    """
    with closing(library.Model(path)) as model:
        size = min(CHUNK_TOKENS, model.context_length)
        chunks = _chunks(text, title, model, size)[:most]
        observer = Observer()
        observe(model, chunks, observer, threads, lambda done: progress(done, len(chunks)))
    if not observer.sums:
        raise QuantUsageError(
            f"{path}: llama.cpp multiplies with no weights of blocks here, so that there is "
            "nothing to tell of them"
        )
    data = matrix_bytes(observer.sums, text=title, chunks=len(chunks), chunk_tokens=size)
    return Made(data, len(observer.sums), len(chunks))


def _chunks(text: str, title: str, model: library.Model, size: int) -> list[Tokens]:
    """Each begins with the begin token, which takes the place of a token of the text."""
    tokens = encode_text(text.removesuffix("\n"), model)
    if len(tokens) < LEAST_CHUNKS * size:
        raise QuantUsageError(
            f"{title}: has {counted(len(tokens), 'token')}, expected at least "
            f"{LEAST_CHUNKS * size}, {LEAST_CHUNKS} chunks; give a longer text"
        )
    chunks = [
        tokens[start : start + size].copy() for start in range(0, len(tokens) - size + 1, size)
    ]
    if model.begin_token is not None:
        for chunk in chunks:
            chunk[0] = model.begin_token
    return chunks
