"""Every piece of a model file has a digest of its own: a change shows where it is."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import gguf
import pytest
from benchmarks.faults.catalogue import fault_named
from tests.runtimes.llamacpp.changed_models import changed, with_value

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp.contents import prompt_form, read_contents


def test_digests_are_those_of_each_tensor(tiny: Path, tmp_path: Path) -> None:
    assert read_contents(tiny, tmp_path).tensors == {
        tensor.name: (
            f"{tensor.tensor_type.name} {hashlib.sha256(tensor.data.tobytes()).hexdigest()[:12]}"
        )
        for tensor in gguf.GGUFReader(tiny).tensors
    }


def test_short_values_are_told_and_long_ones_by_their_digest(tiny: Path, tmp_path: Path) -> None:
    metadata = read_contents(tiny, tmp_path).metadata
    assert metadata["general.architecture"] == "llama"
    assert metadata["llama.context_length"] == "512"
    assert metadata["tokenizer.ggml.tokens"].startswith("sha256:")
    keys = [name for name in gguf.GGUFReader(tiny).fields if not name.startswith("GGUF.")]
    assert list(metadata) == keys


def test_a_swap_shows_in_two_tensors_alone(tiny: Path, tmp_path: Path) -> None:
    swapped = tmp_path / "swapped.gguf"
    fault_named("swapped tensors").plant(tiny, 1.0, swapped)
    before, after = (read_contents(path, tmp_path) for path in (tiny, swapped))
    one, other = (n for n in before.tensors if before.tensors[n] != after.tensors[n])
    assert before.tensors[one] == after.tensors[other]
    assert before.metadata == after.metadata


def test_a_split_model_has_the_contents_of_the_whole(
    tiny: Path, build_model: Callable[..., Path], tmp_path: Path
) -> None:
    part = build_model(split_tensors=8).with_name("tiny-00001-of-00003.gguf")
    assert read_contents(part, tmp_path).tensors == read_contents(tiny, tmp_path).tensors


def test_is_worked_out_once_and_again_if_the_cache_is_broken(tiny: Path, tmp_path: Path) -> None:
    first = read_contents(tiny, tmp_path)
    (kept,) = (tmp_path / "contents").iterdir()
    assert read_contents(tiny, tmp_path) == first
    for broken in ("{", "[]", '{"metadata": 1, "tensors": {}}'):
        kept.write_text(broken, "utf-8")
        assert read_contents(tiny, tmp_path) == first


def test_a_chat_template_is_told_by_its_digest(tiny: Path, tmp_path: Path) -> None:
    assert read_contents(tiny, tmp_path).prompt_form == "plain question"
    with_template = with_value("tokenizer.chat_template", "{{ messages[0].content }}")
    path = changed(tiny, with_template, tmp_path / "templated.gguf")
    form = read_contents(path, tmp_path).prompt_form
    assert re.fullmatch("chat template sha256:[0-9a-f]{12}", form)
    assert read_contents(path, tmp_path).prompt_form == form
    # From the header alone it is the same.
    assert (prompt_form(path), prompt_form(tiny)) == (form, "plain question")


def test_refuses_what_is_no_model(tmp_path: Path, tiny: Path) -> None:
    broken = tmp_path / "broken.gguf"
    shutil.copy(tiny, broken)
    with broken.open("rb+") as file:
        file.truncate(broken.stat().st_size // 2)
    with pytest.raises(QuantUsageError, match="truncated"):
        read_contents(broken, tmp_path)
