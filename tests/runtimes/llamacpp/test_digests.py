"""A digest covers every byte, and is computed again when the file may have changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from pytest_quant.runtimes.llamacpp.digests import digest


def test_is_the_file_s_sha256(tiny: Path, tmp_path: Path) -> None:
    assert digest(tiny, tmp_path) == hashlib.sha256(tiny.read_bytes()).hexdigest()


def test_covers_every_part_of_a_split_model(build_model, tmp_path: Path) -> None:
    first = build_model(split_tensors=8).with_name("tiny-00001-of-00003.gguf")
    parts = b"".join(path.read_bytes() for path in sorted(first.parent.iterdir()))
    assert digest(first, tmp_path) == hashlib.sha256(parts).hexdigest()


def test_is_remembered(tiny: Path, tmp_path: Path) -> None:
    digest(tiny, tmp_path)
    (record,) = (tmp_path / "digests").iterdir()
    record.write_text(json.dumps(json.loads(record.read_text()) | {"sha256": "remembered"}))
    assert digest(tiny, tmp_path) == "remembered"


def test_a_broken_memory_is_mended(tiny: Path, tmp_path: Path) -> None:
    known = digest(tiny, tmp_path)
    (record,) = (tmp_path / "digests").iterdir()
    record.write_text('{"identity"')
    assert digest(tiny, tmp_path) == known
    assert json.loads(record.read_text())["sha256"] == known


def test_a_changed_file_is_read_again(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    shutil.copy(tiny, path)
    before = digest(path, tmp_path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert digest(path, tmp_path) == hashlib.sha256(data).hexdigest() != before
