"""Every model has a folder of its own, on every file system, and old folders are found again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gate.baselines import baseline, probe_of

from pytest_quant.gate import baseline_places
from pytest_quant.gate.baseline_file import write_baseline
from pytest_quant.gate.baseline_places import baseline_path, predictions_path, recorded_levels

DEVICES = ("con", "prn", "aux", "nul", "com1", "lpt9")
# Each differs from another one in something that not every file system keeps.
NAMES = (
    "\u901a\u4e49\u5343\u95ee",
    "\u6df7\u5143",
    "model",
    "",
    "..",
    "...",
    "Qwen 3",
    "qwen 3",
    "Qwen-3",
    "qwen-3",
    "qwen-3.",
    "qwen-3-",
    "qwen:3",
    "qwen/3",
    "../qwen-3",
    "caf\u00e9",
    "cafe\u0301",
    "m" * 80,
    "m" * 81,
    "m" * 300,
    "\ud800",
    "\u202eevil\x1b[2J\n/x",
    *DEVICES,
    *(f"{name}.b-1" for name in DEVICES),
    *(name.upper() for name in DEVICES),
)


def recorded(path: Path, model: str) -> Path:
    level = path.stem
    write_baseline(replace(baseline(sums=probe_of("11")), model=model, level=level), path)
    return path


def folder_of(model: str) -> str:
    path = baseline_path(Path("somewhere"), model, "q4")
    assert path.name == "q4.json"
    assert path.parent.parent == Path("somewhere")
    return path.parent.name


def test_each_model_has_its_own_folder_where_case_does_not_count(tmp_path: Path) -> None:
    paths = [
        recorded(baseline_path(tmp_path, name, "q4"), name) for name in NAMES if name != "\ud800"
    ]
    assert len({path.parent.name.lower() for path in paths}) == len(paths)
    # Each is found again, whatever came after it.
    for name, path in zip((n for n in NAMES if n != "\ud800"), paths, strict=True):
        assert baseline_path(tmp_path, name, "q4") == path
        assert recorded_levels(tmp_path, name) == ["q4"]
        assert baseline_path(tmp_path, name, "q8").parent == path.parent
        assert predictions_path(tmp_path, name).parent == path.parent


@pytest.mark.parametrize(
    ("model", "folder"),
    [
        ("my-model", "my-model"),
        ("pytest-quant embedded", "pytest-quant-embedded"),
        ("Llama 3.1 8B", "Llama-3.1-8B"),
        ("\u901a\u4e49", "model-"),
        ("", "model-"),
        ("..", "model-"),
        ("../../etc/passwd", "etc-passwd-"),
        ("con.x", "con-x-"),
        ("m" * 300, "m" * 80 + "-"),
    ],
)
def test_a_name_is_kept_as_far_as_a_path_can(model: str, folder: str) -> None:
    assert folder_of(model).startswith(folder)
    if not folder.endswith("-"):
        assert folder_of(model) == folder


@given(st.text(st.characters(codec=None)))
def test_a_models_name_never_leads_elsewhere(model: str) -> None:
    folder = folder_of(model)
    assert folder.isascii()
    assert 0 < len(folder) <= 91
    assert folder.strip(".- ") == folder
    assert folder.lower().partition(".")[0] not in DEVICES


def test_nobody_takes_the_folder_of_another_by_its_name() -> None:
    assert folder_of(folder_of("\u901a\u4e49")) != folder_of("\u901a\u4e49")


def test_a_folder_of_an_earlier_version_is_found(tmp_path: Path) -> None:
    model = "\u901a\u4e49"
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "reference.npz").write_bytes(b"")
    q4 = recorded(tmp_path / "model" / "q4.json", model)
    recorded(tmp_path / "model" / "q8.json", "\u6df7\u5143")
    assert baseline_path(tmp_path, model, "q4") == q4
    assert recorded_levels(tmp_path, model) == ["q4"]
    assert predictions_path(tmp_path, model) == tmp_path / "model" / "reference.npz"
    # What lies there of another model is not in the way.
    assert baseline_path(tmp_path, model, "q8").parent == tmp_path / folder_of(model)
    assert predictions_path(tmp_path, "\u6587\u5fc3").parent != tmp_path / "model"


def test_a_new_file_goes_before_an_old_one(tmp_path: Path) -> None:
    model = "Qwen: 3"
    recorded(tmp_path / "Qwen-3" / "q4.json", model)
    recorded(tmp_path / "Qwen-3" / "q8.json", model)
    new = recorded(tmp_path / folder_of(model) / "q4.json", model)
    assert baseline_path(tmp_path, model, "q4") == new
    assert recorded_levels(tmp_path, model) == ["q4", "q8"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "\udc80"])
def test_an_old_file_that_cannot_be_read_is_not_passed_over(tmp_path: Path, content: str) -> None:
    path = tmp_path / "Qwen-3" / "q4.json"
    path.parent.mkdir()
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    for model in ("Qwen 3", "Qwen: 3"):
        assert baseline_path(tmp_path, model, "q4") == path
        assert recorded_levels(tmp_path, model) == ["q4"]


def test_a_file_about_a_stranger_is_not_passed_over(tmp_path: Path) -> None:
    path = recorded(tmp_path / "Qwen-3" / "q4.json", "llama")
    assert baseline_path(tmp_path, "Qwen 3", "q4") == path


@given(
    st.sampled_from(["q4", "q4_k_m", "q4-k-m", "f16", "my_mix2"]),
    st.sampled_from(["", "+kv:q8_0", "+kv:q8_0/q4_0", "+kv:iq4_nl/f16"]),
)
def test_a_level_is_found_again_by_the_name_of_its_file(file: str, kept: str) -> None:
    name = baseline_places._file_name(file + kept)
    assert not set(name) & set('<>:"/\\|?*')
    assert baseline_places._level(name) == file + kept


def test_levels_of_one_file_have_files_of_their_own(tmp_path: Path) -> None:
    for level in ("q4", "q4+kv:q8_0", "q4+kv:q8_0/q4_0"):
        path = baseline_path(tmp_path, "toy", level)
        write_baseline(replace(baseline(sums=probe_of("11")), model="toy", level=level), path)
    assert recorded_levels(tmp_path, "toy") == ["q4", "q4+kv:q8_0", "q4+kv:q8_0/q4_0"]
