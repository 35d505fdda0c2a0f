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
from pytest_quant.runtimes.chat import PLAIN_QUESTION
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


def prompt_form(path: Path) -> str:
    """How the model is asked by itself, from the header of its file alone."""
    header = read_header(path)
    if _TEMPLATE not in header.metadata:
        return _form(None)
    start, end = header.metadata_spans[_TEMPLATE]
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(end - start)
    return _form(f"sha256:{_digest(data)}")


def _contents(metadata: dict[str, str], tensors: dict[str, str]) -> Contents:
    return Contents(_form(metadata.get(_TEMPLATE)), metadata, tensors)


def _form(template: str | None) -> str:
    return f"chat template {template}" if template else PLAIN_QUESTION


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
            {tensor.name: f"{tensor.kind} {_of_span(data, span)}" for tensor, span in tensors},
        )


def _value(header: Header, key: str, data: memoryview) -> str:
    value = header.metadata.get(key)
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT and key != _TEMPLATE:
        return value
    return f"sha256:{_of_span(data, header.metadata_spans[key])}"


def _of_span(data: memoryview, span: tuple[int, int]) -> str:
    with data[slice(*span)] as piece:
        return _digest(piece)


def _digest(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]
