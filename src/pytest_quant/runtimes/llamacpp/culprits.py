"""Which tensors make a level worse than a sound one: each is put right by itself.

All of it happens in a copy of the reference, in its own types, so that nothing but the values of
the weights differs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pytest_quant.errors import QuantUsageError
from pytest_quant.metrics.swaps import Culprits, Mended
from pytest_quant.runtimes.llamacpp.kept_text import KeptText, Limits
from pytest_quant.runtimes.llamacpp.swapping import Piece, SwapFile, pieces_of
from pytest_quant.runtimes.protocol import Reading

_AT_ONCE = 1 << 22


def differing(sound: Path, damaged: Path) -> list[str]:
    """The tensors whose type or data differ; raises ``QuantUsageError`` for another model."""
    mine, theirs = pieces_of(sound), pieces_of(damaged)
    for name, piece in mine.items():
        if name not in theirs or theirs[name].tensor.shape != piece.tensor.shape:
            raise QuantUsageError(
                f"{damaged}: has no tensor {name} of the shape that the model's has; give a file "
                "of the same model"
            )
    return [name for name, piece in mine.items() if not _same(piece, theirs[name])]


def find_culprits(
    reference: Path,
    sound: Path,
    damaged: Path,
    parts: Mapping[str, Sequence[str]],
    reading: Reading,
    limits: Limits,
    progress: Callable[[int, int], None],
) -> Culprits:
    """``parts`` are the names of differing tensors by what is put right at a time.

    Raises as ``measure_swaps``.
    """
    text = KeptText.of(reference, reading, limits)
    right, wrong = pieces_of(sound), pieces_of(damaged)
    everywhere = [name for name, piece in right.items() if piece.tensor.kind != "F32"]
    differ = [name for names in parts.values() for name in names]
    found: list[Mended] = []
    with tempfile.TemporaryDirectory(prefix="pytest-quant-") as directory:
        file = SwapFile(reference, Path(directory) / "level.gguf")
        file.put(_of(right, [*everywhere, *differ]))
        good = text.read(file.path, limits.threads)
        file.put(_of(wrong, differ))
        bad = text.read(file.path, limits.threads)
        for number, (part, names) in enumerate(parts.items(), 1):
            file.put(_of(right, names))
            found.append(Mended(part, tuple(names), text.read(file.path, limits.threads)))
            file.put(_of(wrong, names))
            progress(number, len(parts))
    return Culprits(reading.title, tuple(text.counts), bad, good, tuple(found))


def _of(pieces: Mapping[str, Piece], names: Sequence[str]) -> dict[str, Piece]:
    return {name: pieces[name] for name in names}


def _same(one: Piece, other: Piece) -> bool:
    if one.tensor.kind != other.tensor.kind:
        return False
    left = one.tensor.nbytes
    with one.path.open("rb") as first, other.path.open("rb") as second:
        first.seek(one.start)
        second.seek(other.start)
        while left:
            size = min(left, _AT_ONCE)
            if first.read(size) != second.read(size):
                return False
            left -= size
    return True
