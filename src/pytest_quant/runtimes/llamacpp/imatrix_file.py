"""The files of importance matrices: both of llama.cpp's forms are read, the newer one is written.

A file comes from anywhere. It is read into memory at once, for it may be no larger than what the
model's own tensors account for; every count in it is checked against what is there.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp import foreign
from pytest_quant.runtimes.llamacpp.gguf_header import (
    DEFAULT_ALIGNMENT,
    MAGIC,
    Header,
    Tensor,
    parse_header,
    read_header,
)

Floats = npt.NDArray[np.float32]

# What tells in a quantized file which matrix it was made with: here its digest, for a name would be
# nothing of the level's.
MATRIX_KEY = "quantize.imatrix.file"

_SUMS, _COUNTS = ".in_sum2", ".counts"
_CHUNKS, _CHUNK_SIZE, _DATASETS = "imatrix.chunk_count", "imatrix.chunk_size", "imatrix.datasets"
_UINT32, _STRING, _ARRAY = 4, 8, 9
_F32 = 0
_GGUF_VERSION = 3
# Beside its numbers a tensor has a name, a shape and padding.
_BYTES_BESIDE = 1024
_DAMAGED = "download or copy it again"


@dataclass(frozen=True, slots=True)
class Matrix:
    """What the quantizer takes: the mean square of the inputs of each column, by tensor.

    Of a tensor of several experts one after the other. ``chunks`` of text went into them;
    ``digest`` is the SHA-256 of the file.
    """

    means: Mapping[str, Floats]
    chunks: int
    digest: str


@dataclass(frozen=True, slots=True)
class Sums:
    """What was added up of one tensor: ``squares`` has a row for each of its matrices, ``counts``
    a number for each expert, one where there are none.
    """

    squares: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]


def matrix_name(digest: str) -> str:
    """What a matrix is called in the files that are made with it."""
    return f"sha256:{digest}"


def most_bytes(tensors: Mapping[str, Tensor]) -> int:
    """More than any matrix of a model with these tensors takes."""
    numbers = sum(2 * columns(tensor) for tensor in tensors.values())
    return 2 * 4 * numbers + _BYTES_BESIDE * (2 * len(tensors) + 64)


def columns(tensor: Tensor) -> int:
    """How many numbers a matrix has of a tensor: one for each column, of every expert."""
    _, _, *experts = (*tensor.shape, 1, 1)
    count = tensor.shape[0] if tensor.shape else 0
    for number in experts:
        count *= number
    return count


def read_matrix(path: Path, most: int) -> Matrix:
    """Raises ``QuantUsageError`` for a file that is no matrix, is damaged, or has over ``most``
    bytes.
    """
    data = _bytes_of(path, most)
    if data.startswith(MAGIC):
        means, chunks = _of_gguf(path, data)
    elif foreign.is_importance_matrix(data[: foreign.FIRST_BYTES]):
        means, chunks = _of_dat(path, data)
    else:
        raise QuantUsageError(f"{path}: {foreign.describe_other(data[: foreign.FIRST_BYTES])}")
    for name, found in means.items():
        if not np.isfinite(found).all() or (found < 0).any():
            raise QuantUsageError(
                f"{path}: damaged: what it says of {name!r} is no mean of squares (a negative "
                f"number, NaN or infinity); {_DAMAGED}"
            )
    return Matrix(means, chunks, hashlib.sha256(data).hexdigest())


def _bytes_of(path: Path, most: int) -> bytes:
    if not path.is_file():
        found = "is not a regular file" if path.exists() else "no such file"
        raise QuantUsageError(f"{path}: {found}; give an importance matrix of llama.cpp")
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise QuantUsageError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > most:
        if data.startswith(MAGIC):
            _check_kind(path, read_header(path))
        raise QuantUsageError(
            f"{path}: has over {most:,} bytes, more than any importance matrix of this model; give "
            "that of the model itself"
        )
    return data


def _of_gguf(path: Path, data: bytes) -> tuple[dict[str, Floats], int]:
    header = parse_header(path, data)
    _check_kind(path, header)
    chunks = header.metadata.get(_CHUNKS)
    missing = [key for key in (_DATASETS, _CHUNKS, _CHUNK_SIZE) if key not in header.metadata_spans]
    if missing or not isinstance(chunks, int) or chunks < 0:
        raise QuantUsageError(f"{path}: damaged: it has no {(missing or [_CHUNKS])[0]}; {_DAMAGED}")
    parts = _parts(path, header, data)
    means = {}
    for name, found in parts.items():
        if found.keys() != {_SUMS, _COUNTS}:
            raise _odd(path, name, "has sums without counts, or counts without sums")
        means[name] = _means(path, name, found[_SUMS], found[_COUNTS])
    if not means:
        raise QuantUsageError(f"{path}: is an importance matrix of nothing; {_DAMAGED}")
    return means, chunks


def _check_kind(path: Path, header: Header) -> None:
    kind = header.metadata.get("general.type", "model")
    if kind != "imatrix":
        raise QuantUsageError(
            f"{path}: is no importance matrix (its general.type is {kind!r}); make one with "
            "pytest-quant imatrix MODEL -o FILE"
        )


def _parts(path: Path, header: Header, data: bytes) -> dict[str, dict[str, Floats]]:
    """The sums and the counts of each tensor."""
    found: dict[str, dict[str, Floats]] = {}
    for tensor, (start, _) in zip(header.tensors, header.tensor_spans, strict=True):
        ending = next((end for end in (_SUMS, _COUNTS) if tensor.name.endswith(end)), "")
        name = tensor.name.removesuffix(ending)
        if not ending or tensor.kind != "F32" or not tensor.elements:
            raise _odd(path, tensor.name, f"is {tensor.elements} numbers of type {tensor.kind}")
        if ending in found.setdefault(name, {}):
            raise _odd(path, tensor.name, "is there twice")
        found[name][ending] = np.frombuffer(data, "<f4", tensor.elements, start)
    return found


def _means(path: Path, name: str, sums: Floats, counts: Floats) -> Floats:
    """As llama-quantize works them out, in 32 bits; an expert that was never chosen has ones."""
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise _odd(path, name, "was added up a negative number of times, or not a number of times")
    if len(sums) % len(counts):
        raise _odd(path, name, f"has {len(sums)} sums for {len(counts)} counts")
    rows = sums.reshape(len(counts), -1)
    times = np.floor(counts + np.float32(0.5)).reshape(-1, 1)
    means = np.ones_like(rows)
    np.divide(rows, times, out=means, where=times > 0)
    return means.reshape(-1)


def _of_dat(path: Path, data: bytes) -> tuple[dict[str, Floats], int]:
    """The form before GGUF: a number of entries, each with its name, calls and numbers; then the
    number of chunks and a name of the text, if they are told.
    """
    reader = _Reader(path, data)
    means: dict[str, Floats] = {}
    for _ in range(reader.count("entries")):
        name = reader.take(reader.count("letters of a name")).decode("utf-8", errors="replace")
        (calls,) = struct.unpack("<i", reader.take(4))
        numbers = reader.count(f"numbers of {name!r}")
        sums = np.frombuffer(reader.take(4 * numbers), "<f4")
        if calls < 0:
            raise _odd(path, name, f"was added up {calls} times")
        if name in means:
            raise _odd(path, name, "is there twice")
        means[name] = np.divide(sums, np.float32(max(1, calls)), dtype=np.float32)
    chunks = struct.unpack("<i", reader.take(4))[0] if reader.left >= 4 else 0
    return means, max(0, chunks)


class _Reader:
    """Bytes from the first to the last, none beyond."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._path, self._data, self._at = path, data, 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise QuantUsageError(
                f"{self._path}: truncated: it goes on past its end ({len(self._data):,} bytes); "
                f"{_DAMAGED}"
            )
        self._at += count
        return self._data[self._at - count : self._at]

    def count(self, what: str) -> int:
        (number,) = struct.unpack("<i", self.take(4))
        if number < 1:
            raise QuantUsageError(f"{self._path}: damaged: it has {number} {what}; {_DAMAGED}")
        return int(number)


def _odd(path: Path, name: str, found: str) -> QuantUsageError:
    return QuantUsageError(f"{path}: damaged: {name!r} {found}; {_DAMAGED}")


def matrix_bytes(sums: Mapping[str, Sums], *, text: str, chunks: int, chunk_tokens: int) -> bytes:
    """The file of what was added up, as llama.cpp's own tool writes it."""
    pairs = [
        _text("general.type") + _scalar(_STRING) + _text("imatrix"),
        _text(_DATASETS) + _scalar(_ARRAY) + _scalar(_STRING) + struct.pack("<Q", 1) + _text(text),
        _text(_CHUNKS) + _scalar(_UINT32) + _scalar(chunks),
        _text(_CHUNK_SIZE) + _scalar(_UINT32) + _scalar(chunk_tokens),
    ]
    described, data = [], bytearray()
    for name, values in _tensors(sums):
        # ggml leaves out what is 1 behind the length of a row.
        rows, width = values.shape
        shape = struct.pack("<IQQ", 2, width, rows) if rows > 1 else struct.pack("<IQ", 1, width)
        described.append(_text(name) + shape + struct.pack("<IQ", _F32, len(data)))
        data += values.astype("<f4").tobytes()
        data += bytes(-len(data) % DEFAULT_ALIGNMENT)
    counts = struct.pack("<IQQ", _GGUF_VERSION, len(described), len(pairs))
    header = MAGIC + counts + b"".join((*pairs, *described))
    return header + bytes(-len(header) % DEFAULT_ALIGNMENT) + bytes(data)


def _tensors(sums: Mapping[str, Sums]) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    for name, found in sorted(sums.items()):
        yield f"{name}{_SUMS}", found.squares.reshape(len(found.counts), -1)
        yield f"{name}{_COUNTS}", found.counts.reshape(-1, 1).astype(np.float64)


def _text(text: str) -> bytes:
    data = text.encode(errors="replace")
    return struct.pack("<Q", len(data)) + data


def _scalar(number: int) -> bytes:
    return struct.pack("<I", number)
