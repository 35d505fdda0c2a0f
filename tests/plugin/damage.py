"""A planted fault: a model file that is damaged in a way that no header shows."""

from __future__ import annotations

import shutil
from itertools import combinations
from pathlib import Path

import gguf


def swap_two_tensors(source: Path, target: Path) -> tuple[str, str]:
    """Copy a GGUF with two feed-forward matrices of equal shape and type exchanged.

    Returns their names. Everything a header tells, types and sizes among it, stays as it was.
    """
    shutil.copy(source, target)
    tensors = [t for t in gguf.GGUFReader(source).tensors if "ffn_up" in t.name]
    one, other = next(
        (one, other)
        for one, other in combinations(tensors, 2)
        if (one.tensor_type, *one.shape) == (other.tensor_type, *other.shape)
    )
    with target.open("rb+") as file:
        for place, content in ((one, other), (other, one)):
            file.seek(int(place.data_offset))
            file.write(content.data.tobytes())
    return one.name, other.name
