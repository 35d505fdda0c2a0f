"""No file ends the process: it is tried in another one, and refused with that one's last words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import gguf
import numpy as np
import pytest
from benchmarks.faults.model_file import ModelFile
from tests.runtimes.llamacpp.changed_models import Change, changed, retyped, with_value

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp import library, trial
from pytest_quant.runtimes.llamacpp.digests import digest
from pytest_quant.runtimes.llamacpp.trial import child_command, last_words


def a_token_twice(model: ModelFile) -> None:
    tokens = model.fields["tokenizer.ggml.tokens"].value
    model.replace("tokenizer.ggml.tokens", [*tokens[:-1], tokens[-2]])


def huge_norm(model: ModelFile) -> None:
    model.set_values("output_norm.weight", np.full(256, 3e38))


def ensure_tried(path: Path, cache_dir: Path) -> None:
    trial.ensure_tried(path, digest(path, cache_dir), cache_dir)


# What llama.cpp aborts for, and the last words of it.
ABORTS: dict[str, tuple[Change, str]] = {
    "no blocks": (with_value("llama.block_count", 0), "GGML_ASSERT(hparams.n_layer_all > 0"),
    "a token twice": (a_token_twice, "GGML_ASSERT(id_to_token.size() == token_to_id.size())"),
    "alignment": (with_value("general.alignment", 8), "buffer pointer must be aligned"),
    "epsilon": (
        with_value("llama.attention.layer_norm_rms_epsilon", -1.0),
        "GGML_ASSERT(eps >= 0.0f) failed",
    ),
    "experts": (with_value("llama.expert_count", 7), "GGML_ASSERT(n_expert_used_max > 0) failed"),
}
# What it refuses itself, or computes no numbers with.
REFUSALS: dict[str, tuple[Change, str]] = {
    "heads": (
        with_value("llama.attention.head_count_kv", [4.0, 1e30], gguf.GGUFValueType.FLOAT32),
        "llama.attention.head_count_kv has wrong array element type f32",
    ),
    "architecture": (with_value("general.architecture", "nosuch"), "unknown model architecture"),
    "overflow": (huge_norm, "its logits are not numbers (NaN or infinite)"),
}


def refusal(path: Path, cache_dir: Path) -> str:
    """What is said of a model, each time that it is given."""
    said = set()
    for _ in range(2):
        with pytest.raises(QuantUsageError) as refused:
            ensure_tried(path, cache_dir)
        said.add(str(refused.value))
    (message,) = said
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) <= 6
    return message


@pytest.mark.parametrize("name", ABORTS)
def test_what_aborts_does_so_elsewhere(name: str, tiny: Path, tmp_path: Path) -> None:
    change, words = ABORTS[name]
    message = refusal(changed(tiny, change, tmp_path / "m.gguf"), tmp_path)
    assert "llama.cpp was ended by SIGABRT while " in message
    assert words in message
    # Neither a debugger's output nor the paths of whoever compiled it.
    assert "[New LWP" not in message
    assert "\n/" not in message


@pytest.mark.parametrize("number", [15, 25])
def test_a_type_that_is_not_computed_with(number: int, tiny: Path, tmp_path: Path) -> None:
    path = retyped(tiny, "output.weight", number, tmp_path / "m.gguf")
    assert "llama.cpp was ended by SIGSEGV while decoding a token" in refusal(path, tmp_path)


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_refused_is_told_in_words(name: str, tiny: Path, tmp_path: Path) -> None:
    change, words = REFUSALS[name]
    assert words in refusal(changed(tiny, change, tmp_path / "m.gguf"), tmp_path)


def test_a_damaged_number_is_told_before_anything_is_loaded(tiny: Path, tmp_path: Path) -> None:
    def change(model: ModelFile) -> None:
        model.tensors["token_embd.weight"].data[599, 3] = np.nan

    message = refusal(changed(tiny, change, tmp_path / "m.gguf"), tmp_path)
    assert "damaged: a weight in row 599 of tensor 'token_embd.weight' (F16)" in message


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The processes that are started from now on."""
    started: list[object] = []
    start = subprocess.Popen

    def counted(*args, **kwargs):
        started.append(args)
        return start(*args, **kwargs)

    monkeypatch.setattr(subprocess, "Popen", counted)
    return started


def test_a_model_is_tried_once(tiny: Path, tmp_path: Path, children: list[object]) -> None:
    ensure_tried(tiny, tmp_path)
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(tiny.read_bytes())
    ensure_tried(copy, tmp_path)
    assert len(children) == 1


def test_another_build_tries_it_again(
    tiny: Path, tmp_path: Path, children: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_tried(tiny, tmp_path)
    monkeypatch.setattr(library, "build_id", lambda: "llama-cpp-python 9.9.9")
    ensure_tried(tiny, tmp_path)
    assert len(children) == 2


def test_a_broken_note_is_no_note(tiny: Path, tmp_path: Path, children: list[object]) -> None:
    ensure_tried(tiny, tmp_path)
    (note,) = (tmp_path / "tried").iterdir()
    note.write_text('{"identity": ["something else"]}')
    ensure_tried(tiny, tmp_path)
    assert len(children) == 2


def test_the_embedded_model_costs_nothing(tmp_path: Path, children: list[object]) -> None:
    trial.ensure_tried(EMBEDDED_MODEL, "", tmp_path)
    assert not children
    assert not list(tmp_path.iterdir())


def test_what_takes_too_long_is_stopped(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_LEAST_SECONDS", 0)
    monkeypatch.setattr(trial, "_BYTES_PER_SECOND", 1e12)
    assert "llama.cpp did not end within 0 s while starting" in refusal(tiny, tmp_path)


@pytest.mark.skipif(library.OFFLOADS, reason="accelerators set aside addresses that they never use")
def test_what_takes_too_much_memory_is_stopped(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_LEAST_MEMORY", -2 * tiny.stat().st_size + 1)
    message = refusal(tiny, tmp_path)
    assert "memory" in message.lower() or "alloc" in message


def test_a_child_finds_the_standard_library_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pytest puts the folder of a test first, where a file may have any name."""
    (tmp_path / "random.py").write_text("raise SystemExit('wrong')")
    (tmp_path / "mine.py").write_text("import random\ndef main(order): print(order, random.random)")
    monkeypatch.syspath_prepend(tmp_path)
    ended = subprocess.run(
        child_command("mine", "order"), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.stdout.startswith("order <built-in method"), ended.stderr


def test_last_words_leave_out_what_only_a_debugger_needs() -> None:
    said = (
        "[New LWP 17]\n/tmp/x/vendor/llama.cpp/ggml/src/ggml.c:12: GGML_ASSERT(a) failed\n\n"
        '#0  0x00007f in __wait4 ()\nFatal Python error: Aborted\n  File "a.py", line 3 in f\n'
    )
    assert last_words(said) == ["ggml/src/ggml.c:12: GGML_ASSERT(a) failed"]
    assert last_words("x" * 1000 + "\n") == ["x" * 300]
