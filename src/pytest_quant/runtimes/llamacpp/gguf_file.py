"""What a GGUF model is, told from its header alone; a split model counts as one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.gguf_header import Header, Tensor, read_header
from pytest_quant.runtimes.llamacpp.purpose import check_generates_text, check_numbers
from pytest_quant.runtimes.llamacpp.tensor_types import FLOAT_TYPES

_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GgufInfo:
    """A model file.

    ``size`` is in bytes, all parts together; ``parameters`` the number of weights;
    ``bits_per_weight`` what the tensors really take (all their bits over all their elements);
    ``tensor_types`` the number of tensors of each type; ``file_type`` the nominal type that the
    file claims (``""`` if none), such as ``Q4_K_M``; ``kv_bytes_per_token`` an estimate of what
    one token of context takes in an f16 KV cache.
    """

    path: Path
    parts: tuple[Path, ...]
    size: int
    name: str
    architecture: str
    context_length: int
    parameters: int
    bits_per_weight: float
    tensor_types: Mapping[str, int]
    file_type: str
    has_chat_template: bool
    kv_bytes_per_token: int
    tensors: tuple[Tensor, ...]

    @property
    def matrices(self) -> tuple[Tensor, ...]:
        """The weights that a quantizer changes: two or more dimensions, in a transformer block."""
        inner = tuple(t for t in self.tensors if len(t.shape) > 1 and t.name.startswith("blk."))
        return inner or tuple(tensor for tensor in self.tensors if len(tensor.shape) > 1)


def dominant_type(info: GgufInfo) -> str:
    """The type that holds most elements of the weight matrices."""
    elements: Counter[str] = Counter()
    for tensor in info.matrices:
        elements[tensor.kind] += tensor.elements
    return elements.most_common(1)[0][0]


def is_quantized(info: GgufInfo) -> bool:
    """Whether any weight matrix is stored in a quantized type."""
    return any(tensor.kind not in FLOAT_TYPES for tensor in info.matrices)


def reference_level(info: GgufInfo) -> str | None:
    """``f32``, ``bf16`` or ``f16``; ``None`` when the file is quantized."""
    return None if is_quantized(info) else dominant_type(info).lower()


def inspect(path: Path) -> GgufInfo:
    """Read what a model file is. Raises ``QuantUsageError`` for one that cannot be used."""
    first = read_header(path)
    parts, headers = _all_parts(path, first)
    tensors = tuple(tensor for header in headers for tensor in header.tensors)
    elements = sum(tensor.elements for tensor in tensors)
    metadata = first.metadata
    has_weights = elements > 0 and any(len(tensor.shape) > 1 for tensor in tensors)
    check_generates_text(path, metadata, first.metadata_spans, has_weights=has_weights)
    check_numbers(path, metadata)
    architecture = str(metadata.get("general.architecture", ""))
    return GgufInfo(
        path=path,
        parts=parts,
        size=sum(header.size for header in headers),
        name=str(metadata.get("general.name") or path.stem),
        architecture=architecture,
        context_length=_count(metadata, f"{architecture}.context_length"),
        parameters=elements,
        bits_per_weight=8 * sum(tensor.nbytes for tensor in tensors) / elements,
        tensor_types=dict(sorted(Counter(tensor.kind for tensor in tensors).items())),
        file_type=library.file_type_name(_count(metadata, "general.file_type", missing=-1)),
        has_chat_template="tokenizer.chat_template" in metadata,
        kv_bytes_per_token=_kv_bytes_per_token(metadata, architecture),
        tensors=tensors,
    )


def _kv_bytes_per_token(metadata: Mapping[str, object], architecture: str) -> int:
    def number(key: str, missing: int) -> int:
        return _count(metadata, f"{architecture}.{key}", missing)

    layers, heads = number("block_count", 1), max(1, number("attention.head_count", 1))
    head_width = number("embedding_length", 1) // heads
    widths = number("attention.key_length", head_width)
    widths += number("attention.value_length", head_width)
    per_layer = metadata.get(f"{architecture}.attention.head_count_kv")
    if isinstance(per_layer, tuple) and all(isinstance(count, int) for count in per_layer):
        return 2 * widths * int(sum(per_layer))
    return 2 * widths * layers * number("attention.head_count_kv", heads)


def _count(metadata: Mapping[str, object], key: str, missing: int = 0) -> int:
    """An integer of the metadata; a value of any other kind counts as missing."""
    value = metadata.get(key)
    return value if isinstance(value, int) else missing


def _all_parts(path: Path, first: Header) -> tuple[tuple[Path, ...], list[Header]]:
    """Every part of a split model, or the file itself."""
    count = _count(first.metadata, "split.count")
    if count <= 1:
        return (path,), [first]
    match = _PART.fullmatch(path.name)
    if not match or int(match["count"]) != count:
        raise QuantUsageError(
            f"{path}: is one of {count} parts, but not named like model-00001-of-{count:05}.gguf; "
            "llama.cpp finds the other parts by that name: rename them"
        )
    parts = tuple(
        path.with_name(f"{match['stem']}-{number:05}-of-{count:05}.gguf")
        for number in range(1, count + 1)
    )
    missing = [part.name for part in parts if not part.exists()]
    if missing:
        raise QuantUsageError(
            f"{path}: is part of a model split into {count}; missing: {', '.join(missing)}\n"
            f"put all parts into {path.parent}"
        )
    if path.name != parts[0].name:
        raise QuantUsageError(
            f"{path}: is part {match['number']} of a split model; give the first: {parts[0]}"
        )
    headers = [first, *(read_header(part) for part in parts[1:])]
    _check_tensor_count(path, headers)
    return parts, headers


def _check_tensor_count(path: Path, headers: list[Header]) -> None:
    found = sum(len(header.tensors) for header in headers)
    expected = headers[0].metadata.get("split.tensors.count", found)
    if found != expected:
        raise QuantUsageError(
            f"{path}: the parts hold {found} tensors, the first part promises {expected}; "
            "they do not belong together: download the model again"
        )
