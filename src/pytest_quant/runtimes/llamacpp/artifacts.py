"""The model file of each level: made once and kept, or brought by the user.

A made file is trusted only if the record beside it exists and its digest agrees, so whatever a
killed run or a full disk leaves behind is made again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import Level, Recipe
from pytest_quant.runtimes.artifact import Artifact
from pytest_quant.runtimes.cache import locked, make_directory, write_json
from pytest_quant.runtimes.llamacpp import library, tensor_types
from pytest_quant.runtimes.llamacpp.digests import digest
from pytest_quant.runtimes.llamacpp.gguf_file import inspect, reference_level
from pytest_quant.runtimes.llamacpp.gguf_header import read_header
from pytest_quant.runtimes.llamacpp.imatrix_file import MATRIX_KEY, matrix_name
from pytest_quant.runtimes.llamacpp.importance import matrix_of
from pytest_quant.runtimes.llamacpp.promise import shortfall
from pytest_quant.runtimes.llamacpp.quantize import quantize, remove_leftovers
from pytest_quant.runtimes.llamacpp.trial import ensure_tried

# Hexadecimal digits of a matrix's digest that its recipe is told by.
_DIGITS = 12


def prepare(level: Level, source: Path, cache_dir: Path, threads: int) -> Artifact:
    """The level's file, quantized from ``source`` unless it was before or is the source itself.

    ``source`` is an f32, bf16 or f16 GGUF. Raises ``QuantUsageError``: see ``inspect``,
    ``ensure_tried`` and ``quantize``, and for a cache that cannot be written.
    """
    if level.recipe.file == Recipe((reference_level(inspect(source)) or "").upper()):
        return adopt(level, source, cache_dir)
    _check_types(level)
    sha256 = digest(source, cache_dir)
    ensure_tried(source, sha256, cache_dir)
    imatrix = level.recipe.imatrix
    matrix = matrix_of(imatrix, inspect(source)).digest if imatrix else ""
    path = _cached_path(level.recipe.file, sha256, matrix, cache_dir)
    with locked(path):
        if not _is_complete(path, cache_dir):
            _make(level.recipe.file, source, matrix, path, cache_dir, threads)
        return _describe(level, path, digest(path, cache_dir), matrix, made_here=True)


def adopt(level: Level, path: Path, cache_dir: Path) -> Artifact:
    """A file that the user brings for a level.

    Raises ``QuantUsageError`` like ``inspect`` and ``ensure_tried``.
    """
    _check_types(level)
    sha256 = digest(path, cache_dir)
    ensure_tried(path, sha256, cache_dir)
    return _describe(level, path, sha256, made_here=False)


def _check_types(level: Level) -> None:
    """Raises ``QuantUsageError`` for a type of tensors that this llama.cpp does not have."""
    recipe = level.recipe
    named = [kind for _, kind in recipe.tensor_types]
    named += [kind for kind in (recipe.token_embedding, recipe.output) if kind]
    named += [recipe.kv.keys, recipe.kv.values] if recipe.kv else []
    for kind in named:
        try:
            tensor_types.check_kept(kind)
        except QuantUsageError as error:
            raise QuantUsageError(f"level {level.name} ({recipe.describe()}): {error}") from None


def _cached_path(recipe: Recipe, source: str, matrix: str, cache_dir: Path) -> Path:
    """The place of what is made of the source and the importance matrix with these digests."""
    identity = "\n".join((source, recipe.describe(matrix), library.build_id()))
    key = hashlib.sha256(identity.encode()).hexdigest()[:32]
    directory = cache_dir / "artifacts"
    make_directory(directory)
    return directory / f"{key}.gguf"


def _is_complete(path: Path, cache_dir: Path) -> bool:
    try:
        record = json.loads(path.with_suffix(".json").read_text())
        if path.stat().st_size != record["size"]:
            return False
        return bool(digest(path, cache_dir) == record["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _make(
    recipe: Recipe, source: Path, matrix: str, path: Path, cache_dir: Path, threads: int
) -> None:
    record = path.with_suffix(".json")
    record.unlink(missing_ok=True)
    remove_leftovers(path)
    quantize(source, path, recipe, threads)
    if matrix and read_header(path).metadata.get(MATRIX_KEY) != matrix_name(matrix):
        path.unlink()
        raise QuantUsageError(f"{recipe.imatrix}: was changed while it was used; run again")
    write_json(
        record,
        {
            "sha256": digest(path, cache_dir),
            "size": path.stat().st_size,
            "recipe": recipe.describe(matrix),
            "source": str(source),
            "build": library.build_id(),
        },
    )


def _describe(
    level: Level, path: Path, sha256: str, matrix: str = "", *, made_here: bool
) -> Artifact:
    info = inspect(path)
    return Artifact(
        level=level.name,
        path=path,
        digest=sha256,
        name=info.name,
        size=info.size,
        parameters=info.parameters,
        bits_per_weight=info.bits_per_weight,
        tensor_types=info.tensor_types,
        recipe=level.recipe.describe(matrix[:_DIGITS]),
        warning=shortfall(info, level.recipe) or "",
        made_here=made_here,
        kv=level.recipe.kv,
        imatrix=matrix,
    )
