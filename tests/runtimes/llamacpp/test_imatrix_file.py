"""Both forms of importance matrices are read alike, and what is none of them is told."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp.gguf_header import Tensor
from pytest_quant.runtimes.llamacpp.imatrix_file import (
    Sums,
    columns,
    matrix_bytes,
    most_bytes,
    read_matrix,
)

NAME = "blk.0.attn_q.weight"
SUMS = {
    NAME: Sums(np.array([[2.0, 4, 0, 8]]), np.array([4])),
    "blk.0.ffn_up_exps.weight": Sums(np.array([[3.0, 6], [1, 1]]), np.array([3, 0])),
}
GGUF = matrix_bytes(SUMS, text="a.txt", chunks=2, chunk_tokens=512)
MOST = 1 << 20


def dat(
    entries: Mapping[str, tuple[int, list[float]]], *, chunks: int | None = 2, count: int = 0
) -> bytes:
    """The form before GGUF."""
    data = struct.pack("<i", count or len(entries))
    for name, (calls, numbers) in entries.items():
        data += struct.pack("<i", len(name)) + name.encode()
        data += struct.pack(f"<ii{len(numbers)}f", calls, len(numbers), *numbers)
    if chunks is not None:
        data += struct.pack("<ii", chunks, 5) + b"a.txt"
    return data


DAT = dat({NAME: (2, [1.0, 2, 0, 4]), "blk.0.ffn_up_exps.weight": (2, [2.0, 4, 2, 2])})


@pytest.mark.parametrize("data", [GGUF, DAT], ids=["GGUF", "dat"])
def test_both_forms_hold_the_same(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.imatrix"
    path.write_bytes(data)
    found = read_matrix(path, MOST)
    assert {name: means.tolist() for name, means in found.means.items()} == {
        NAME: [0.5, 1, 0, 2],
        # An expert that was never chosen counts alike in all columns.
        "blk.0.ffn_up_exps.weight": [1, 2, 1, 1],
    }
    assert found.chunks == 2
    assert found.digest == hashlib.sha256(data).hexdigest()


def test_what_is_written_is_what_llama_cpp_writes(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(GGUF)
    reader = gguf.GGUFReader(path)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    assert {name: value for name, value in fields.items() if not name.startswith("GGUF.")} == {
        "general.type": "imatrix",
        "imatrix.datasets": ["a.txt"],
        "imatrix.chunk_count": 2,
        "imatrix.chunk_size": 512,
    }
    assert [(t.name, t.shape.tolist(), t.data.tolist()) for t in reader.tensors] == [
        (f"{NAME}.in_sum2", [4], [2, 4, 0, 8]),
        (f"{NAME}.counts", [1], [4]),
        ("blk.0.ffn_up_exps.weight.in_sum2", [2, 2], [[3, 6], [1, 1]]),
        ("blk.0.ffn_up_exps.weight.counts", [1, 2], [[3], [0]]),
    ]


def test_a_dat_without_what_stands_behind(tmp_path: Path) -> None:
    path = tmp_path / "old.dat"
    path.write_bytes(dat({NAME: (0, [1.0, 2])}, chunks=None))
    found = read_matrix(path, MOST)
    assert (found.means[NAME].tolist(), found.chunks) == ([1, 2], 0)


def _of(values: list[float], count: float = 4) -> bytes:
    """A GGUF matrix of one row, written by the library that llama.cpp's scripts use."""
    sums = Sums(np.array([values]), np.array([1]))
    data = matrix_bytes({NAME: sums}, text="", chunks=1, chunk_tokens=512)
    place = data.rindex(struct.pack("<f", 1.0))
    return data[:place] + struct.pack("<f", count) + data[place + 4 :]


INF, NAN = float("inf"), float("nan")
BROKEN = {
    "empty": (b"", "is no importance matrix: it is empty"),
    "a text": (b"# weights\n" * 9, "is no importance matrix in either of llama.cpp's forms"),
    "a web page": (b"<!DOCTYPE html><html>", "is no importance matrix, but a web page"),
    "zeros": (bytes(400), "is no importance matrix"),
    "dat: no entries": (dat({}, count=-1), "is no importance matrix"),
    "dat: more entries": (dat({NAME: (1, [1.0])}, count=900_000), "truncated: it goes on past"),
    "dat: cut in its numbers": (DAT[:50], "truncated: it goes on past its end (50 bytes)"),
    "dat: cut in a name": (DAT[:70], "truncated: it goes on past its end"),
    "dat: huge count": (
        struct.pack("<ii", 1, len(NAME)) + NAME.encode() + struct.pack("<ii", 1, 2**31 - 1),
        "truncated: it goes on past its end",
    ),
    "dat: negative count": (
        struct.pack("<ii", 1, len(NAME)) + NAME.encode() + struct.pack("<ii", 1, -5),
        f"damaged: it has -5 numbers of {NAME!r}",
    ),
    "dat: negative calls": (dat({NAME: (-3, [1.0])}), "was added up -3 times"),
    "dat: twice": (DAT[:4] + 2 * DAT[4:51], f"{NAME!r} is there twice"),
    "dat: NaN": (dat({NAME: (1, [1.0, NAN])}), "is no mean of squares"),
    "dat: infinity": (dat({NAME: (1, [INF])}), "is no mean of squares"),
    "dat: negative": (dat({NAME: (1, [1.0, -1])}), "is no mean of squares"),
    "GGUF: cut in its header": (GGUF[:90], "truncated: its header continues past the end"),
    "GGUF: cut in its numbers": (GGUF[:-40], "truncated: tensor "),
    "GGUF: NaN": (_of([1.0, NAN]), "is no mean of squares"),
    "GGUF: negative": (_of([-1.0]), "is no mean of squares"),
    "GGUF: count NaN": (_of([1.0], NAN), "not a number of times"),
    "GGUF: count negative": (_of([1.0], -1), "was added up a negative number of times"),
    "GGUF: no counts": (GGUF.replace(b".counts", b".coumts"), "is 1 numbers of type F32"),
    "GGUF: counts of another": (
        GGUF.replace(b"q.weight.counts", b"k.weight.counts"),
        "has sums without counts, or counts without sums",
    ),
    "GGUF: no chunks": (GGUF.replace(b"chunk_count", b"chonk_count"), "has no imatrix.chunk_count"),
    "GGUF: no size": (GGUF.replace(b"chunk_size", b"chonk_size"), "has no imatrix.chunk_size"),
    "GGUF: of nothing": (
        matrix_bytes({}, text="", chunks=1, chunk_tokens=512),
        "is an importance matrix of nothing",
    ),
    "another GGUF": (
        GGUF.replace(b"\x07\0\0\0\0\0\0\0imatrix", b"\x07\0\0\0\0\0\0\0adapter", 1),
        "is no importance matrix (its general.type is 'adapter')",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_none_is_told(kind: str, tmp_path: Path) -> None:
    data, said = BROKEN[kind]
    path = tmp_path / "m.imatrix"
    path.write_bytes(data)
    with pytest.raises(QuantUsageError) as raised:
        read_matrix(path, MOST)
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert said in message
    assert len(message.splitlines()) <= 3


def test_no_more_is_read_than_a_model_has_numbers_for(tmp_path: Path) -> None:
    """A file of any size takes no more memory than that."""
    path = tmp_path / "m.imatrix"
    with path.open("wb") as file:
        file.write(DAT)
        file.truncate(1 << 40)
    tensors = {NAME: Tensor(NAME, (256, 256), "F16", 2 * 256 * 256)}
    most = most_bytes(tensors)
    assert most < 100_000
    with pytest.raises(QuantUsageError, match=f"has over {most:,} bytes, more than any importance"):
        read_matrix(path, most)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, "no such file"),
        (Path.mkdir, "is not a regular file"),
    ],
)
def test_what_is_no_file(make, said: str, tmp_path: Path) -> None:
    path = tmp_path / "m.imatrix"
    make(path)
    with pytest.raises(QuantUsageError, match=f"{said}; give an importance matrix of llama.cpp"):
        read_matrix(path, MOST)


@pytest.mark.parametrize(
    ("shape", "count"), [((8,), 8), ((8, 3), 8), ((8, 3, 4), 32), ((8, 3, 4, 2), 64), ((), 0)]
)
def test_columns_of_all_experts(shape: tuple[int, ...], count: int) -> None:
    assert columns(Tensor("t", shape, "F16", 0)) == count
