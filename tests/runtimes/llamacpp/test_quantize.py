"""Quantizing with the real quantizer: types, refusals, and a full disk."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import Recipe, parse_recipes
from pytest_quant.runtimes.llamacpp.gguf_file import inspect, is_quantized
from pytest_quant.runtimes.llamacpp.promise import shortfall
from pytest_quant.runtimes.llamacpp.quantize import least_size, quantize, remove_leftovers


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(directory)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("needs to mount a small tmpfs, which this user or system may not")
    yield directory
    subprocess.run(["umount", str(directory)], check=True)


@pytest.mark.parametrize(
    ("ftype", "kind"),
    [("Q8_0", "Q8_0"), ("Q4_K_M", "Q4_K"), ("Q2_0", "Q2_0"), ("BF16", "BF16"), ("F32", "F32")],
)
def test_writes_the_types_of_the_recipe(ftype: str, kind: str, tiny: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.gguf"
    quantize(tiny, made, Recipe(ftype), threads=2)
    info = inspect(made)
    assert kind in {tensor.kind for tensor in info.matrices}
    assert info.file_type == ftype
    assert info.parameters == inspect(tiny).parameters
    assert shortfall(info, Recipe(ftype)) is None
    assert least_size(inspect(tiny), Recipe(ftype)) <= made.stat().st_size
    assert list(tmp_path.iterdir()) == [made]


def test_the_same_bytes_for_any_number_of_threads(tiny: Path, tmp_path: Path) -> None:
    made = [tmp_path / "one.gguf", tmp_path / "two.gguf"]
    for threads, path in enumerate(made, start=1):
        quantize(tiny, path, Recipe("Q4_K_M"), threads=threads)
    assert made[0].read_bytes() == made[1].read_bytes()


def test_follows_a_mixed_recipe_tensor_by_tensor(tiny: Path, tmp_path: Path) -> None:
    recipe = parse_recipes(["mixed: q4_k_m attn_.*=q8_0 ffn_.*=q4_k token_embd=q6_k output=q5_0"])
    made = tmp_path / "mixed.gguf"
    quantize(tiny, made, recipe["mixed"], threads=2)
    wanted = {"blk.*attn_": "Q8_0", "blk.*ffn_": "Q4_K", "token": "Q6_K", "output": "Q5_0"}
    matrices = [tensor for tensor in inspect(made).tensors if len(tensor.shape) > 1]
    for tensor in matrices:
        (kind,) = (kind for part, kind in wanted.items() if re.match(part, tensor.name))
        assert tensor.kind == kind, tensor.name
    assert len(matrices) == 16


def test_an_embedding_whose_rows_do_not_fit_gets_the_next_type(build_model, tmp_path: Path) -> None:
    """As with patterns; llama.cpp itself ends with an error. So many real models are narrow."""
    narrow, made = build_model(width=192, heads=3), tmp_path / "made.gguf"
    recipe = Recipe("Q4_K_M", (("attn_.*", "Q8_0"),), token_embedding="Q6_K", output="Q4_K")
    quantize(narrow, made, recipe, threads=1)
    kinds = {tensor.name: tensor.kind for tensor in inspect(made).tensors}
    assert kinds["token_embd.weight"] == "Q8_0"
    assert kinds["output.weight"] == "Q5_0"
    assert kinds["blk.0.attn_q.weight"] == "Q8_0"


def test_quantizes_a_split_model_into_one_file(build_model, tiny: Path, tmp_path: Path) -> None:
    split = build_model(split_tensors=8).with_name("tiny-00001-of-00003.gguf")
    quantize(split, tmp_path / "made.gguf", Recipe("Q8_0"), threads=2)
    quantize(tiny, tmp_path / "whole.gguf", Recipe("Q8_0"), threads=2)
    made, whole = inspect(tmp_path / "made.gguf"), inspect(tmp_path / "whole.gguf")
    assert made.tensor_types == whole.tensor_types
    assert made.parts == (tmp_path / "made.gguf",)


def test_refuses_a_quantized_source(tiny: Path, tmp_path: Path) -> None:
    made = tmp_path / "q8.gguf"
    quantize(tiny, made, Recipe("Q8_0"), threads=2)
    assert is_quantized(inspect(made))
    with pytest.raises(QuantUsageError, match=r"already quantized \(Q8_0, 8\.5"):
        quantize(made, tmp_path / "q4.gguf", Recipe("Q4_K_M"), threads=2)


@pytest.mark.parametrize(
    "recipe",
    [Recipe("IQ2_XS"), Recipe("Q4_K_M", (("ffn_up", "IQ1_S"),)), Recipe("IQ2_M")],
    ids=["known", "override", "found by the quantizer"],
)
def test_refuses_types_that_need_an_importance_matrix(
    recipe: Recipe, tiny: Path, tmp_path: Path
) -> None:
    with pytest.raises(QuantUsageError, match=f"^{recipe.ftype}.* needs an importance matrix"):
        quantize(tiny, tmp_path / "made.gguf", recipe, threads=2)
    assert list(tmp_path.iterdir()) == []


def test_refuses_overrides_that_the_quantizer_would_ignore(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(QuantUsageError, match="would ignore them beside F16"):
        quantize(tiny, tmp_path / "made.gguf", Recipe("F16", (("ffn_up", "Q8_0"),)), threads=2)


def test_passes_on_what_the_quantizer_refuses(tiny: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny.read_bytes())
    weights = gguf.GGUFReader(broken, "r+").get_tensor(5).data
    weights[:] = np.nan
    weights.flush()
    with pytest.raises(QuantUsageError, match=r"cannot make Q8_0 of it:(.|\n)*nan value"):
        quantize(broken, tmp_path / "made.gguf", Recipe("Q8_0"), threads=2)
    assert list(tmp_path.iterdir()) == [broken]


def test_a_full_disk_is_refused_before_work_begins(tiny: Path, small_disk: Path) -> None:
    message = _full_disk_message(tiny, small_disk, Recipe("F32"))
    assert "needs 6," in message


def test_a_disk_that_fills_up_on_the_way_is_explained(
    tiny: Path, small_disk: Path, tmp_path: Path
) -> None:
    """The least size fits, but not the better types that the mixture gives to some tensors."""
    recipe = Recipe("Q4_K_M")
    quantize(tiny, tmp_path / "made.gguf", recipe, threads=2)
    size, least = (tmp_path / "made.gguf").stat().st_size, least_size(inspect(tiny), recipe)
    room = (size + least) // 2
    (small_disk / "ballast").write_bytes(bytes(shutil.disk_usage(small_disk).free - room))
    message = _full_disk_message(tiny, small_disk, recipe)
    needed = re.search(r"needs more than ([\d,]+) bytes", message)
    assert needed
    assert least <= int(needed[1].replace(",", "")) < size


def _full_disk_message(source: Path, disk: Path, recipe: Recipe) -> str:
    """The refusal to quantize onto the disk, which must be left as it was."""
    before = list(disk.iterdir())
    with pytest.raises(QuantUsageError) as caught:
        quantize(source, disk / "made.gguf", recipe, threads=2)
    assert list(disk.iterdir()) == before
    message = str(caught.value)
    assert message.startswith(f"{disk}: the disk is full")
    assert "--quant-cache-dir" in message
    return message


def test_an_unwritable_directory_is_explained(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(QuantUsageError, match=r"--quant-cache-dir"):
        quantize(tiny, tmp_path / "absent" / "made.gguf", Recipe("Q8_0"), threads=2)


def test_leftovers_of_killed_runs_go(tmp_path: Path) -> None:
    made, other = tmp_path / "made.gguf", tmp_path / "other.gguf.x.partial"
    for path in (made, other, tmp_path / "made.gguf.a1.partial", tmp_path / "made.gguf.b2.partial"):
        path.touch()
    remove_leftovers(made)
    assert sorted(tmp_path.iterdir()) == [made, other]


def test_the_child_sees_this_process_s_modules(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package may be importable only through sys.path, as under pytest's pythonpath."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    quantize(tiny, tmp_path / "made.gguf", Recipe("Q8_0"), threads=1)
    assert os.environ.get("PYTHONPATH") is None
    assert dataclasses.is_dataclass(inspect(tmp_path / "made.gguf"))
