"""How many sequences are decoded together, told without opening a model."""

from __future__ import annotations

from pathlib import Path

from pytest_quant.base.resources import usable_memory
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.hardware import DEFAULT_HARDWARE, Hardware
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.devices import accelerators, offloads
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.layout import (
    MOST_PARALLEL,
    MOST_PARALLEL_OFFLOADED,
    PLANNED_TOKENS,
    default_parallel,
)


def effective_parallel(
    path: Path,
    parallel: int | None,
    context: int | None = None,
    hardware: Hardware = DEFAULT_HARDWARE,
) -> int:
    """The sequences that ``LlamaCppRuntime.open`` decodes together.

    ``None`` stands for ``layout.default_parallel``, on an accelerator that of its memory. Raises
    ``QuantUsageError``.
    """
    if parallel is None:
        info = inspect(path)
        length = context or info.context_length or PLANNED_TOKENS
        most, memory = MOST_PARALLEL, usable_memory()
        if offloads(hardware):
            most, memory = MOST_PARALLEL_OFFLOADED, sum(d.memory for d in accelerators())
        return default_parallel(length, info.kv_bytes_per_token, memory, most)
    if not 1 <= parallel <= library.max_sequences():
        raise QuantUsageError(
            f"--quant-parallel is {parallel}; allowed are 1 to {library.max_sequences()}"
        )
    return parallel
