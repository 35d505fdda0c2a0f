"""Files that are no GGUF: what they are, and what to give instead."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp.gguf_file import inspect

NAME = b"blk.0.attn_q.weight"
IMATRIX = struct.pack("<ii", 210, len(NAME)) + NAME + struct.pack("<ii", 100, 256) + bytes(1024)

CASES = {
    "git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 135\n",
        ("pointer of git LFS", "git lfs pull"),
    ),
    "web page": (b"\n<!DOCTYPE html><html><title>404</title>", ("a web page", "download it again")),
    "web page without a type": (b"<html>\n<head>", ("a web page",)),
    "error of a store": (b'<?xml version="1.0"?><Error><Code>', ("an XML document",)),
    "JSON": (b'{"error": "Repository not found"}', ("a JSON text", "download it again")),
    "index": (b'{\n  "metadata": {"total_size": 1}}', ("a JSON text",)),
    "safetensors": (
        struct.pack("<Q", 32120) + b'{"__metadata__":{"format":"pt"}',
        ("a safetensors file", "convert_hf_to_gguf.py"),
    ),
    "PyTorch": (b"PK\x03\x04\x00\x00", ("ZIP archive or a PyTorch", "convert_hf_to_gguf.py")),
    "pickle": (b"\x80\x02}q\x00", ("a pickle", "convert_hf_to_gguf.py")),
    "GGML": (b"tjgg\x03\0\0\0", ("before GGUF", "convert_hf_to_gguf.py")),
    "gzip": (b"\x1f\x8b\x08\x00", ("compressed", "unpack it")),
    "tar": (b"model.gguf".ljust(257, b"\0") + b"ustar\x0000", ("archive", "unpack it")),
    "zeros": (bytes(4096), ("a file of zeros", "download it again")),
    "empty": (b"", ("it is empty", "download or copy it again")),
    "imatrix.dat": (IMATRIX, ("an importance matrix", "give the model itself")),
    "text": (b"Good morning", ("does not begin with 'GGUF'", "convert_hf_to_gguf.py")),
    "big endian": (b"GGUF\0\0\0\x03" + bytes(64), ("big-endian", "gguf-convert-endian")),
    "version 1": (b"GGUF\x01\0\0\0" + bytes(64), ("GGUF version 1", "convert the model again")),
    "version of tomorrow": (b"GGUF\x09\0\0\0" + bytes(64), ("GGUF version 9",)),
}


@pytest.mark.parametrize("name", CASES)
def test_says_what_it_is_and_what_to_do(name: str, tmp_path: Path) -> None:
    content, words = CASES[name]
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    with pytest.raises(QuantUsageError) as refusal:
        inspect(path)
    message = str(refusal.value)
    assert message.startswith(f"{path}: ")
    assert all(word in message for word in words), message
    assert len(message.splitlines()) == 1


def test_a_link_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.symlink_to("blobs/4d7a")
    with pytest.raises(QuantUsageError, match=r"m\.gguf: is a link to blobs/4d7a, which does not"):
        inspect(path)
