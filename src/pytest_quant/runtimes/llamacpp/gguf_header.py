"""Read the header of one GGUF file without its weights, and refuse what is not whole.

Package gguf's own reader builds numpy views of every vocabulary entry (0.8 s for 16 000 tokens)
and answers a broken file with whatever exception comes first. This reader skips the vocabulary,
checks every length against the end of the file, and says what is wrong. A session asks for the
same headers again and again, and a vocabulary of 50 000 tokens takes 50 ms: a file is parsed once,
until it changes. The format is described in
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import math
import mmap
import struct
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp import foreign, tensor_types

MAGIC = b"GGUF"
DEFAULT_ALIGNMENT = 32

_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?",
    10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip

# Longer arrays are vocabularies and their scores; short ones give a number for each layer.
LONGEST_KEPT = 1024

# Longer than a tick of any file system's clock.
_SETTLED_NS = 3_000_000_000

Value = int | float | bool | str | tuple[int | float | bool, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """``shape`` begins with the length of a row; ``kind`` is a ggml type name such as ``Q4_K``."""

    name: str
    shape: tuple[int, ...]
    kind: str
    nbytes: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Header:
    """One file: its metadata (without long arrays and arrays of text), tensors, size in bytes.

    The spans say where in the file the value of every key and the data of every tensor lie, those
    of long arrays among them: (first byte, byte after the last).
    """

    metadata: dict[str, Value]
    tensors: tuple[Tensor, ...]
    size: int
    metadata_spans: dict[str, tuple[int, int]]
    tensor_spans: tuple[tuple[int, int], ...]


class _CutOffError(Exception):
    """The file ends inside its header."""


class _Cursor:
    def __init__(self, data: mmap.mmap | bytes, position: int) -> None:
        self.data, self.position = data, position

    def scalar(self, form: str) -> Any:
        start = self.skip(struct.calcsize(form))
        return struct.unpack_from(form, self.data, start)[0]

    def text(self) -> str:
        length = self.scalar("<Q")
        start = self.skip(length)
        return self.data[start : start + length].decode("utf-8", errors="replace")

    def skip(self, count: int) -> int:
        """Move on by ``count`` bytes; returns where they begin."""
        start = self.position
        if count > len(self.data) - start:
            raise _CutOffError
        self.position = start + count
        return start


def read_header(path: Path) -> Header:
    """Parse and check one file; raises ``QuantUsageError``."""
    if not path.exists():
        if path.is_symlink():
            raise QuantUsageError(
                f"{path}: is a link to {path.readlink()}, which does not exist; download the file "
                "again, or give the path of another GGUF model"
            )
        raise QuantUsageError(f"{path}: no such file; give the path of a GGUF model")
    if path.is_dir():
        raise QuantUsageError(f"{path}: is a directory; give the path of a GGUF file in it")
    if not path.is_file():
        raise QuantUsageError(f"{path}: is not a regular file; give the path of a GGUF file")
    try:
        found = path.stat()
        # A file that was written just now may be written again before the clock of its file system
        # moves on.
        if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < _SETTLED_NS:
            return _read(path)
        state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        return _remembered(path, state)
    except OSError as error:
        raise QuantUsageError(f"{path}: cannot be read: {error.strerror}") from error


@lru_cache(maxsize=64)
def _remembered(path: Path, _state: tuple[int, ...]) -> Header:
    return _read(path)


def _read(path: Path) -> Header:
    with path.open("rb") as file:
        first = file.read(foreign.FIRST_BYTES)
        if not first.startswith(MAGIC):
            raise QuantUsageError(f"{path}: {foreign.describe(first)}")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return parse_header(path, data)


def parse_header(path: Path, data: mmap.mmap | bytes) -> Header:
    """The same of the bytes of a file; raises ``QuantUsageError``."""
    try:
        cursor = _Cursor(data, len(MAGIC))
        version = cursor.scalar("<I")
        if int.from_bytes(version.to_bytes(4, "little"), "big") in (1, 2, 3):
            raise QuantUsageError(
                f"{path}: is a big-endian GGUF, for machines such as IBM's s390x; give the "
                "little-endian file, or convert it: gguf-convert-endian FILE little"
            )
        if version not in (2, 3):
            raise QuantUsageError(
                f"{path}: GGUF version {version} in little-endian order is not supported; "
                "versions 2 and 3 are: convert the model again with a current llama.cpp"
            )
        tensor_count, pair_count = cursor.scalar("<Q"), cursor.scalar("<Q")
        metadata: dict[str, Value] = {}
        metadata_spans: dict[str, tuple[int, int]] = {}
        for _ in range(pair_count):
            key, start = cursor.text(), cursor.position
            kind = cursor.scalar("<I")
            value = _array(path, cursor) if kind == _ARRAY else _scalar(path, cursor, kind)
            if value is not None:
                metadata[key] = value
            metadata_spans[key] = (start, cursor.position)
        entries = [_tensor(path, cursor) for _ in range(tensor_count)]
    except _CutOffError as error:
        raise QuantUsageError(
            f"{path}: truncated: its header continues past the end of the file "
            f"({len(data):,} bytes); download or copy it again"
        ) from error
    return Header(
        metadata,
        tuple(tensor for tensor, _ in entries),
        len(data),
        metadata_spans,
        _tensor_spans(path, metadata, entries, header_end=cursor.position, size=len(data)),
    )


def _scalar(path: Path, cursor: _Cursor, kind: int) -> Value:
    if kind == _STRING:
        return cursor.text()
    if kind not in _SCALARS:
        raise _malformed(path, f"metadata of unknown type {kind}")
    value: Value = cursor.scalar(_SCALARS[kind])
    return value


def _array(path: Path, cursor: _Cursor) -> Value | None:
    """A short array of numbers; any other is skipped."""
    kind, count = cursor.scalar("<I"), cursor.scalar("<Q")
    if kind == _STRING:
        for _ in range(count):
            cursor.skip(cursor.scalar("<Q"))
        return None
    if kind not in _SCALARS:
        raise _malformed(path, f"a metadata array of type {kind}")
    if count <= LONGEST_KEPT:
        return tuple(cursor.scalar(_SCALARS[kind]) for _ in range(count))
    cursor.skip(count * struct.calcsize(_SCALARS[kind]))
    return None


def _tensor(path: Path, cursor: _Cursor) -> tuple[Tensor, int]:
    """The next tensor's description and the offset of its data."""
    name = cursor.text()
    dimensions = cursor.scalar("<I")
    if dimensions > 8:
        raise _malformed(path, f"tensor {name!r} with {dimensions} dimensions")
    shape = tuple(cursor.scalar("<Q") for _ in range(dimensions))
    number, offset = cursor.scalar("<I"), cursor.scalar("<Q")
    kind = tensor_types.by_number(number)
    if kind is None:
        raise QuantUsageError(
            f"{path}: tensor {name!r} has type {number}, which this llama.cpp does not know; "
            "upgrade llama-cpp-python, or give a file of a type that it supports"
        )
    nbytes = math.prod(shape) // kind.block * kind.block_bytes
    return Tensor(name, shape, kind.name, nbytes), offset


def _tensor_spans(
    path: Path,
    metadata: dict[str, Value],
    entries: list[tuple[Tensor, int]],
    *,
    header_end: int,
    size: int,
) -> tuple[tuple[int, int], ...]:
    """Where the data of the tensors lie; raises ``QuantUsageError`` if beyond the file."""
    alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or alignment < 1:
        raise _malformed(path, f"alignment {alignment!r}")
    start = -(-header_end // alignment) * alignment
    spans = []
    for tensor, offset in entries:
        end = start + offset + tensor.nbytes
        spans.append((start + offset, end))
        if end > size:
            raise QuantUsageError(
                f"{path}: truncated: tensor {tensor.name!r} ends at byte {end:,} of a file of "
                f"{size:,}; download or copy it again"
            )
    return tuple(spans)


def _malformed(path: Path, found: str) -> QuantUsageError:
    return QuantUsageError(f"{path}: malformed GGUF: {found}; convert or download it again")
