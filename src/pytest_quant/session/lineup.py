"""Which file stands for which level, and which level is the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import DEFAULT_KV, UNQUANTIZED, Level, parse_level
from pytest_quant.runtimes.artifact import Artifact, ModelFile
from pytest_quant.runtimes.backend import backend_of


@dataclass(frozen=True, slots=True)
class Lineup:
    """The artifacts of one session by level name, the reference among them.

    ``levels`` are the levels under test, in the order asked for, without the reference.
    """

    model: str
    reference: str
    reference_quantized: bool
    levels: tuple[str, ...]
    artifacts: Mapping[str, Artifact]


def choose_reference(model: Path | None, given: Mapping[str, Path], named: Level | None) -> Level:
    """The reference level: the one named, else the highest precision at hand.

    Only reads file headers. Raises ``QuantUsageError`` if there is none above the quantized ones.
    """
    if named is not None:
        return named
    files = {name: _inspect(path) for name, path in given.items()}
    source = _source(model, given)
    return _highest(files, _inspect(source) if source else None)


def line_up(
    levels: Sequence[Level],
    reference: Level,
    model: Path | None,
    given: Mapping[str, Path],
    cache_dir: Path,
    threads: int,
    announce: Callable[[str], None],
    imatrix: Path | None = None,
) -> Lineup:
    """Adopt the given files and quantize what is missing, the reference first.

    ``given`` holds ready-made files by level; ``announce`` is told before anything that takes
    time; ``imatrix`` is the importance matrix of recipes that name none. Raises
    ``QuantUsageError`` for a file that cannot serve and for a level without one.
    """
    tested = [level for level in levels if level.name != reference.name]
    if not tested:
        raise QuantUsageError(
            f"--quant-levels: {reference.name} is the reference itself; add a level to compare "
            "with it"
        )
    source = _source(model, given) or _given(reference, given)
    file = _inspect(source) if source else None
    artifacts: dict[str, Artifact] = {}
    for level in [reference, *tested]:
        if own := _given(level, given):
            _check_matrix_unused(level, own)
            artifacts[level.name] = _adopt(level, own, cache_dir)
        elif file is None:
            raise QuantUsageError(
                f"no file for level {level.name}: give --quant-artifact {level.file_level}=FILE, "
                "or --quant-model=FILE with a 16- or 32-bit GGUF to quantize from"
            )
        elif level is reference and level.quantized and file.kind == level.recipe.ftype:
            artifacts[level.name] = _adopt(level, file.path, cache_dir)
        else:
            made = _with_matrix(level, imatrix)
            announce(f"preparing {level.name} ({made.recipe.describe()})")
            artifact = backend_of(file.path).prepare(made, file.path, cache_dir, threads)
            _check_matrix_used(made, artifact)
            artifacts[level.name] = artifact
        _check_kv(level, artifacts[level.name])
    _check_not_the_reference(reference, tested, artifacts)
    return Lineup(
        model=(file or _inspect(artifacts[reference.name].path)).name,
        reference=reference.name,
        reference_quantized=reference.quantized,
        levels=tuple(level.name for level in tested),
        artifacts=artifacts,
    )


def _check_not_the_reference(
    reference: Level, tested: Sequence[Level], artifacts: Mapping[str, Artifact]
) -> None:
    """Raises ``QuantUsageError`` for a level that is the reference's file, run as it is: a
    comparison of a file with itself is green whatever the file. What a server is run with is the
    user's word, so no two levels may be one server.
    """
    own = artifacts[reference.name]
    served: dict[str, str] = {}
    for level in [reference, *tested]:
        found = artifacts[level.name]
        if found.weights_seen:
            continue
        if other := served.get(found.digest):
            raise QuantUsageError(
                f"--quant-endpoint: {other} and {level.name} are the same server and model "
                f"({found.path.stem}), so every answer would be the same; give each level its own"
            )
        served[found.digest] = level.name
    for level in tested:
        found = artifacts[level.name]
        if (found.digest, found.kv or DEFAULT_KV) == (own.digest, own.kv or DEFAULT_KV):
            kept = f" and keys and values in {own.kv or DEFAULT_KV}" if found.kv or own.kv else ""
            raise QuantUsageError(
                f"--quant-artifact {level.file_level}={found.path}: is the same file as the "
                f"reference {reference.name}, {own.path} (sha256 {own.digest[:12]}){kept}, so "
                f"every answer would be the same\ngive the file of {level.name}, or another "
                "reference: --quant-reference"
            )


def _check_kv(level: Level, artifact: Artifact) -> None:
    """Raises ``QuantUsageError`` for a runtime that knows no types of keys and values: it would
    run the level as if its name did not say them.
    """
    if artifact.kv != level.recipe.kv:
        raise QuantUsageError(
            f"level {level.name}: {artifact.path}: its runtime keeps keys and values as it does; "
            f"it can be level {level.file_level}"
        )


def _with_matrix(level: Level, imatrix: Path | None) -> Level:
    if imatrix is None or level.recipe.imatrix or not level.quantized:
        return level
    return replace(level, recipe=replace(level.recipe, imatrix=imatrix))


def _check_matrix_unused(level: Level, path: Path) -> None:
    """Raises ``QuantUsageError`` for a recipe whose importance matrix would be used for nothing."""
    if level.recipe.imatrix:
        raise QuantUsageError(
            f"--quant-artifact {level.file_level}={path}: the recipe names an importance matrix, "
            "and a ready-made file is not quantized; leave out one of the two"
        )


def _check_matrix_used(level: Level, artifact: Artifact) -> None:
    """Raises ``QuantUsageError`` for a runtime that quantizes without it."""
    if level.recipe.imatrix and not artifact.imatrix:
        raise QuantUsageError(
            f"level {level.name}: its runtime quantizes without an importance matrix; leave out "
            "--quant-imatrix (quant_imatrix) and imatrix= of its recipe"
        )


def _given(level: Level, given: Mapping[str, Path]) -> Path | None:
    """The file of a level: its own, or that of the level without what it is run with."""
    return given.get(level.name) or given.get(level.file_level)


def lacks_reference(
    levels: Sequence[Level], model: Path | None, given: Mapping[str, Path], named: Level | None
) -> bool:
    """Whether every level has a given file, and there is none for any reference."""
    if model or not given or (named and _given(named, given)):
        return False
    tested = [level for level in levels if not named or level.name != named.name]
    if not tested or not all(_given(level, given) and level.quantized for level in tested):
        return False
    return not set(UNQUANTIZED) & given.keys()


def model_name(model: Path | None, given: Mapping[str, Path], reference: Level | None) -> str:
    """The name of the model in a session; by its first level's file without a reference.

    Empty if there is no file at all. Only reads a file header.
    """
    first = _given(reference, given) if reference else next(iter(given.values()), None)
    source = _source(model, given) or first
    return _inspect(source).name if source else ""


def line_up_without_reference(
    levels: Sequence[Level], reference: Level, given: Mapping[str, Path], cache_dir: Path
) -> Lineup:
    """Adopt the given file of each level; the reference is known from a record alone."""
    artifacts: dict[str, Artifact] = {}
    for level in levels:
        own = _given(level, given)
        assert own is not None
        _check_matrix_unused(level, own)
        artifacts[level.name] = _adopt(level, own, cache_dir)
        _check_kv(level, artifacts[level.name])
    return Lineup(
        model=model_name(None, given, None),
        reference=reference.name,
        reference_quantized=reference.quantized,
        levels=tuple(artifacts),
        artifacts=artifacts,
    )


def model_files(model: Path | None, given: Mapping[str, Path]) -> list[Path]:
    """The files of a session that hold models."""
    source = _source(model, given)
    return [*([source] if source else []), *given.values()]


def _source(model: Path | None, given: Mapping[str, Path]) -> Path | None:
    """The file to quantize from, if one was given or nothing was."""
    return model or (None if given else EMBEDDED_MODEL)


def _inspect(path: Path) -> ModelFile:
    return backend_of(path).inspect(path)


def _adopt(level: Level, path: Path, cache_dir: Path) -> Artifact:
    return backend_of(path).adopt(level, path, cache_dir)


def _highest(files: Mapping[str, ModelFile], source: ModelFile | None) -> Level:
    """The highest precision at hand; a quantized one is never chosen unasked."""
    for name in UNQUANTIZED:
        if name in files:
            return parse_level(name)
    if source and source.precision:
        return parse_level(source.precision)
    if source:
        raise QuantUsageError(
            f"{source.path}: holds {source.kind} weights, and quantizing needs a 16- or "
            f"32-bit source\ngive such a file, or name a quantized reference yourself: "
            f"--quant-reference=LEVEL with --quant-artifact=LEVEL={source.path.name}"
        )
    raise QuantUsageError(
        f"no reference among --quant-artifact {', '.join(files)}: add f16=FILE (or bf16, f32), "
        "or name a quantized reference: --quant-reference=LEVEL; only levels with a recorded "
        "baseline can be compared without one"
    )
