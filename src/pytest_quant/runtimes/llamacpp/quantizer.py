"""llama.cpp's quantizer as one call."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

from pytest_quant.base.library import EMBEDDED_MODEL

# The door must be the first to load llama.cpp.
from pytest_quant.runtimes.llamacpp.library import file_type_id, initialize

# isort: split
import llama_cpp


def quantize(
    source: Path,
    destination: Path,
    *,
    file_type: str,
    tensor_types: Sequence[tuple[str, int]],
    token_embedding: int | None,
    output: int | None,
    threads: int,
) -> int:
    """llama.cpp's quantizer; 0 is success. Tensor types are ggml's numbers."""
    initialize()
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.nthread = threads
    parameters.ftype = file_type_id(file_type)
    if token_embedding is not None:
        parameters.token_embedding_type = token_embedding
    if output is not None:
        parameters.output_tensor_type = output
    override = llama_cpp.llama_model_tensor_override
    # The array ends with an empty entry, which ctypes makes by zero-initialising it.
    overrides = (override * (len(tensor_types) + 1))(
        *(override(pattern.encode(), kind) for pattern, kind in tensor_types)
    )
    if tensor_types:
        parameters.tt_overrides = overrides
    return int(
        llama_cpp.llama_model_quantize(
            os.fsencode(source), os.fsencode(destination), ctypes.byref(parameters)
        )
    )


def makes(file_type: str) -> bool:
    """Whether it makes files of a type that it can read; nothing is written."""
    initialize()
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype, parameters.dry_run = file_type_id(file_type), True
    source = os.fsencode(EMBEDDED_MODEL)
    return not llama_cpp.llama_model_quantize(source, b"", ctypes.byref(parameters))
