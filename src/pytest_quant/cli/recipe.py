"""``pytest-quant recipe``: the best mixed-precision file of a given size, and its proof."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_quant.base.library import CALIBRATION_TEXT, EMBEDDED_MODEL
from pytest_quant.base.paths import user_cache_directory
from pytest_quant.base.resources import usable_cpus, usable_memory
from pytest_quant.cli.arguments import model_argument, naming, path_argument
from pytest_quant.cli.telling import progress_of, tell
from pytest_quant.errors import QuantUsageError, RuntimeFailed

if TYPE_CHECKING:
    from pytest_quant.cli.recipe_search import Stock
    from pytest_quant.runtimes.llamacpp.gguf_file import GgufInfo
    from pytest_quant.runtimes.protocol import Dialogues, PlainText

# Types whose kernels are fast everywhere and that need no importance matrix.
KINDS = ("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_0")
TOKENS = 2048
# A text may quote another, but a proof is no quotation.
_MOST_SHARED = 0.01
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmg]i?b)", re.IGNORECASE)
_UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "recipe",
        help="search the best mixed-precision recipe of a given size",
        description="Measure how much each tensor of a model suffers, choose the type of each so "
        "that the least is lost in the given size, and hold the file against the stock types on a "
        "text that the search never saw. It judges nothing: the exit code is 0, or 4 for a "
        "mistake. A session judges the recipe like any other level.",
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?",
        help="GGUF file of 16 or 32 bits, or hf:// (default: the embedded)",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--size",
        default="q4",
        metavar="SIZE",
        help="of the file: 100MB, 1.5GiB, or that of a level such as q4 (the default)",
    )
    size.add_argument("--bits", type=float, metavar="N", help="bits per weight of the file")
    parser.add_argument(
        "--types",
        default=",".join(kind.lower() for kind in KINDS),
        metavar="TYPES",
        help="of tensors, to choose from (default: %(default)s)",
    )
    parser.add_argument("--name", default="best", help="of the recipe (default: best)")
    parser.add_argument(
        "--imatrix", type=path_argument, metavar="FILE", help="importance matrix of the model"
    )
    parser.add_argument(
        "--search-text",
        type=path_argument,
        default=CALIBRATION_TEXT,
        metavar="FILE",
        help="text in UTF-8 to search by (default: one that ships and judges nothing)",
    )
    parser.add_argument(
        "--text",
        type=path_argument,
        metavar="FILE",
        help="text in UTF-8 to prove it on, another than to search by (default: the held text)",
    )
    parser.add_argument(
        "--tokens",
        type=int,
        default=TOKENS,
        metavar="N",
        help="score about so many tokens in each reading of the search (default: %(default)s)",
    )
    parser.set_defaults(command=_recipe)


def _recipe(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.analysis.allocation import NoRoom
    from pytest_quant.analysis.recipes import ini_line, quantize_arguments, recipe_of
    from pytest_quant.cli.recipe_search import Search, Stock, proved
    from pytest_quant.levels import Level
    from pytest_quant.reports.recipe_search import proof_lines
    from pytest_quant.runtimes.llamacpp.gguf_file import inspect, reference_level
    from pytest_quant.runtimes.llamacpp.kept_text import Limits
    from pytest_quant.runtimes.llamacpp.passages import check_length
    from pytest_quant.session.held_text import held_text

    kinds = _kinds(chosen)
    _check(chosen)
    kept, threads = user_cache_directory(), usable_cpus()
    model = model_argument(chosen.model, kept) if chosen.model else EMBEDDED_MODEL
    info = inspect(model)
    if reference_level(info) is None:
        raise QuantUsageError(
            f"MODEL: {model} is quantized; give the file of 16 or 32 bits that levels are made of"
        )
    with naming("--search-text"):
        searched = held_text(chosen.search_text)
        check_length(searched, model, [model])
    with naming("--text"):
        judged = held_text(chosen.text)
        check_length(judged, model, [model])
    _check_texts(searched, judged)
    stock = Stock(model, chosen.imatrix, kept, threads)
    size = _size(chosen, info, stock)
    limits = Limits(chosen.tokens, threads, usable_memory())
    try:
        search = Search(model, kinds, chosen.imatrix, kept, searched, limits, progress_of)
        if not search.tensors:
            raise QuantUsageError(
                f"--types: none of them changes a tensor of {model.name}: its rows do not fit them"
            )
        best = search.run(size - search.beside(info))
    except RuntimeFailed as error:
        raise QuantUsageError(f"{model}: {error}") from None
    except NoRoom as error:
        raise QuantUsageError(
            f"{_option(chosen)}: no file of {size:,} bytes can be made of {model.name} in these "
            f"types: of its tensors, {error}; give more, or a lower type to --types"
        ) from None
    yield (
        f"{len(search.tensors)} tensors for a file of {size / 1e6:.2f} MB, searched on "
        f"{searched.title}; mean KLD in thousandths of a nat:"
    )
    for number, one in enumerate(search.rounds, 1):
        mark = " (taken)" if one is best else ""
        yield (
            f"  round {number}: {1000 * one.predicted:.3g} added up, {1000 * one.measured:.3g} "
            f"measured{mark}"
        )
    bits = 8 * best.allocation.nbytes / search.weights
    matrix = chosen.imatrix.absolute() if chosen.imatrix else None
    recipe = recipe_of(best.allocation.kinds, bits, matrix)
    artifact = stock.made(Level(chosen.name, recipe))
    yield ""
    tell("comparing on the other text")
    compared = [stock.of(name) for name in stock.beside(artifact.size)]
    yield from proof_lines(*proved(model, artifact, compared, judged, threads))
    yield ""
    yield "for pytest.ini:"
    yield "[pytest]"
    yield "quant_recipes ="
    yield f"    {ini_line(chosen.name, recipe)}"
    yield ""
    yield "for llama-quantize:"
    yield f"    {quantize_arguments(recipe)} MODEL OUTPUT {recipe.ftype}"
    yield from _unlike(best.allocation.kinds, artifact.path)
    if artifact.size > size:
        yield f"the file takes {artifact.size:,} bytes, {artifact.size - size:,} more than asked"
    names = ",".join([chosen.name, *(one.level for one in compared)])
    given = [("model", chosen.model), ("imatrix", chosen.imatrix)]
    more = "".join(f" --quant-{name}={shlex.quote(str(value))}" for name, value in given if value)
    yield f"judge it: pytest --quant-levels={names}{more}"


def _unlike(kinds: Mapping[str, str], path: Path) -> Iterator[str]:
    """Where llama.cpp did not follow the recipe."""
    from pytest_quant.runtimes.llamacpp.gguf_file import inspect

    made = {tensor.name: tensor.kind for tensor in inspect(path).tensors}
    unlike = [name for name, kind in kinds.items() if made[name] != kind]
    if unlike:
        yield (
            f"llama.cpp gave {len(unlike)} tensors another type than the recipe: "
            f"{', '.join(unlike[:3])}"
        )


def _kinds(chosen: argparse.Namespace) -> list[str]:
    from pytest_quant.levels import NEEDS_IMATRIX
    from pytest_quant.runtimes.llamacpp.tensor_types import FLOAT_TYPES, check_kept

    kinds = list(dict.fromkeys(word.strip().upper() for word in chosen.types.split(",")))
    for kind in kinds:
        try:
            check_kept(kind)
        except QuantUsageError as error:
            raise QuantUsageError(f"--types: {error}") from None
        if kind in FLOAT_TYPES:
            raise QuantUsageError(f"--types: found {kind.lower()}, expected quantized types")
        if kind in NEEDS_IMATRIX and chosen.imatrix is None:
            raise QuantUsageError(
                f"--types: {kind.lower()} needs an importance matrix; give the model's with "
                "--imatrix, or make one first: pytest-quant imatrix MODEL -o FILE"
            )
    return kinds


def _check(chosen: argparse.Namespace) -> None:
    """What can be told before anything is read."""
    from pytest_quant.levels import parse_recipes

    if chosen.tokens < 1:
        raise QuantUsageError(f"--tokens: found {chosen.tokens}, expected at least 1")
    try:
        (name,) = parse_recipes([f"{chosen.name}: q8_0"])
    except QuantUsageError as error:
        raise QuantUsageError(f"--name: {error}") from None
    if name != chosen.name:
        raise QuantUsageError(f"--name: found {chosen.name[:40]!r}, expected {name!r}")
    if chosen.imatrix and len(str(chosen.imatrix).split()) != 1:
        raise QuantUsageError(
            f"--imatrix: {chosen.imatrix} has a space, and a recipe cannot name it; link it from "
            "another place"
        )


def _check_texts(searched: Dialogues | PlainText, judged: Dialogues | PlainText) -> None:
    """Raises ``QuantUsageError`` for texts that have something in common."""
    from pytest_quant.analysis.overlap import shared

    share = shared(_words(judged), _words(searched))
    if share > _MOST_SHARED:
        raise QuantUsageError(
            f"--text: {100 * share:.0f} % of {judged.title} stands in {searched.title}, the text "
            "of the search; what was searched on it proves nothing: give another one"
        )


def _words(text: Dialogues | PlainText) -> str:
    from pytest_quant.runtimes.protocol import PlainText

    if isinstance(text, PlainText):
        return text.text
    return "\n".join(part for pair in text.pairs for part in pair)


def _option(chosen: argparse.Namespace) -> str:
    return f"--size {chosen.size}" if chosen.bits is None else f"--bits {chosen.bits:g}"


def _size(chosen: argparse.Namespace, info: GgufInfo, stock: Stock) -> int:
    """How many bytes the file may take."""
    if chosen.bits is not None:
        if not 0 < chosen.bits <= 32:
            raise QuantUsageError(
                f"--bits: found {chosen.bits:g}, expected more than 0, at most 32"
            )
        tensors = sum(tensor.nbytes for tensor in info.tensors)
        return info.size - tensors + int(info.parameters * chosen.bits / 8)
    if match := _SIZE.fullmatch(chosen.size):
        return int(float(match["number"]) * _UNITS[match["unit"].lower()])
    try:
        return stock.of(chosen.size).size
    except QuantUsageError as error:
        raise QuantUsageError(
            f"--size: found {chosen.size[:40]!r}, expected 100MB, 1.5GiB or the like, or a level: "
            f"{error}"
        ) from None
