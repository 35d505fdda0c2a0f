"""Which importance matrix a model is quantized with: the one given, if it is the model's."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pytest_quant.base.amounts import counted
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp.gguf_file import GgufInfo
from pytest_quant.runtimes.llamacpp.gguf_header import Tensor
from pytest_quant.runtimes.llamacpp.imatrix_file import Matrix, columns, most_bytes, read_matrix

# What llama.cpp's own tool looks at: the weights of a model's blocks.
BLOCKS = "blk."
_OTHER = "it is that of another model: make one with pytest-quant imatrix MODEL -o FILE"


def matrix_of(path: Path, model: GgufInfo) -> Matrix:
    """Raises ``QuantUsageError`` for a matrix that is damaged or that of another model."""
    tensors = {tensor.name: tensor for tensor in model.tensors}
    matrix = read_matrix(path, most_bytes(tensors))
    for name, means in matrix.means.items():
        if name in tensors and len(means) != columns(tensors[name]):
            raise QuantUsageError(
                f"{path}: has {counted(len(means), 'number')} for {name}, which has "
                f"{counted(columns(tensors[name]), 'column')} in {model.path.name}; {_OTHER}"
            )
    unknown = [name for name in matrix.means if name.startswith(BLOCKS) and name not in tensors]
    if unknown:
        raise QuantUsageError(
            f"{path}: says how much {_some(unknown)} matters, which {model.path.name} does not "
            f"have; {_OTHER}"
        )
    if not any(name in tensors for name in matrix.means):
        raise QuantUsageError(f"{path}: says nothing of any weight of {model.path.name}; {_OTHER}")
    return matrix


def left_out(matrix: Matrix, tensors: Collection[Tensor]) -> list[str]:
    """The matrices of blocks of which it says nothing. Not all need it to: a model's file may hold
    weights that are not multiplied with, or not computed with at all.
    """
    return [
        tensor.name
        for tensor in tensors
        if tensor.name.startswith(BLOCKS)
        and len(tensor.shape) > 1
        and tensor.name not in matrix.means
    ]


def check_complete(path: Path, missing: Collection[str], used: Collection[str]) -> None:
    """Raises ``QuantUsageError`` if any are missing that the model multiplies with (``used``)."""
    if needed := [name for name in missing if name in used]:
        raise QuantUsageError(
            f"{path}: says nothing of {_some(needed)}, with which the model computes; {_OTHER}, or "
            "of longer text where the experts of a model were not all chosen"
        )


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
