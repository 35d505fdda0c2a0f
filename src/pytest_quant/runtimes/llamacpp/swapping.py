"""A copy of a reference in which single tensors can be given the values that a level has.

The level's values are written in the reference's own type, so that the kernels are the same and
only the weights differ.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_quant.errors import QuantUsageError
from pytest_quant.metrics.weight_error import WeightError, Weights, weight_error
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.gguf_header import Tensor, read_header
from pytest_quant.runtimes.llamacpp.tensor_types import FLOAT_TYPES
from pytest_quant.runtimes.llamacpp.weight_values import data_of, values_of

Origin = Literal["reference", "level"]

# Weights that are worked on at once: whole rows, in little memory.
_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True)
class Changed:
    """A tensor that a level holds in another type; where its data lie in both files."""

    reference: Tensor
    level: Tensor
    reference_start: int
    level_start: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A reference and a level that was made of it."""

    reference: Path
    level: Path
    changed: dict[str, Changed]

    @classmethod
    def of(cls, reference: Path, level: Path) -> Pair:
        """Raises ``QuantUsageError`` unless the level holds the reference's tensors."""
        found: dict[str, Changed] = {}
        for path in (reference, level):
            if len(inspect(path).parts) > 1:
                raise QuantUsageError(
                    f"{path}: is split into files; join them first: llama-gguf-split --merge"
                )
        headers = [read_header(path) for path in (reference, level)]
        mine, theirs = (
            {t.name: (t, span[0]) for t, span in zip(h.tensors, h.tensor_spans, strict=True)}
            for h in headers
        )
        for name, (tensor, start) in mine.items():
            other = theirs.get(name)
            if other is None or other[0].shape != tensor.shape:
                raise QuantUsageError(
                    f"{level}: has no tensor {name} of the shape that {reference.name} has; give "
                    "the file that the level was made of"
                )
            if tensor.kind in FLOAT_TYPES and other[0].kind != tensor.kind:
                found[name] = Changed(tensor, other[0], start, other[1])
        return cls(reference, level, found)

    def error(self, names: Iterable[str]) -> WeightError:
        """How far these tensors of the level are from the reference's."""
        return weight_error(rows for name in names for rows in self._rows(name))

    def _rows(self, name: str) -> Iterator[tuple[Weights, Weights]]:
        found = self.changed[name]
        width = found.reference.shape[0]
        before = _pieces(self.reference, found.reference, found.reference_start)
        after = _pieces(self.level, found.level, found.level_start)
        for one, other in zip(before, after, strict=True):
            yield one.reshape(-1, width), other.reshape(-1, width)


class SwapFile:
    """The copy at ``path``; at first all is the reference's."""

    def __init__(self, pair: Pair, path: Path) -> None:
        self.path = path
        self._pair = pair
        shutil.copyfile(pair.reference, path)

    def put(self, names: Iterable[str], origin: Origin) -> None:
        """Give tensors the values that they have in one of the two files."""
        with self.path.open("r+b") as file:
            for name in names:
                found = self._pair.changed[name]
                kind = found.reference.kind
                file.seek(found.reference_start)
                if origin == "reference":
                    source, tensor, start = (
                        self._pair.reference,
                        found.reference,
                        found.reference_start,
                    )
                else:
                    source, tensor, start = self._pair.level, found.level, found.level_start
                for values in _pieces(source, tensor, start):
                    file.write(data_of(kind, values))


def _pieces(path: Path, tensor: Tensor, start: int) -> Iterator[Weights]:
    """The values of a tensor, some whole rows after the other, the same number in any type."""
    width = tensor.shape[0]
    rows = tensor.elements // width
    row_bytes = tensor.nbytes // rows
    at_once = max(1, _AT_ONCE // width)
    with path.open("rb") as file:
        file.seek(start)
        for first in range(0, rows, at_once):
            yield values_of(tensor.kind, file.read(min(at_once, rows - first) * row_bytes))
