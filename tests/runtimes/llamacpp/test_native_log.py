"""What llama.cpp logs is kept: why it failed, and which kernels it chose."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from pytest_quant.runtimes.llamacpp import native_log
from pytest_quant.runtimes.llamacpp.library import Model


def test_kernels_are_counted_by_their_layout() -> None:
    native_log.clear()
    assert native_log.kernels() == "as stored"
    for tensor, layout in (
        ("blk.0.ffn_up.weight", "q4_K_8x8"),
        ("blk.1.ffn_up.weight", "q4_K_8x8"),
        ("output.weight", "q8_0_4x8"),
    ):
        native_log.keep(2, f".repack: repack tensor {tensor} with {layout}\n".encode())
    assert native_log.kernels() == "2 tensors as q4_K_8x8, 1 tensor as q8_0_4x8"
    native_log.clear()
    assert native_log.kernels() == "as stored"


def test_errors_are_what_is_quoted() -> None:
    native_log.clear()
    native_log.keep(2, b"loading\n")
    assert native_log.last_lines() == "loading"
    native_log.keep(4, b"no such tensor\n")
    native_log.keep(2, b"freeing\n")
    assert native_log.last_lines() == "no such tensor"


def test_weights_that_are_not_rearranged_are_as_stored(tiny: Path) -> None:
    with closing(Model(tiny, repack=False)) as model:
        assert model.kernels == "as stored"
