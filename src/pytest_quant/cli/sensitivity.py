"""``pytest-quant sensitivity``: which weights of a model suffer most from a level?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pytest_quant.analysis.weight_parts import By
from pytest_quant.base.destinations import check_destination
from pytest_quant.base.files import write_atomically
from pytest_quant.base.harmless import harmless
from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.base.paths import user_cache_directory
from pytest_quant.base.resources import usable_cpus, usable_memory
from pytest_quant.cli.arguments import model_argument, naming, path_argument
from pytest_quant.cli.telling import progress_of, tell
from pytest_quant.errors import QuantUsageError, RuntimeFailed

# Enough to tell a tensor's divergence to about a fifth, few enough for two hundred tensors.
TOKENS = 2048


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "sensitivity",
        help="which weights of a model suffer most from a level",
        description="Quantize each tensor of a model by itself, and keep each by itself, and tell "
        "how far the predictions on a text are then from the reference's. It judges nothing: the "
        "exit code is 0, or 4 for a mistake.",
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?",
        help="GGUF file of 16 or 32 bits, or hf:// (default: the embedded)",
    )
    parser.add_argument("--level", default="q4", help="as of --quant-levels (default: q4)")
    parser.add_argument(
        "--by",
        choices=get_args(By),
        default="tensor",
        help="what is swapped at a time: each tensor (the default), each kind of tensors in all "
        "blocks, or each block",
    )
    parser.add_argument(
        "--text", type=path_argument, metavar="FILE", help="text in UTF-8 (default: the held text)"
    )
    parser.add_argument(
        "--tokens",
        type=int,
        default=TOKENS,
        metavar="N",
        help=f"score about so many tokens, from all over the text (default: {TOKENS})",
    )
    parser.add_argument("--all", action="store_true", help="list every part")
    parser.add_argument("--json", type=path_argument, metavar="FILE", help="write all of it")
    parser.add_argument(
        "--plot", type=path_argument, metavar="FILE", help="draw it by depth: .svg, .png or .pdf"
    )
    parser.set_defaults(command=_sensitivity)


def _sensitivity(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.analysis.weight_parts import parts_by, rows_of
    from pytest_quant.levels import parse_level
    from pytest_quant.reports.weight_parts import FIRST, as_json, part_lines
    from pytest_quant.runtimes.llamacpp.artifacts import prepare
    from pytest_quant.runtimes.llamacpp.gguf_file import inspect, reference_level
    from pytest_quant.runtimes.llamacpp.kept_text import Limits
    from pytest_quant.runtimes.llamacpp.passages import check_length
    from pytest_quant.runtimes.llamacpp.swapping import Pair
    from pytest_quant.runtimes.llamacpp.tensor_swaps import measure_swaps
    from pytest_quant.session.held_text import held_text

    _check_outputs(chosen)
    kept, threads = user_cache_directory(), usable_cpus()
    try:
        level = parse_level(chosen.level)
    except QuantUsageError as error:
        raise QuantUsageError(f"--level: {error}") from None
    model = model_argument(chosen.model, kept) if chosen.model else EMBEDDED_MODEL
    reference = reference_level(inspect(model))
    if reference is None:
        raise QuantUsageError(
            f"MODEL: {model} is quantized; give the file of 16 or 32 bits that levels are made of"
        )
    with naming("--text"):
        text = held_text(chosen.text)
        check_length(text, model, [model])
    tell(f"quantizing {model.name} to {level.name}")
    pair = Pair.of(model, prepare(level, model, kept, threads).path)
    if not pair.changed:
        raise QuantUsageError(
            f"--level: {level.name} changes no tensor of {model.name}, which is {reference}; give "
            "another level"
        )
    limits = Limits(chosen.tokens, threads, usable_memory())
    parts = parts_by(chosen.by, pair.changed)
    try:
        found = measure_swaps(pair, parts, text, limits, progress_of("part"))
    except RuntimeFailed as error:
        raise QuantUsageError(f"{model}: {error}") from None
    if chosen.json:
        content = json.dumps(as_json(found, level.name, reference), indent=1, allow_nan=False)
        write_atomically(chosen.json, content + "\n")
    if chosen.plot:
        from pytest_quant.reports.plots.weight_parts import depth_plot

        title = f"{model.stem}, {level.name} against {reference}"
        form = chosen.plot.suffix.lower()
        write_atomically(chosen.plot, depth_plot(rows_of(found), harmless(title), form))
    yield from part_lines(found, level.name, reference, None if chosen.all else FIRST)
    for path in filter(None, (chosen.json, chosen.plot)):
        yield f"{path} written"


def _check_outputs(chosen: argparse.Namespace) -> None:
    if chosen.tokens < 1:
        raise QuantUsageError(f"--tokens: found {chosen.tokens}, expected at least 1")
    for name in ("json", "plot"):
        path: Path | None = getattr(chosen, name)
        try:
            if path is not None:
                check_destination(path)
        except OSError as error:
            raise QuantUsageError(
                f"--{name}: {path} cannot be written: {error.strerror or error}; choose another "
                "place"
            ) from error
    if chosen.plot is None:
        return
    try:
        from pytest_quant.reports.plots.weight_parts import FORMATS
    except ImportError:
        raise QuantUsageError("--plot: needs matplotlib; pip install matplotlib") from None
    if chosen.plot.suffix.lower() not in FORMATS:
        raise QuantUsageError(
            f"--plot: found {chosen.plot.name}, expected a name that ends in "
            f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        )
