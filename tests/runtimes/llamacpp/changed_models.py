"""Models with a changed header, each a real file."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
from benchmarks.faults.model_file import Field, ModelFile

KIND = gguf.GGUFValueType
_KINDS = {bool: KIND.BOOL, int: KIND.UINT32, float: KIND.FLOAT32, str: KIND.STRING}

Change = Callable[[ModelFile], None]


def changed(source: Path, change: Change, path: Path) -> Path:
    """Write to ``path`` what a change makes of a model."""
    model = ModelFile.read(source)
    change(model)
    model.write(path)
    return path


def with_value(key: str, value: Any, item: KIND | None = None) -> Change:
    """Metadata with another value, or one more; ``item`` is the kind of an array's entries."""
    kind = KIND.ARRAY if isinstance(value, list) else _KINDS[type(value)]

    def change(model: ModelFile) -> None:
        model.fields[key] = Field(value, kind, item)

    return change


def without(key: str) -> Change:
    def change(model: ModelFile) -> None:
        del model.fields[key]

    return change


def of_architecture(name: str) -> Change:
    """The same model under another architecture's name."""

    def change(model: ModelFile) -> None:
        old = f"{model.architecture}."
        fields = {
            f"{name}.{key.removeprefix(old)}" if key.startswith(old) else key: field
            for key, field in model.fields.items()
        }
        model.fields.clear()
        model.fields.update(fields)
        model.fields["general.architecture"] = Field(name, KIND.STRING)

    return change


def retyped(source: Path, tensor: str, number: int, path: Path) -> Path:
    """A tensor that the header gives another ggml type, and data enough for any."""
    data = bytearray(source.read_bytes())
    key = struct.pack("<Q", len(tensor)) + tensor.encode()
    place = data.index(key) + len(key)
    (dimensions,) = struct.unpack_from("<I", data, place)
    struct.pack_into("<I", data, place + 4 + 8 * dimensions, number)
    path.write_bytes(data + bytes(4_000_000))
    return path
