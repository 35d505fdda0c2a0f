"""A copy of a reference in which single tensors can be given the values that a level has.

The level's values are written in the reference's own type, so that the kernels are the same and
only the weights differ.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_quant.errors import QuantUsageError
from pytest_quant.metrics.swaps import WeightError
from pytest_quant.metrics.weight_error import Weights, weight_error
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.gguf_header import Tensor, read_header
from pytest_quant.runtimes.llamacpp.tensor_types import FLOAT_TYPES
from pytest_quant.runtimes.llamacpp.weight_values import data_of, values_of

# Weights that are worked on at once: whole rows, in little memory.
_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True)
class Piece:
    """A tensor in a file, and where its data begin."""

    path: Path
    tensor: Tensor
    start: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A reference, and what a level makes of it: ``changed`` holds by name what it has in another
    type, as the reference and as the level have it. The level need not be one file.
    """

    reference: Path
    changed: dict[str, tuple[Piece, Piece]]

    @classmethod
    def of(cls, reference: Path, level: Path) -> Pair:
        """Raises ``QuantUsageError`` unless the level holds the reference's tensors."""
        mine, theirs = pieces_of(reference), pieces_of(level)
        found: dict[str, tuple[Piece, Piece]] = {}
        for name, piece in mine.items():
            other = theirs.get(name)
            if other is None or other.tensor.shape != piece.tensor.shape:
                raise QuantUsageError(
                    f"{level}: has no tensor {name} of the shape that {reference.name} has; give "
                    "the file that the level was made of"
                )
            if piece.tensor.kind in FLOAT_TYPES and other.tensor.kind != piece.tensor.kind:
                found[name] = piece, other
        return cls(reference, found)

    def kind(self, name: str) -> str:
        """The type in which the level has a tensor."""
        return self.changed[name][1].tensor.kind

    def before(self, names: Iterable[str]) -> dict[str, Piece]:
        """These tensors as the reference has them."""
        return {name: self.changed[name][0] for name in names}

    def after(self, names: Iterable[str]) -> dict[str, Piece]:
        """These tensors as the level has them."""
        return {name: self.changed[name][1] for name in names}

    def error(self, names: Iterable[str]) -> WeightError:
        """How far these tensors of the level are from the reference's."""
        return weight_error(rows for name in names for rows in self._rows(name))

    def _rows(self, name: str) -> Iterator[tuple[Weights, Weights]]:
        before, after = self.changed[name]
        width = before.tensor.shape[0]
        for one, other in zip(_values(before), _values(after), strict=True):
            yield one.reshape(-1, width), other.reshape(-1, width)


class SwapFile:
    """The copy at ``path``; at first all is the reference's."""

    def __init__(self, reference: Path, path: Path) -> None:
        self.path = path
        self._slots = pieces_of(reference)
        shutil.copyfile(reference, path)

    def put(self, pieces: Mapping[str, Piece]) -> None:
        """Give tensors the values that they have elsewhere."""
        with self.path.open("r+b") as file:
            for name, piece in pieces.items():
                slot = self._slots[name]
                file.seek(slot.start)
                for values in _values(piece):
                    file.write(data_of(slot.tensor.kind, values))


def pieces_of(path: Path) -> dict[str, Piece]:
    """Every tensor of a file; raises ``QuantUsageError`` for one that is split."""
    if len(inspect(path).parts) > 1:
        raise QuantUsageError(
            f"{path}: is split into files; join them first: llama-gguf-split --merge"
        )
    header = read_header(path)
    return {
        tensor.name: Piece(path, tensor, span[0])
        for tensor, span in zip(header.tensors, header.tensor_spans, strict=True)
    }


def _values(piece: Piece) -> Iterator[Weights]:
    """The values of a tensor, some whole rows after the other, the same number in any type."""
    tensor = piece.tensor
    width = tensor.shape[0]
    rows = tensor.elements // width
    row_bytes = tensor.nbytes // rows
    at_once = max(1, _AT_ONCE // width)
    with piece.path.open("rb") as file:
        file.seek(piece.start)
        for first in range(0, rows, at_once):
            yield values_of(tensor.kind, file.read(min(at_once, rows - first) * row_bytes))
