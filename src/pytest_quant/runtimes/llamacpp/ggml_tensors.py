"""ggml's tensors while llama.cpp computes: which weights are multiplied with which numbers.

llama.cpp calls back at every node of its graph, with the address of a tensor whose layout is
ggml.h's. That the installed library has the same layout is found out first, on tensors that it
makes itself; so are its numbers for the two operations that multiply with weights.
"""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_quant.errors import RuntimeFailed
from pytest_quant.runtimes.llamacpp import library, tensor_types

_DIMENSIONS, _SOURCES, _LONGEST_NAME = 4, 10, 64


class _Layout(ctypes.Structure):
    """``struct ggml_tensor``."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("buffer", ctypes.c_void_p),
        ("ne", ctypes.c_int64 * _DIMENSIONS),
        ("nb", ctypes.c_size_t * _DIMENSIONS),
        ("op", ctypes.c_int),
        ("op_params", ctypes.c_int32 * 16),
        ("flags", ctypes.c_int32),
        ("src", ctypes.c_void_p * _SOURCES),
        ("view_src", ctypes.c_void_p),
        ("view_offs", ctypes.c_size_t),
        ("data", ctypes.c_void_p),
        ("name", ctypes.c_char * _LONGEST_NAME),
    )


class _InitParams(ctypes.Structure):
    """``struct ggml_init_params``."""

    _fields_ = (
        ("mem_size", ctypes.c_size_t),
        ("mem_buffer", ctypes.c_void_p),
        ("no_alloc", ctypes.c_bool),
    )


@dataclass(frozen=True, slots=True)
class Operations:
    """ggml's numbers of multiplying with a matrix, and with those of chosen experts."""

    matrix: int
    experts: int


class Tensor:
    """One of llama.cpp's, to be looked at while it is called back."""

    __slots__ = ("_address", "_view")

    def __init__(self, address: int) -> None:
        self._address, self._view = address, _Layout.from_address(address)

    @property
    def operation(self) -> int:
        return int(self._view.op)

    @property
    def kind(self) -> int:
        """ggml's number of its type."""
        return int(self._view.type)

    @property
    def name(self) -> str:
        """As in the model's file: ``blk.0.attn_k.weight`` of ``CUDA0#blk.0.attn_k.weight#0``."""
        name = bytes(self._view.name).decode("utf-8", errors="replace")
        return name.split("#")[1] if "#" in name else name

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of a row first."""
        return tuple(self._view.ne)

    def source(self, index: int) -> Tensor:
        return Tensor(self._view.src[index])

    def numbers(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Its numbers, rows last, wherever they lie; valid until llama.cpp goes on."""
        ggml = _functions()
        count = ggml.ggml_nbytes(self._address)
        if ggml.ggml_backend_buffer_is_host(self._view.buffer):
            data = (ctypes.c_char * count).from_address(self._view.data)
        else:
            data = ctypes.create_string_buffer(count)
            ggml.ggml_backend_tensor_get(self._address, data, 0, count)
        steps = tuple(self._view.nb)[::-1]
        return np.ndarray(self.shape[::-1], dtype, data, strides=steps)


@functools.cache
def operations() -> Operations:
    """Raises ``RuntimeFailed`` for a library whose tensors are laid out in another way."""
    ggml = _functions()
    number = tensor_types.by_name("F32").number
    # Memory for ten tensors, and none for their numbers.
    context = ggml.ggml_init(_InitParams(10 * ggml.ggml_tensor_overhead(), None, True))
    if not context:
        raise RuntimeFailed("ggml cannot make a few tensors: there is no memory left")
    try:
        weights = ggml.ggml_new_tensor_3d(context, number, 32, 3, 4)
        inputs = ggml.ggml_new_tensor_3d(context, number, 32, 2, 5)
        chosen = ggml.ggml_new_tensor_2d(context, tensor_types.by_name("I32").number, 2, 5)
        ggml.ggml_set_name(weights, b"CUDA0#the weights#0")
        matrix = Tensor(ggml.ggml_mul_mat(context, ggml.ggml_dup_tensor(context, inputs), inputs))
        experts = Tensor(ggml.ggml_mul_mat_id(context, weights, inputs, chosen))
        found = experts.source(0)
        as_expected = (
            (found.name, found.shape, found.kind) == ("the weights", (32, 3, 4, 1), number)
            and experts.source(1).shape == (32, 2, 5, 1)
            and experts.source(2).shape == (2, 5, 1, 1)
            and matrix.source(1).shape == (32, 2, 5, 1)
            and tuple(experts.source(1)._view.nb) == (4, 128, 256, 1280)
            and 0 < matrix.operation != experts.operation > 0
            and not any(tensor._view.data for tensor in (matrix, experts))
        )
        if not as_expected:
            raise RuntimeFailed(
                f"llama-cpp-python {library.version()} lays out its tensors in another way than "
                "is known here, so that they cannot be read; use another version"
            )
        return Operations(matrix.operation, experts.operation)
    finally:
        ggml.ggml_free(context)


@functools.cache
def _functions() -> Any:
    """The library, its functions declared with what they take and return."""
    ggml = library.ggml()
    address, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64
    for name, takes, returns in (
        ("ggml_init", (_InitParams,), address),
        ("ggml_free", (address,), None),
        ("ggml_tensor_overhead", (), size),
        ("ggml_new_tensor_2d", (address, ctypes.c_int, number, number), address),
        ("ggml_new_tensor_3d", (address, ctypes.c_int, number, number, number), address),
        ("ggml_dup_tensor", (address, address), address),
        ("ggml_set_name", (address, ctypes.c_char_p), address),
        ("ggml_mul_mat", (address, address, address), address),
        ("ggml_mul_mat_id", (address, address, address, address), address),
        ("ggml_nbytes", (address,), size),
        ("ggml_backend_buffer_is_host", (address,), ctypes.c_bool),
        ("ggml_backend_tensor_get", (address, address, size, size), None),
    ):
        function = getattr(ggml, name)
        function.argtypes, function.restype = takes, returns
    return ggml
