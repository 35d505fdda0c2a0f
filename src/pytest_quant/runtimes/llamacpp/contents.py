"""What a model file holds, piece by piece and small: to tell which piece of it changed.

A digest of the whole file says that two files differ; this says in which tensors and in which
entries of the metadata (a rope base, a vocabulary, a chat template).
"""

from __future__ import annotations

import hashlib
import json
import mmap
from pathlib import Path

from pytest_quant.runtimes.artifact import Contents
from pytest_quant.runtimes.cache import remember
from pytest_quant.runtimes.llamacpp.digests import digest
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.gguf_header import Header, read_header

# Hexadecimal digits of a piece's digest: enough to tell changes, few enough to be kept.
_DIGITS = 12
# Longer texts are told by their digest.
_LONGEST_TEXT = 40
_TEMPLATE = "tokenizer.chat_template"


def read_contents(path: Path, cache_dir: Path) -> Contents:
    """The contents of a model, all parts together; a file is read through only once.

    Raises ``QuantUsageError`` like ``inspect``.
    """
    record = cache_dir / "contents" / f"{digest(path, cache_dir)}.json"
    try:
        return _contents(**json.loads(record.read_text("utf-8")))
    except (OSError, ValueError, TypeError, AttributeError):
        pass  # not known yet, or left broken by a killed run
    metadata: dict[str, str] = {}
    tensors: dict[str, str] = {}
    for part in inspect(path).parts:
        own_metadata, own_tensors = _of_part(part)
        metadata = own_metadata | metadata
        tensors |= own_tensors
    remember(record, {"metadata": metadata, "tensors": tensors})
    return _contents(metadata, tensors)


def _contents(metadata: dict[str, str], tensors: dict[str, str]) -> Contents:
    template = metadata.get(_TEMPLATE)
    form = f"chat template {template}" if template else "plain question"
    return Contents(form, metadata, tensors)


def _of_part(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The metadata and the tensors of one part."""
    header = read_header(path)
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as data,
    ):
        tensors = zip(header.tensors, header.tensor_spans, strict=True)
        return (
            {key: _value(header, key, data) for key in header.metadata_spans},
            {tensor.name: f"{tensor.kind} {_digest(data, span)}" for tensor, span in tensors},
        )


def _value(header: Header, key: str, data: memoryview) -> str:
    value = header.metadata.get(key)
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT and key != _TEMPLATE:
        return value
    return f"sha256:{_digest(data, header.metadata_spans[key])}"


def _digest(data: memoryview, span: tuple[int, int]) -> str:
    with data[slice(*span)] as piece:
        return hashlib.sha256(piece).hexdigest()[:_DIGITS]
