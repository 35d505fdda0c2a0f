"""``pytest-quant imatrix``: make the importance matrix of a model, in this process."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_quant.base.destinations import check_destination
from pytest_quant.base.files import write_atomically
from pytest_quant.base.library import CALIBRATION_TEXT
from pytest_quant.base.paths import user_cache_directory
from pytest_quant.base.resources import usable_cpus
from pytest_quant.cli.arguments import model_argument, path_argument
from pytest_quant.cli.telling import progress_of, tell
from pytest_quant.errors import QuantUsageError, RuntimeFailed


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "imatrix",
        help="make an importance matrix of a model",
        description="Have a model read a text, and write down how much each column of its weights "
        "matters: what --quant-imatrix takes. The file is in llama.cpp's form (GGUF).",
    )
    parser.add_argument("model", metavar="MODEL", help="GGUF file, best of 16 or 32 bits, or hf://")
    parser.add_argument(
        "-o", "--output", type=path_argument, required=True, metavar="FILE", help="file to write"
    )
    parser.add_argument(
        "--text",
        type=path_argument,
        default=CALIBRATION_TEXT,
        metavar="FILE",
        help="text in UTF-8 to read, like what the model is for (default: one that ships)",
    )
    parser.add_argument(
        "--chunks",
        type=int,
        metavar="N",
        help="read no more than its first N chunks (default: all)",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    parser.set_defaults(command=_imatrix)


def _imatrix(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.runtimes.llamacpp.calibrating import make_matrix
    from pytest_quant.runtimes.llamacpp.digests import digest
    from pytest_quant.runtimes.llamacpp.trial import ensure_tried

    if chosen.chunks is not None and chosen.chunks < 1:
        raise QuantUsageError(f"--chunks: found {chosen.chunks}, expected at least 1")
    _check_output(chosen.output, replace=chosen.force)
    text = _read(chosen.text)
    kept = user_cache_directory()
    model = model_argument(chosen.model, kept)
    _check_apart(chosen.output, model, chosen.text)
    ensure_tried(model, digest(model, kept), kept)
    tell(f"{model.name} reads {chosen.text.name}")
    try:
        made = make_matrix(
            model, text, chosen.text.name, usable_cpus(), progress_of("chunk"), chosen.chunks
        )
    except RuntimeFailed as error:
        raise QuantUsageError(f"{model}: {error}") from None
    write_atomically(chosen.output, made.data)
    yield (
        f"{chosen.output} written: {made.weights} weights, {made.chunks} chunks of text\n"
        f"use it: pytest --quant-levels=q4 --quant-model={chosen.model} "
        f"--quant-imatrix={chosen.output}"
    )


def _check_output(path: Path, *, replace: bool) -> None:
    try:
        place = check_destination(path)
    except OSError as error:
        raise QuantUsageError(
            f"--output: {path} cannot be written: {error.strerror or error}; choose another place"
        ) from error
    if place.is_file and place.status is not None and not replace:
        raise QuantUsageError(f"--output: {path} is there; choose another file, or add --force")


def _check_apart(output: Path, *read: Path) -> None:
    """Raises ``QuantUsageError`` for a file that is to be read and replaced."""
    for path in read:
        if output.exists() and path.exists() and output.samefile(path):
            raise QuantUsageError(f"--output: {output} is also {path}; give it a file of its own")


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise QuantUsageError(
            f"--text: {path}: cannot be read: {error.strerror}; give a text file"
        ) from None
    except UnicodeDecodeError as error:
        raise QuantUsageError(
            f"--text: {path}: found byte {error.start} that is not UTF-8, expected a text file in "
            "UTF-8"
        ) from None
