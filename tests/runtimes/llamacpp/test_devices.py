"""What is computed where: as chosen, as llama.cpp can, and as it says it did."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.hardware import ALL_LAYERS, DEFAULT_HARDWARE, Hardware
from pytest_quant.runtimes.llamacpp import devices, library, native_log
from pytest_quant.runtimes.llamacpp.devices import (
    Accelerator,
    accelerators,
    check_context,
    check_hardware,
    described,
    offloads,
)
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.layout import MOST_PARALLEL, MOST_PARALLEL_OFFLOADED
from pytest_quant.runtimes.llamacpp.width import effective_parallel
from pytest_quant.runtimes.protocol import Limits

GPU = Accelerator("CUDA0", "NVIDIA H200", 139 << 30)


@pytest.fixture
def one_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that has one; what llama.cpp does there cannot be seen here."""
    monkeypatch.setattr(devices, "accelerators", lambda: (GPU,))


@pytest.mark.skipif(library.OFFLOADS, reason="this llama.cpp is built for an accelerator")
@pytest.mark.parametrize(
    ("hardware", "problem"),
    [
        (Hardware(gpu_layers=20), "--quant-gpu-layers (quant_gpu_layers): found 20; this llama"),
        (Hardware(gpu_layers=ALL_LAYERS), "(quant_gpu_layers): found all; this llama.cpp was buil"),
        (Hardware(main_gpu=0), "(quant_main_gpu): found 0, counted from 0; this llama.cpp sees no"),
        (Hardware(tensor_split=(3, 1)), "(quant_tensor_split): found 2 shares; this llama.cpp see"),
        (Hardware(main_gpu=0, tensor_split=(1,)), "(quant_tensor_split) shares it among several"),
    ],
)
def test_what_is_not_there_is_refused_and_never_ignored(hardware: Hardware, problem: str) -> None:
    with pytest.raises(QuantUsageError) as raised:
        check_hardware(hardware)
    assert problem in str(raised.value)


@pytest.mark.skipif(library.OFFLOADS, reason="this llama.cpp is built for an accelerator")
def test_a_build_for_the_processor_sees_no_accelerator() -> None:
    assert accelerators() == ()
    assert not offloads(DEFAULT_HARDWARE)
    assert described(DEFAULT_HARDWARE) == ()
    check_hardware(Hardware(gpu_layers=0, flash_attention="off"))


@pytest.mark.usefixtures("one_gpu")
def test_an_accelerator_is_used_unless_no_layer_is_to_lie_there() -> None:
    assert offloads(DEFAULT_HARDWARE)
    assert not offloads(Hardware(gpu_layers=0))
    for hardware in (Hardware(gpu_layers=20), Hardware(main_gpu=0), Hardware(tensor_split=(1,))):
        check_hardware(hardware)
    for hardware in (Hardware(main_gpu=1), Hardware(tensor_split=(1, 1))):
        with pytest.raises(QuantUsageError, match=r"this llama.cpp sees CUDA0 \(NVIDIA H200\)"):
            check_hardware(hardware)


@pytest.mark.usefixtures("one_gpu")
def test_answers_of_another_device_are_others() -> None:
    """What is kept is found by this."""
    ways = [DEFAULT_HARDWARE, Hardware(gpu_layers=0), Hardware(gpu_layers=1), Hardware(main_gpu=0)]
    ways += [Hardware(tensor_split=(1,)), Hardware(flash_attention="off")]
    keys = {described(way) for way in ways}
    assert len(keys) == len(ways)
    assert all(key[0] == "accelerator CUDA0 (NVIDIA H200)" for key in keys)


def test_more_sequences_are_decoded_together_on_an_accelerator(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert effective_parallel(tiny, None) == MOST_PARALLEL
    for module in ("devices", "width"):
        monkeypatch.setattr(f"pytest_quant.runtimes.llamacpp.{module}.accelerators", lambda: (GPU,))
    assert effective_parallel(tiny, None) == MOST_PARALLEL_OFFLOADED
    assert effective_parallel(tiny, None, None, Hardware(gpu_layers=0)) == MOST_PARALLEL
    small = Accelerator("Vulkan0", "small", 64 << 20)
    monkeypatch.setattr("pytest_quant.runtimes.llamacpp.width.accelerators", lambda: (small,))
    assert 1 <= effective_parallel(tiny, None) < MOST_PARALLEL_OFFLOADED


def test_more_context_than_a_model_was_trained_with_is_refused(tiny: Path) -> None:
    check_context(512, [tiny])
    check_context(None, [tiny])
    with pytest.raises(QuantUsageError, match=r"found 513; tiny.gguf was trained with 512 tokens"):
        check_context(513, [tiny])


def test_the_runtime_tells_what_llama_cpp_says_it_did(tiny: Path) -> None:
    with LlamaCppRuntime.open(tiny, threads=1, parallel=2, context=64) as runtime:
        runtime.generate(["One"], Limits(2))
        told = runtime.describe()
    # Its two layers and the output.
    assert told.devices == "3 layers on CPU" or library.OFFLOADS
    assert (told.flash_attention, told.kv, told.context) == ("enabled", "f16/f16", 64)


def test_without_flash_attention(tiny: Path) -> None:
    off = Hardware(flash_attention="off", gpu_layers=0)
    with LlamaCppRuntime.open(tiny, threads=1, parallel=2, hardware=off) as runtime:
        runtime.generate(["One"], Limits(2))
        assert runtime.describe().flash_attention == "disabled"


def test_the_devices_of_a_log() -> None:
    """Lines as llama.cpp writes them where there are some."""
    native_log.clear()
    for device in ("CUDA0 (NVIDIA H200)", "CUDA1 (NVIDIA RTX 4090 (D))"):
        line = f"llama_prepare_model_devices: using device {device} (0000:0f:00.0) - 9 MiB free\n"
        native_log.keep(2, line.encode())
    for layer, device in enumerate(["CPU", "CUDA0", "CUDA0", "CUDA0", "CUDA1", "CUDA1"]):
        line = f"load_tensors: layer {layer:3} assigned to device {device}, is_swa = 0\n"
        native_log.keep(1, line.encode())
    assert native_log.devices() == (
        "3 layers on CUDA0 (NVIDIA H200), 2 on CUDA1 (NVIDIA RTX 4090 (D)), 1 on CPU"
    )
    with closing(library.Model(Path(devices.__file__).parents[2] / "models/embedded-f16.gguf")):
        assert "CUDA" not in native_log.devices()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["llama_context: flash_attn            = enabled"], "enabled"),
        (["llama_context: flash_attn            = disabled"], "disabled"),
        (
            ["llama_context: flash_attn            = auto", "x: Flash Attention enabled"],
            "enabled",
        ),
        (
            [
                "llama_context: flash_attn            = auto",
                "resolve_fused_ops: Flash Attention not supported, set to disabled",
            ],
            "disabled",
        ),
        (["llama_init_from_model: enabling flash_attn since it is required for quantized V"], ""),
    ],
)
def test_flash_attention_of_a_log(lines: list[str], told: str) -> None:
    native_log.clear()
    for line in lines:
        native_log.keep(2, f"{line}\n".encode())
    assert native_log.flash_attention() == told
