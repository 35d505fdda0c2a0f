"""A header is parsed once, and again when its file changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_quant.runtimes.llamacpp import gguf_header
from pytest_quant.runtimes.llamacpp.gguf_header import read_header


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were parsed, in order."""
    paths: list[Path] = []
    parse = gguf_header.parse_header

    def counting(path: Path, data: object) -> gguf_header.Header:
        paths.append(path)
        return parse(path, data)

    monkeypatch.setattr(gguf_header, "parse_header", counting)
    return paths


@pytest.fixture
def model(tiny: Path, tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(tiny.read_bytes())
    return path


def test_a_settled_file_is_parsed_once(
    model: Path, parsed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf_header, "_SETTLED_NS", 0)
    assert read_header(model) == read_header(model)
    assert parsed == [model]


def test_a_changed_file_is_parsed_again(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same size, and with the time that it had."""
    monkeypatch.setattr(gguf_header, "_SETTLED_NS", 0)
    before, times = read_header(model), model.stat()
    changed = model.read_bytes().replace(b"random-256x2", b"rewritten-x2")
    copy = model.with_name("copy.gguf")
    copy.write_bytes(changed)
    os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
    copy.replace(model)
    assert before.metadata["general.name"] == "random-256x2"
    assert read_header(model).metadata["general.name"] == "rewritten-x2"


def test_a_file_written_just_now_is_parsed_each_time(model: Path, parsed: list[Path]) -> None:
    read_header(model)
    read_header(model)
    assert parsed == [model, model]
