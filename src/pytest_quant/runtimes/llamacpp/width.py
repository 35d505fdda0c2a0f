"""How many sequences are decoded together, told without opening a model."""

from __future__ import annotations

from pathlib import Path

from pytest_quant.base.resources import usable_memory
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.layout import PLANNED_TOKENS, default_parallel


def effective_parallel(path: Path, parallel: int | None, context: int | None = None) -> int:
    """The sequences that ``LlamaCppRuntime.open`` decodes together.

    ``None`` stands for ``layout.default_parallel``. Raises ``QuantUsageError``.
    """
    if parallel is None:
        info = inspect(path)
        length = context or info.context_length or PLANNED_TOKENS
        return default_parallel(length, info.kv_bytes_per_token, usable_memory())
    if not 1 <= parallel <= library.max_sequences():
        raise QuantUsageError(
            f"--quant-parallel is {parallel}; allowed are 1 to {library.max_sequences()}"
        )
    return parallel
