"""A model that llama.cpp would end the session for ends nothing: exit code 4 and its name."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest
from benchmarks.faults.model_file import ModelFile
from tests.runtimes.llamacpp.changed_models import changed, with_value
from tests.sessions import ONE_PROBE, Project

from pytest_quant.base.library import EMBEDDED_MODEL


def without_blocks(model: ModelFile) -> None:
    with_value("llama.block_count", 0)(model)


@pytest.fixture(scope="module")
def aborting(q8_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return changed(q8_file, without_blocks, tmp_path_factory.mktemp("model") / "m-Q8_0.gguf")


def given(level: str, path: Path) -> tuple[str, ...]:
    return (f"--quant-artifact=f16={EMBEDDED_MODEL}", f"--quant-artifact={level}={path}")


def test_what_aborts(project: Project, aborting: Path, mode: tuple[str, ...]) -> None:
    run = project.run(*ONE_PROBE, *given("q8", aborting), *mode)
    message = run.mistake()
    assert f"{aborting}: llama.cpp was ended by SIGABRT while loading it" in message
    assert "GGML_ASSERT(hparams.n_layer_all > 0" in message
    assert "collected" not in run.output


def test_one_to_quantize_from(project: Project, tmp_path: Path) -> None:
    path = changed(EMBEDDED_MODEL, without_blocks, tmp_path / "m-f16.gguf")
    message = project.run(*ONE_PROBE, f"--quant-model={path}").mistake()
    assert f"{path}: llama.cpp was ended by SIGABRT while loading it" in message


def test_nothing_is_tried_for_a_list_of_the_tests(project: Project, aborting: Path) -> None:
    run = project.run(*ONE_PROBE, *given("q8", aborting), "--co", "-q")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors


def test_a_damaged_scale_in_the_row_of_a_rare_token(
    project: Project, q8_file: Path, tmp_path: Path
) -> None:
    """Whose logits are all finite, and whose divergence is that of a healthy file."""
    path = tmp_path / "nan-Q8_0.gguf"
    path.write_bytes(q8_file.read_bytes())
    tensors = {tensor.name: tensor.data for tensor in gguf.GGUFReader(path, "r+").tensors}
    data = tensors["token_embd.weight"]
    data[-1, :2] = np.array([np.nan], np.float16).view(np.uint8)
    data.flush()
    message = project.run(*ONE_PROBE, *given("q8", path)).mistake()
    assert f"{path}: damaged: a scale of block " in message
    assert "of tensor 'token_embd.weight' (Q8_0) is NaN or infinite" in message


# What a file may still do that passed its trial.
ABORT = """
    import ctypes
    from pytest_quant.runtimes.llamacpp import library

    def test_aborts(quant):
        library.initialize()
        print("captured")
        place = b"/home/me/vendor/llama.cpp/ggml/src/ggml.c"
        library.ggml().ggml_abort(place, 12, b"%s", b"GGML_ASSERT(\\x1b[31m) failed")
"""


@pytest.mark.parametrize("arguments", [("-p", "no:xdist"), ("-n1",)], ids=["no xdist", "-n1"])
def test_last_words_get_past_the_capture(project: Project, arguments: tuple[str, ...]) -> None:
    project.write("test_it.py", ABORT)
    # The start of a process is the point: where its standard error goes.
    run = project.run("--quant-levels=q8", "test_it.py", *arguments, fresh=True)
    assert run.code != pytest.ExitCode.OK
    said = "llama.cpp aborts: 'ggml/src/ggml.c:12: GGML_ASSERT(\\x1b[31m) failed'"
    assert said in run.errors.splitlines(), run.output + run.errors
