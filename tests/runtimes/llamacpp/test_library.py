"""llama.cpp is quiet, explains itself, and tells what it is."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp import library, tensor_types


def test_a_build_and_hardware_are_named() -> None:
    assert library.build_id().startswith(f"llama-cpp-python {library.version()} (")
    assert library.hardware_class().startswith("CPU: ")
    assert "=" not in library.hardware_class().replace("=1", "")


def test_a_file_that_llama_cpp_refuses_is_explained_with_its_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.gguf"
    writer = gguf.GGUFWriter(path, "no-such-architecture")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(QuantUsageError, match="unknown model architecture: 'no-such-architecture'"):
        library.Model(path)
    assert capfd.readouterr() == ("", "")


def test_tensor_types_agree_with_the_format_s_own_table() -> None:
    """Except Q8_1, an intermediate type that is never stored, whose size differs there."""
    for kind, (block, block_bytes) in gguf.GGML_QUANT_SIZES.items():
        if kind.name != "Q8_1":
            found = tensor_types.by_name(kind.name)
            assert (found.number, found.block, found.block_bytes) == (kind, block, block_bytes)
    assert tensor_types.by_number(10_000) is None
    with pytest.raises(QuantUsageError, match=r"no tensor type Q9_K\. Did you mean Q6_K\?"):
        tensor_types.by_name("Q9_K")


def test_file_types_have_the_format_s_numbers() -> None:
    for kind in gguf.LlamaFileType:
        name = kind.name.removeprefix("ALL_").removeprefix("MOSTLY_")
        if name != "GUESSED":
            assert library.file_type_id(name) == kind
            assert library.file_type_name(kind) == name
    assert library.file_type_name(9999) == ""
