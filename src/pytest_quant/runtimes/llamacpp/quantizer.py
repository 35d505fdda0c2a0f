"""llama.cpp's quantizer as one call."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.runtimes.llamacpp.imatrix_file import MATRIX_KEY, Matrix, matrix_name

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
    matrix: Matrix | None = None,
) -> int:
    """llama.cpp's quantizer; 0 is success. Tensor types are ggml's numbers.

    What is written of the importance matrix into the file is what llama-quantize writes, but for
    the name of its file, in the place of which is its digest: a name is nothing of the level's.
    """
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
    if matrix:
        kept = _importance(matrix), _metadata(matrix)
        parameters.imatrix, parameters.kv_overrides = kept
    return int(
        llama_cpp.llama_model_quantize(
            os.fsencode(source), os.fsencode(destination), ctypes.byref(parameters)
        )
    )


def _importance(matrix: Matrix) -> Any:
    entry = llama_cpp.llama_model_imatrix_data
    entries = (
        entry(name.encode(), means.ctypes.data_as(ctypes.POINTER(ctypes.c_float)), len(means))
        for name, means in matrix.means.items()
    )
    return (entry * (len(matrix.means) + 1))(*entries)


def _metadata(matrix: Matrix) -> Any:
    entries = [*_entries(matrix)]
    return (llama_cpp.llama_model_kv_override * (len(entries) + 1))(*entries)


def _entries(matrix: Matrix) -> Iterator[Any]:
    def entry(key: str, value: str | int) -> Any:
        made: Any = llama_cpp.llama_model_kv_override(key=key.encode())
        if isinstance(value, str):
            made.tag, made.value.val_str = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_STR, value.encode()
        else:
            made.tag, made.value.val_i64 = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_INT, value
        return made

    yield entry(MATRIX_KEY, matrix_name(matrix.digest))
    yield entry("quantize.imatrix.entries_count", len(matrix.means))
    if matrix.chunks > 0:
        yield entry("quantize.imatrix.chunks_count", matrix.chunks)


def makes(file_type: str) -> bool:
    """Whether it makes files of a type that it can read; nothing is written."""
    initialize()
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype, parameters.dry_run = file_type_id(file_type), True
    source = os.fsencode(EMBEDDED_MODEL)
    return not llama_cpp.llama_model_quantize(source, b"", ctypes.byref(parameters))
