"""What a model file is, and what is refused, told from the header alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp.gguf_file import inspect, is_quantized, reference_level

VALUES = st.integers(0, 255)


@pytest.fixture(scope="session")
def split(build_model) -> Path:
    """The first of three parts."""
    path = build_model(split_tensors=8)
    return path.with_name("tiny-00001-of-00003.gguf")


def test_tells_what_a_model_is(tiny: Path) -> None:
    info = inspect(tiny)
    reader = gguf.GGUFReader(tiny)
    elements = sum(int(tensor.n_elements) for tensor in reader.tensors)
    assert info.parameters == elements
    assert info.bits_per_weight == pytest.approx(
        8 * sum(int(tensor.n_bytes) for tensor in reader.tensors) / elements
    )
    assert {tensor.name: tensor.kind for tensor in info.tensors} == {
        tensor.name: tensor.tensor_type.name for tensor in reader.tensors
    }
    assert info.tensor_types == {"F16": 16, "F32": 5}
    assert (info.name, info.architecture, info.context_length) == ("random-256x2", "llama", 512)
    assert (info.file_type, info.has_chat_template) == ("F16", False)
    assert info.size == tiny.stat().st_size
    assert info.parts == (tiny,)


def test_tells_unquantized_models_apart(tiny: Path, tiny_f32: Path) -> None:
    assert reference_level(inspect(tiny)) == "f16"
    assert reference_level(inspect(tiny_f32)) == "f32"
    assert not is_quantized(inspect(tiny))


def test_sees_a_chat_template(build_model) -> None:
    assert inspect(build_model(chat_template="{{ messages[0].content }}")).has_chat_template


def test_refuses_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(QuantUsageError, match="no such file"):
        inspect(tmp_path / "absent.gguf")
    with pytest.raises(QuantUsageError, match="is a directory"):
        inspect(tmp_path)
    text = tmp_path / "notes.gguf"
    text.write_text("Good morning")
    with pytest.raises(QuantUsageError, match="not a GGUF file"):
        inspect(text)
    (tmp_path / "empty.gguf").touch()
    with pytest.raises(QuantUsageError, match="not a GGUF file"):
        inspect(tmp_path / "empty.gguf")


def test_refuses_a_file_without_weights(tmp_path: Path) -> None:
    path = tmp_path / "bare.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(QuantUsageError, match="holds no weights"):
        inspect(path)


def test_names_the_tensor_where_the_file_ends(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(tiny.read_bytes()[:-1])
    with pytest.raises(QuantUsageError, match=r"truncated: tensor 'output.weight' ends at byte"):
        inspect(path)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(share=st.floats(0, 1))
def test_refuses_a_header_cut_anywhere(
    share: float, tiny: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = tiny.read_bytes()[:12_000]
    path = tmp_path_factory.mktemp("cut") / "cut.gguf"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(QuantUsageError, match=r"truncated|not a GGUF"):
        inspect(path)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(damage=st.lists(st.tuples(st.integers(4, 11_500), VALUES), min_size=1, max_size=6))
def test_a_damaged_header_is_read_or_refused(
    damage: list[tuple[int, int]], tiny: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = np.fromfile(tiny, np.uint8)
    for position, value in damage:
        data[position] = value
    path = tmp_path_factory.mktemp("damaged") / "damaged.gguf"
    data.tofile(path)
    try:
        info = inspect(path)
    except QuantUsageError as error:
        assert str(path) in str(error)
    else:
        assert info.size == tiny.stat().st_size
    path.unlink()


def test_a_split_model_is_one_model(split: Path, tiny: Path) -> None:
    info, whole = inspect(split), inspect(tiny)
    assert [part.name for part in info.parts] == [
        f"tiny-0000{number}-of-00003.gguf" for number in (1, 2, 3)
    ]
    assert info.parameters == whole.parameters
    assert info.tensor_types == whole.tensor_types
    assert info.size == sum(part.stat().st_size for part in info.parts)


def test_names_the_missing_part(split: Path, tmp_path: Path) -> None:
    for number in (1, 3):
        shutil.copy(split.with_name(f"tiny-0000{number}-of-00003.gguf"), tmp_path)
    with pytest.raises(QuantUsageError, match=r"missing: tiny-00002-of-00003\.gguf"):
        inspect(tmp_path / split.name)


def test_asks_for_the_first_part(split: Path) -> None:
    with pytest.raises(QuantUsageError, match=r"is part 00002 .* give the first: .*-00001-of"):
        inspect(split.with_name("tiny-00002-of-00003.gguf"))


def test_refuses_a_renamed_part(split: Path, tmp_path: Path) -> None:
    shutil.copy(split, tmp_path / "renamed.gguf")
    with pytest.raises(QuantUsageError, match="one of 3 parts, but not named like"):
        inspect(tmp_path / "renamed.gguf")


def test_refuses_parts_of_different_models(split: Path, tmp_path: Path) -> None:
    for source, number in ((1, 1), (2, 2), (2, 3)):
        part = split.with_name(f"tiny-0000{source}-of-00003.gguf")
        shutil.copy(part, tmp_path / f"tiny-0000{number}-of-00003.gguf")
    with pytest.raises(QuantUsageError, match="do not belong together"):
        inspect(tmp_path / split.name)
