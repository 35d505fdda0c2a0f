"""What a model file holds, piece by piece and small: to tell which piece of it changed.

A digest of the whole file says that two files differ; this says in which tensors and in which
entries of the metadata (a rope base, a vocabulary, a chat template).
"""

from __future__ import annotations

import hashlib
import json
import mmap
from dataclasses import asdict, dataclass
from pathlib import Path

from pytest_quant.runtimes.llamacpp.cache import remember
from pytest_quant.runtimes.llamacpp.digests import digest
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.gguf_header import Header, read_header

# Hexadecimal digits of a piece's digest: enough to tell changes, few enough to be kept.
_DIGITS = 12
# Longer texts are told by their digest.
_LONGEST_TEXT = 40
_TEMPLATE = "tokenizer.chat_template"


@dataclass(frozen=True, slots=True)
class Contents:
    """``metadata``: each value as text, or its digest if it is long; ``tensors``: the ggml type
    and the digest of the data of each, such as ``Q4_K 9f86d081884c``.
    """

    metadata: dict[str, str]
    tensors: dict[str, str]

    @property
    def prompt_form(self) -> str:
        """How the model is asked: through its chat template, or plainly."""
        template = self.metadata.get(_TEMPLATE)
        return f"chat template {template}" if template else "plain question"


def read_contents(path: Path, cache_dir: Path) -> Contents:
    """The contents of a model, all parts together; a file is read through only once.

    Raises ``QuantUsageError`` like ``inspect``.
    """
    record = cache_dir / "contents" / f"{digest(path, cache_dir)}.json"
    try:
        return Contents(**json.loads(record.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        pass  # not known yet, or left broken by a killed run
    metadata: dict[str, str] = {}
    tensors: dict[str, str] = {}
    for part in inspect(path).parts:
        found = _of_part(part)
        metadata = found.metadata | metadata
        tensors |= found.tensors
    contents = Contents(metadata, tensors)
    remember(record, asdict(contents))
    return contents


def _of_part(path: Path) -> Contents:
    header = read_header(path)
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as data,
    ):
        return Contents(
            {key: _value(header, key, data) for key in header.metadata_spans},
            {
                tensor.name: f"{tensor.kind} {_digest(data, span)}"
                for tensor, span in zip(header.tensors, header.tensor_spans, strict=True)
            },
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
