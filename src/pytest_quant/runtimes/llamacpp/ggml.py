"""Tensor types and their data, as ggml, the library beneath llama.cpp, knows them."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from pytest_quant.runtimes.llamacpp import library

TYPE_COUNT = library.GGML_TYPE_COUNT


def describe_type(number: int) -> tuple[str, int, int] | None:
    """A type's name in upper case, weights in a block, and bytes of a block."""
    if not 0 <= number < TYPE_COUNT:
        return None
    ggml = library.ggml()
    ggml.ggml_type_name.restype = ctypes.c_char_p
    ggml.ggml_blck_size.restype = ctypes.c_int64
    ggml.ggml_type_size.restype = ctypes.c_size_t
    block, block_bytes = ggml.ggml_blck_size(number), ggml.ggml_type_size(number)
    if not block or not block_bytes:
        return None
    return ggml.ggml_type_name(number).decode().upper(), block, block_bytes


def is_sound(number: int, address: int, nbytes: int) -> bool:
    """Whether no number in whole blocks of a type is NaN or infinite: weights, scales, minima.

    What llama.cpp asks with its parameter ``check_tensors``. If one is, ggml says so on stderr.
    """
    return bool(_validate()(number, address, nbytes))


def can_check(number: int) -> bool:
    """Whether ggml knows what to look at in a type."""
    return is_sound(number, 0, 0)


@functools.cache
def _validate() -> Any:
    validate = library.ggml().ggml_validate_row_data
    validate.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
    validate.restype = ctypes.c_bool
    return validate
