"""The numbers that a tensor's data stands for, as ggml itself works them out."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np

from pytest_quant.metrics.weight_error import Weights
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.tensor_types import by_name


class _Traits(ctypes.Structure):
    # struct ggml_type_traits of ggml.h
    _fields_ = (
        ("type_name", ctypes.c_char_p),
        ("blck_size", ctypes.c_int64),
        ("blck_size_interleave", ctypes.c_int64),
        ("type_size", ctypes.c_size_t),
        ("is_quantized", ctypes.c_bool),
        ("to_float", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)),
        ("from_float", ctypes.c_void_p),
    )


def values_of(kind: str, data: bytes) -> Weights:
    """The numbers of whole blocks of a type such as ``Q4_K``."""
    if kind == "F32":
        return np.frombuffer(data, np.float32)
    found = by_name(kind)
    values = np.empty(len(data) // found.block_bytes * found.block, np.float32)
    _traits()(found.number).contents.to_float(data, values.ctypes.data, len(values))
    return values


def data_of(kind: str, values: Weights) -> bytes:
    """The data of numbers in one of ``FLOAT_TYPES``; what a type cannot hold is rounded."""
    if kind == "F16":
        return values.astype(np.float16).tobytes()
    if kind == "BF16":
        bits = values.view(np.uint32)
        # To the nearest, and of two to the even one.
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16).tobytes()
    return values.tobytes()


@functools.cache
def _traits() -> Any:
    traits = library.ggml().ggml_get_type_traits
    traits.argtypes = (ctypes.c_int,)
    traits.restype = ctypes.POINTER(_Traits)
    return traits
