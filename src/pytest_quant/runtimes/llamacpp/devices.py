"""What llama.cpp can compute on besides the processor, and whether what was chosen is there."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.hardware import ALL_LAYERS, DEFAULT_HARDWARE, Hardware
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.gguf_file import inspect

# Of ggml_backend_dev_type: those with memory of their own, and those that share the machine's.
_GPU, _INTEGRATED_GPU = 1, 2


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A device such as ``CUDA0``, what it is, and its memory in bytes."""

    name: str
    description: str
    memory: int

    def __str__(self) -> str:
        return f"{self.name} ({self.description})"


@functools.cache
def accelerators() -> tuple[Accelerator, ...]:
    """Those that this build of llama.cpp finds, in the order in which it uses them."""
    library.initialize()
    found, base = library.ggml_backends(), library.ggml()
    found.ggml_backend_dev_get.restype = ctypes.c_void_p
    found.ggml_backend_dev_count.restype = ctypes.c_size_t
    devices = map(found.ggml_backend_dev_get, map(ctypes.c_size_t, range(_count(found))))
    return tuple(
        Accelerator(
            _text(base.ggml_backend_dev_name, device),
            _text(base.ggml_backend_dev_description, device),
            _memory(base, device),
        )
        for device in devices
        if base.ggml_backend_dev_type(ctypes.c_void_p(device)) in (_GPU, _INTEGRATED_GPU)
    )


def offloads(hardware: Hardware) -> bool:
    """Whether layers of a model lie on an accelerator."""
    return hardware.gpu_layers != 0 and bool(accelerators())


def described(hardware: Hardware) -> tuple[str, ...]:
    """All that could change a response, without opening a model."""
    chosen = () if hardware == DEFAULT_HARDWARE else (repr(hardware),)
    return (*(f"accelerator {device}" for device in accelerators()), *chosen)


def check_hardware(hardware: Hardware) -> None:
    """Raises ``QuantUsageError`` for what llama.cpp would ignore, or answer with an abort."""
    found = accelerators()
    seen = ", ".join(map(str, found)) or "no accelerator"
    if (layers := hardware.gpu_layers) and not found:
        shown = "all" if layers >= ALL_LAYERS else layers
        raise QuantUsageError(
            f"--quant-gpu-layers (quant_gpu_layers): found {shown}; {_why_none()}\n"
            "install llama-cpp-python for the accelerator (as CMAKE_ARGS=-DGGML_CUDA=on pip "
            "install --no-binary llama-cpp-python llama-cpp-python), or leave the option out"
        )
    if hardware.main_gpu is not None and hardware.tensor_split:
        raise QuantUsageError(
            "--quant-main-gpu (quant_main_gpu) puts the whole model on one device, and "
            "--quant-tensor-split (quant_tensor_split) shares it among several; give one of the two"
        )
    if hardware.main_gpu is not None and hardware.main_gpu >= len(found):
        raise QuantUsageError(
            f"--quant-main-gpu (quant_main_gpu): found {hardware.main_gpu}, counted from 0; this "
            f"llama.cpp sees {seen}"
        )
    if len(hardware.tensor_split) > len(found):
        raise QuantUsageError(
            f"--quant-tensor-split (quant_tensor_split): found {len(hardware.tensor_split)} "
            f"shares; this llama.cpp sees {seen}"
        )


def check_context(context: int | None, paths: Iterable[Path]) -> None:
    """Raises ``QuantUsageError`` for more tokens than a model was trained to read."""
    for path in paths:
        trained = inspect(path).context_length
        if context is not None and trained and context > trained:
            raise QuantUsageError(
                f"--quant-context (quant_context): found {context:,}; {path.name} was trained "
                f"with {trained:,} tokens, and what it makes of more says nothing"
            )


def _why_none() -> str:
    if library.OFFLOADS:
        return "this llama.cpp sees no accelerator: is its driver there, and is it hidden?"
    return "this llama.cpp was built for the processor alone"


def _count(found: ctypes.CDLL) -> int:
    return int(found.ggml_backend_dev_count())


def _text(ask: ctypes._NamedFuncPointer, device: int) -> str:
    ask.restype = ctypes.c_char_p
    text: bytes = ask(ctypes.c_void_p(device)) or b""
    return text.decode("utf-8", errors="replace")


def _memory(base: ctypes.CDLL, device: int) -> int:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    base.ggml_backend_dev_memory(ctypes.c_void_p(device), ctypes.byref(free), ctypes.byref(total))
    return total.value
