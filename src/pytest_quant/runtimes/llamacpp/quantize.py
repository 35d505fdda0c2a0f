"""Make the file of a level with llama.cpp's quantizer, in a process of its own.

The quantizer returns an error for a full disk or for weights that are not numbers, so those
alone would not need a process. It gets one because a large model takes minutes inside one C
call, in which Ctrl-C is not noticed; because a source on a failing or vanishing disk is mapped
memory, and reading it then kills the process; and because its memory goes back to the system
at once. Starting it takes a third of a second, once per artifact.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pytest_quant.base.child_time import seconds_left
from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import NEEDS_IMATRIX, Recipe
from pytest_quant.runtimes.llamacpp import library, native_log, quantizer, tensor_types
from pytest_quant.runtimes.llamacpp.activations import multiplied
from pytest_quant.runtimes.llamacpp.gguf_file import GgufInfo, inspect, is_quantized
from pytest_quant.runtimes.llamacpp.imatrix_file import Matrix
from pytest_quant.runtimes.llamacpp.importance import check_complete, left_out, matrix_of
from pytest_quant.runtimes.llamacpp.promise import promised_types
from pytest_quant.runtimes.llamacpp.trial import child_command, child_environment, last_words
from pytest_quant.runtimes.llamacpp.trial_inside import try_model

PARTIAL_SUFFIX = ".partial"


def quantize(source: Path, destination: Path, recipe: Recipe, threads: int) -> None:
    """Write ``source`` in the recipe's types to ``destination``, whole or not at all.

    Raises ``QuantUsageError`` for a source that is itself quantized, a recipe that needs an
    importance matrix and has none, or that of another model, a full disk, and whatever else the
    quantizer refuses.
    """
    info = inspect(source)
    _check_source(info)
    _check_recipe(recipe)
    if recipe.imatrix:
        matrix_of(recipe.imatrix, info)
    needed = least_size(info, recipe)
    partial = _temporary(destination)
    try:
        _check_space(destination, needed)
        problem = _run(source, partial, recipe, threads)
        if "requires an imatrix" in problem:
            raise _imatrix_error(recipe)
        if "invalid output file type" in problem:
            raise _only_read_error(recipe)
        if problem:
            _check_space(destination, needed, written=partial.stat().st_size, full=problem)
            raise QuantUsageError(
                f"{source}: llama.cpp cannot make {recipe.describe()} of it:\n{problem}"
            )
        _commit(partial, destination)
    finally:
        partial.unlink(missing_ok=True)


def remove_leftovers(destination: Path) -> None:
    """Delete what killed runs left of ``destination``; call it only while holding its lock."""
    for path in destination.parent.glob(f"{destination.name}.*{PARTIAL_SUFFIX}"):
        with contextlib.suppress(OSError):
            path.unlink()


def least_size(info: GgufInfo, recipe: Recipe) -> int:
    """Bytes that the result takes at least: every matrix in the recipe's lowest type."""
    kinds = [*promised_types(recipe.ftype), *(kind for _, kind in recipe.tensor_types)]
    kinds += [kind for kind in (recipe.token_embedding, recipe.output) if kind]
    lowest = min(tensor_types.by_name(kind).bits for kind in kinds)
    weights = sum(tensor.elements for tensor in info.tensors if len(tensor.shape) > 1)
    return int(weights * lowest / 8)


def _check_source(info: GgufInfo) -> None:
    if is_quantized(info):
        raise QuantUsageError(
            f"{info.path}: is already quantized ({info.file_type or 'mixed types'}, "
            f"{info.bits_per_weight:.2f} bits per weight); levels are made from an f32, bf16 or "
            "f16 file: give that with --quant-model, or this file with --quant-artifact"
        )


def _check_recipe(recipe: Recipe) -> None:
    if recipe.ftype in tensor_types.FLOAT_TYPES and recipe != Recipe(recipe.ftype):
        raise QuantUsageError(
            f"{recipe.describe()}: llama.cpp follows types of single tensors and an importance "
            f"matrix only beside a quantized type, and would ignore them beside {recipe.ftype}; "
            "base the recipe on a quantized type such as q8_0"
        )
    whole = (recipe.ftype, recipe.token_embedding, recipe.output)
    kinds = {*whole, *(kind for _, kind in recipe.tensor_types)}
    if not recipe.imatrix and NEEDS_IMATRIX.intersection(kind for kind in kinds if kind):
        raise _imatrix_error(recipe)


def _imatrix_error(recipe: Recipe) -> QuantUsageError:
    return QuantUsageError(
        f"{recipe.describe()}: needs an importance matrix; give the model's with --quant-imatrix "
        "(quant_imatrix), or make one first: pytest-quant imatrix MODEL -o FILE"
    )


def _only_read_error(recipe: Recipe) -> QuantUsageError:
    return QuantUsageError(
        f"{recipe.describe()}: this llama.cpp reads such files, and its quantizer makes none; give "
        "one with --quant-artifact, or name the type for tensors in a recipe (q4_k_m "
        f"ffn_.*={recipe.ftype.lower()})"
    )


def _check_space(destination: Path, needed: int, *, written: int = 0, full: str = "") -> None:
    """Refuse when the disk cannot hold the result; ``full`` is what a failed writer said."""
    free = shutil.disk_usage(destination.parent).free + written
    if free < needed or "iostream error" in full:
        at_least = "" if free < needed else "more than "
        raise QuantUsageError(
            f"{destination.parent}: the disk is full: the level needs {at_least}"
            f"{max(needed, written):,} bytes, {free:,} are free\n"
            "make room, or choose another directory with --quant-cache-dir"
        )


def _temporary(destination: Path) -> Path:
    """A new file next to the destination; its name is unique, because a killed run's quantizer
    may still be writing to its own."""
    try:
        handle, name = tempfile.mkstemp(
            prefix=f"{destination.name}.", suffix=PARTIAL_SUFFIX, dir=destination.parent
        )
    except OSError as error:
        raise QuantUsageError(
            f"{destination.parent}: cannot be written: {error.strerror}; "
            "choose another directory with --quant-cache-dir"
        ) from error
    os.close(handle)
    return Path(name)


def _run(source: Path, partial: Path, recipe: Recipe, threads: int) -> str:
    """Quantize in a child process; returns ``""``, or what went wrong."""
    order = json.dumps([str(source), str(partial), asdict(recipe), threads], default=str)
    left = seconds_left()
    try:
        child = subprocess.run(
            child_command(__name__, order),
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=left,
        )
    except subprocess.TimeoutExpired:
        raise QuantUsageError(
            f"--quant-time: the time was over while {recipe.describe()} was made of {source}, and "
            "nothing was asked; give the session more time, or the file itself: --quant-artifact"
        ) from None
    if child.returncode == 0:
        return ""
    said = "\n".join(last_words(child.stderr))
    if child.returncode < 0:
        return f"the quantizer was killed by signal {-child.returncode}\n{said}".strip()
    return said or f"the quantizer ended with code {child.returncode}"


def _commit(partial: Path, destination: Path) -> None:
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(destination)


def main(order: str) -> None:
    """Quantize and try what was made, in a child process; what went wrong is said on stderr."""
    source, partial, recipe, threads = json.loads(order)

    def number(name: str) -> int:
        return tensor_types.by_name(name).number

    try:
        matrix = _complete(Path(recipe["imatrix"]), Path(source)) if recipe["imatrix"] else None
    except QuantUsageError as error:
        sys.exit(str(error))
    patterns, embedding, output = _types(recipe, inspect(Path(source)))
    status = quantizer.quantize(
        Path(source),
        Path(partial),
        file_type=recipe["ftype"],
        tensor_types=[(pattern, number(kind)) for pattern, kind in patterns],
        token_embedding=number(embedding) if embedding else None,
        output=number(output) if output else None,
        threads=threads,
        matrix=matrix,
    )
    problem = native_log.last_lines(2) if status else try_model(Path(partial))
    if problem:
        sys.exit(problem.replace(partial, "what was made"))


def _types(
    recipe: dict[str, Any], info: GgufInfo
) -> tuple[list[tuple[str, str]], str | None, str | None]:
    """Patterns, and the types of the embedding and the output, as llama.cpp is given them.

    A type whose blocks the rows of one of these two do not fill goes among the patterns: of those
    llama.cpp takes the next type that fits, and of the two themselves it ends with an error.
    """
    shapes = {tensor.name: tensor.shape for tensor in info.tensors}
    patterns = [(pattern, kind) for pattern, kind in recipe["tensor_types"]]
    apart: list[str | None] = []
    for field, name in (("token_embedding", "token_embd.weight"), ("output", "output.weight")):
        kind = recipe[field]
        # Where there is no output, the embedding is it, too.
        place = name if name in shapes else "token_embd.weight"
        if kind and place in shapes and shapes[place][0] % tensor_types.by_name(kind).block:
            patterns.insert(0, (f"^{re.escape(place)}", kind))
            kind = None
        apart.append(kind)
    embedding, output = apart
    return patterns, embedding, output


def _complete(path: Path, source: Path) -> Matrix:
    """The importance matrix of a model, which says something of all weights that matter.

    Raises ``QuantUsageError``.
    """
    info = inspect(source)
    matrix = matrix_of(path, info)
    if missing := left_out(matrix, info.tensors):
        with contextlib.closing(library.Model(source)) as model:
            check_complete(path, missing, multiplied(model))
    return matrix
