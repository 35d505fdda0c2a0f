"""``pytest-quant explain``: which tensors make a level worse than it should be?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.base.paths import given_path, user_cache_directory
from pytest_quant.base.resources import usable_cpus, usable_memory
from pytest_quant.cli.arguments import model_argument, naming, path_argument
from pytest_quant.cli.telling import progress_of, tell
from pytest_quant.errors import QuantUsageError, RuntimeFailed

if TYPE_CHECKING:
    from pytest_quant.levels import Level
    from pytest_quant.record.run import LevelRecord, RunRecord

TOKENS = 2048
# More are put right block by block first, then one by one in the block that takes most away.
_MOST_SINGLE = 24


def add_command(commands: Any) -> None:
    """Declare the command and its arguments."""
    parser = commands.add_parser(
        "explain",
        help="which tensors make a level's file worse than it should be",
        description="Make the level of a run record anew from the model, put the tensors in which "
        "its file differs right one by one, and tell which of them the rise of the divergence "
        "comes from. It judges nothing: the exit code is 0, or 4 for a mistake.",
    )
    parser.add_argument("record", type=path_argument, metavar="RECORD")
    parser.add_argument(
        "--artifact",
        required=True,
        metavar="LEVEL=FILE",
        help="the file that got worse, as of --quant-artifact",
    )
    parser.add_argument(
        "--model",
        metavar="GGUF",
        help="16- or 32-bit file that the level is made of, or hf:// (default: the embedded)",
    )
    parser.add_argument(
        "--text", type=path_argument, metavar="FILE", help="text in UTF-8 (default: the held text)"
    )
    parser.add_argument(
        "--tokens",
        type=int,
        default=TOKENS,
        metavar="N",
        help=f"score about so many tokens (default: {TOKENS})",
    )
    parser.set_defaults(command=_explain)


def _explain(chosen: argparse.Namespace) -> Iterator[str]:
    from pytest_quant.analysis.weight_parts import parts_by
    from pytest_quant.base.amounts import counted
    from pytest_quant.record.run import read_record
    from pytest_quant.reports.culprits import culprit_lines
    from pytest_quant.runtimes.llamacpp.artifacts import prepare
    from pytest_quant.runtimes.llamacpp.contents import read_contents
    from pytest_quant.runtimes.llamacpp.culprits import differing, find_culprits
    from pytest_quant.runtimes.llamacpp.digests import digest
    from pytest_quant.runtimes.llamacpp.kept_text import Limits
    from pytest_quant.runtimes.llamacpp.passages import check_length
    from pytest_quant.session.held_text import held_text

    if chosen.tokens < 1:
        raise QuantUsageError(f"--tokens: found {chosen.tokens}, expected at least 1")
    name, damaged = _artifact(chosen.artifact)
    record = read_record(chosen.record)
    known = _level_of(record, name, chosen.record)
    kept, threads = user_cache_directory(), usable_cpus()
    model = model_argument(chosen.model, kept) if chosen.model else EMBEDDED_MODEL
    with naming("--text"):
        text = held_text(chosen.text)
        check_length(text, model, [model])
    level = _as_made(known)
    tell(f"quantizing {model.name} to {name}")
    sound = prepare(level, model, kept, threads)
    if digest(damaged, kept) != known.digest:
        yield f"note: {damaged.name} is not the file that {chosen.record} tells of"
    names = differing(sound.path, damaged)
    metadata = (read_contents(path, kept).metadata for path in (sound.path, damaged))
    was, now = metadata
    keys = [key for key in dict.fromkeys([*was, *now]) if was.get(key) != now.get(key)]
    if keys:
        yield f"other metadata: {', '.join(keys[:5])}{' ...' if len(keys) > 5 else ''}"
    if not names:
        yield f"every tensor of {damaged.name} is what {name} has if it is made here anew"
        return
    yield f"{counted(len(names), 'tensor')} of {len(read_contents(damaged, kept).tensors)} differ"
    limits = Limits(chosen.tokens, threads, usable_memory())
    parts = parts_by("tensor" if len(names) <= _MOST_SINGLE else "layer", names)
    try:
        found = find_culprits(model, sound.path, damaged, parts, text, limits, progress_of("part"))
    except RuntimeFailed as error:
        raise QuantUsageError(f"{damaged}: {error}") from None
    yield from culprit_lines(found, name, record.reference)


def _artifact(given: str) -> tuple[str, Path]:
    name, equals, file = given.partition("=")
    if not equals or not name or not file:
        raise QuantUsageError(f"--artifact: found {given[:60]!r}, expected LEVEL=FILE")
    path = given_path(file)
    if not path.is_file():
        raise QuantUsageError(f"--artifact: {path}: no such file; give the path of a GGUF model")
    return name, path


def _level_of(record: RunRecord, name: str, path: Path) -> LevelRecord:
    found = next((level for level in record.levels if level.name == name), None)
    if found is None or name == record.reference:
        levels = ", ".join(one.name for one in record.levels if one.name != record.reference)
        raise QuantUsageError(
            f"--artifact: found {name[:40]!r}, expected a level of {path}: "
            f"{levels or 'it has none'}"
        )
    return found


def _as_made(known: LevelRecord) -> Level:
    """The level as the record says that it was made; raises ``QuantUsageError``."""
    from pytest_quant.levels import Level, parse_recipes

    try:
        (recipe,) = parse_recipes([f"level: {known.recipe.partition(' imatrix=')[0]}"]).values()
    except (QuantUsageError, ValueError):
        raise QuantUsageError(
            f"{known.name}: was made as {known.recipe[:80]!r}, which cannot be made here"
        ) from None
    if " imatrix=" in known.recipe:
        raise QuantUsageError(
            f"{known.name}: was made with an importance matrix, which a record does not hold"
        )
    return Level(known.name, recipe)
