"""What a level name means: no heavy import, safe while collecting."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pytest_quant.base.file_types import file_types
from pytest_quant.errors import QuantUsageError

# Names of llama.cpp that mean another of its names.
_TYPE_ALIASES = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}

# The guide's levels, highest precision first, and the llama.cpp type that stands for each.
SHORT_NAMES: dict[str, str] = {
    "f32": "F32", "bf16": "BF16", "f16": "F16", "q8": "Q8_0", "q6": "Q6_K",
    "q5": "Q5_K_M", "q4": "Q4_K_M", "q3": "Q3_K_M", "q2": "Q2_K",
}  # fmt: skip

UNQUANTIZED: tuple[str, ...] = ("f32", "bf16", "f16")
QUANTIZED: tuple[str, ...] = tuple(name for name in SHORT_NAMES if name not in UNQUANTIZED)

# A level names its file of baselines, and Windows keeps these names for devices.
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(10)))
)
_LONGEST_NAME = 40

# What a recipe calls its importance matrix.
_IMATRIX = "imatrix="
# The quantizer refuses these without one.
NEEDS_IMATRIX: frozenset[str] = frozenset(
    {
        *("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS"),
        "Q2_K_S",
    }
)

# Of tensors; which there are is for the runtime to say.
_TYPE = r"[a-z][a-z0-9_]{0,30}"
_KV_TYPES = re.compile(rf"({_TYPE})(?:/({_TYPE}))?", re.ASCII)
# What stands between the name of a file's level and what it runs with.
KV = "+kv:"


@dataclass(frozen=True, slots=True)
class KvTypes:
    """The types in which a context keeps keys and values, such as ``Q8_0``."""

    keys: str
    values: str

    def __str__(self) -> str:
        return self.keys if self.keys == self.values else f"{self.keys}/{self.values}"


# What llama.cpp has by itself.
DEFAULT_KV = KvTypes("F16", "F16")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the artifact of a level is made from the source model, and what it is run with.

    ``ftype`` is a llama.cpp file type; ``tensor_types`` maps a regular expression over tensor
    names to a ggml type, first match wins; ``token_embedding`` and ``output`` override the two
    tensors that llama.cpp treats apart (``None``: as ``ftype`` says). ``imatrix`` is the file that
    says how much each weight matters. ``kv`` changes no file.
    """

    ftype: str
    tensor_types: tuple[tuple[str, str], ...] = ()
    token_embedding: str | None = None
    output: str | None = None
    kv: KvTypes | None = None
    imatrix: Path | None = None

    @property
    def file(self) -> Recipe:
        """What makes the file: recipes that differ in no more than the rest share it."""
        return replace(self, kv=None)

    def describe(self, imatrix: str = "") -> str:
        """One line that tells recipes apart; equal recipes give equal lines.

        ``imatrix`` is what the importance matrix is called: by its digest, where that is known.
        """
        parts = [self.ftype, *(f"{pattern}={kind}" for pattern, kind in self.tensor_types)]
        if self.token_embedding:
            parts.append(f"token_embd={self.token_embedding}")
        if self.output:
            parts.append(f"output={self.output}")
        if self.imatrix:
            parts.append(f"{_IMATRIX}{imatrix or self.imatrix.name}")
        if self.kv:
            parts.append(f"kv={self.kv}")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Level:
    """A named precision.

    ``name`` is what the user wrote, in lower case; ``guide_level`` is the level of the guide's
    tables whose tolerance applies (``f16``, ``q8`` ... ``q2``); ``file_level`` the name without
    what the file is run with, ``q4`` of ``q4+kv:q8_0``.
    """

    name: str
    recipe: Recipe

    @property
    def file_level(self) -> str:
        return self.name.partition(KV)[0]

    @property
    def guide_level(self) -> str:
        return guide_level(self.recipe.ftype)

    @property
    def quantized(self) -> bool:
        return self.recipe.ftype not in {SHORT_NAMES[name] for name in UNQUANTIZED}


def guide_level(ftype: str) -> str:
    """The guide's level for a llama.cpp type: by the number of bits in its name."""
    for name in UNQUANTIZED:
        if ftype == SHORT_NAMES[name]:
            return name
    match = re.search(r"\d", ftype)
    assert match, ftype
    # The guide's tables end at Q2; fewer bits are held to its widest limit.
    return f"q{max(2, int(match.group()))}"


@cache
def known_types() -> tuple[str, ...]:
    """The file types of the installed llama.cpp, most bits first."""
    return file_types() or tuple(SHORT_NAMES.values())


def canonical_type(name: str) -> str | None:
    """llama.cpp's own spelling of a type name, or ``None`` if it has no such type."""
    # Some letters beyond ASCII become ASCII ones in upper case.
    upper = name.upper().replace("-", "_") if name.isascii() else ""
    upper = _TYPE_ALIASES.get(upper, upper)
    return upper if upper in known_types() else None


def parse_level(name: str, recipes: Mapping[str, Recipe] | None = None) -> Level:
    """The level that a name stands for; raises ``QuantUsageError`` for an unknown name.

    Behind the name of a level may stand what its file is run with: ``q4+kv:q8_0``.
    """
    key = name.strip().lower()
    file, plus, how = key.partition("+")
    recipe = _recipe(file, recipes)
    if recipe is None:
        known = [*SHORT_NAMES, *(recipes or {}), *(t.lower() for t in known_types())]
        near = difflib.get_close_matches(file, known, n=1, cutoff=0.4)
        hint = f" Did you mean {near[0] + plus + how!r}?" if near else ""
        raise QuantUsageError(
            f"unknown quantization level {name.strip()!r}.{hint}\n"
            f"known levels: {', '.join([*SHORT_NAMES, *(recipes or {})])}, all\n"
            f"llama.cpp types: {', '.join(t.lower() for t in known_types())}"
        )
    if not plus:
        return Level(key, recipe)
    kv = _kv_types(how.removeprefix("kv:")) if how.startswith("kv:") else None
    if kv is None:
        raise QuantUsageError(
            f"level {name.strip()!r}: found {plus + how!r} behind {file}, expected the types of "
            f"keys and values: {file}{KV}q8_0, or apart {file}{KV}q8_0/q4_0"
        )
    if recipe.kv is not None:
        raise QuantUsageError(
            f"level {name.strip()!r}: the recipe {file} says kv={recipe.kv} itself; keep one"
        )
    return Level(f"{file}{KV}{str(kv).lower()}", replace(recipe, kv=kv))


def _recipe(name: str, recipes: Mapping[str, Recipe] | None) -> Recipe | None:
    if recipes and name in recipes:
        return recipes[name]
    ftype = SHORT_NAMES.get(name) or canonical_type(name)
    return Recipe(ftype) if ftype else None


def _kv_types(text: str) -> KvTypes | None:
    """``q8_0``, or ``q8_0/q4_0`` for keys and values apart; ``None`` for anything else."""
    match = _KV_TYPES.fullmatch(text.lower())
    return KvTypes(match[1].upper(), (match[2] or match[1]).upper()) if match else None


def name_among(
    levels: Iterable[Level], name: str, recipes: Mapping[str, Recipe] | None = None
) -> str:
    """What a session that has these levels calls the one that a name stands for.

    ``Q8_0`` is ``q8`` where that is asked for. Raises ``QuantUsageError`` for an unknown name.
    """
    named, known = parse_level(name, recipes), list(levels)
    if any(level.name == named.name for level in known):
        return named.name
    return next((level.name for level in known if level.recipe == named.recipe), named.name)


def parse_levels(text: str, recipes: Mapping[str, Recipe] | None = None) -> tuple[Level, ...]:
    """The levels of a comma-separated list, without repeats, in the order given.

    ``all`` stands for the guide's quantized levels and every configured recipe.
    """
    names: list[str] = []
    for part in text.split(","):
        if part.strip().lower() == "all":
            names += [*QUANTIZED, *(recipes or {})]
        elif part.strip():
            names.append(part)
    if not names:
        raise QuantUsageError(
            f"no quantization level in {text!r}; give a comma-separated list such as q4,q8, or all"
        )
    levels = {level.name: level for level in (parse_level(name, recipes) for name in names)}
    return tuple(levels.values())


def parse_recipes(lines: Iterable[str], path_of: Callable[[str], Path] = Path) -> dict[str, Recipe]:
    """Configured recipes, one a line: ``name: type pattern=type ...``.

    ``pattern`` is a regular expression over tensor names (``attn_.*=q8_0``); the patterns
    ``token_embd`` and ``output`` name the embedding and the output tensor, ``imatrix`` the file of
    an importance matrix (``path_of`` makes a path of it, or raises ``ValueError``), and ``kv`` what
    the file is run with: the types of keys and values (``kv=q8_0``, ``kv=q8_0/q4_0``).
    """
    recipes: dict[str, Recipe] = {}
    for line in lines:
        name, colon, body = line.partition(":")
        name, words = name.strip().lower(), body.split()
        if not colon or not re.fullmatch(r"[a-z][a-z0-9_]*", name) or not words:
            raise _recipe_error(line, "expected 'name: type pattern=type ...'")
        if len(name) > _LONGEST_NAME or name in _DEVICES:
            raise _recipe_error(
                line,
                f"{name[:60]!r} cannot be the name of a file everywhere; choose another, of at "
                f"most {_LONGEST_NAME} characters",
            )
        if name in SHORT_NAMES or canonical_type(name) or name == "all":
            raise _recipe_error(line, f"the name {name!r} already has a meaning; choose another")
        if name in recipes:
            raise _recipe_error(line, f"the name {name!r} is configured twice")
        recipes[name] = _parse_recipe(line, words, path_of)
    return recipes


def _parse_recipe(line: str, words: list[str], path_of: Callable[[str], Path]) -> Recipe:
    ftype = canonical_type(SHORT_NAMES.get(words[0].lower(), words[0]))
    if ftype is None:
        allowed = ", ".join(t.lower() for t in known_types())
        raise _recipe_error(line, f"unknown type {words[0]!r}; allowed: {allowed}")
    whole: dict[str, str] = {}
    patterns: list[tuple[str, str]] = []
    kv: KvTypes | None = None
    imatrix: Path | None = None
    for word in words[1:]:
        if word.startswith(_IMATRIX):
            if imatrix is not None:
                raise _recipe_error(line, f"{word!r} is a second importance matrix; keep one")
            try:
                imatrix = path_of(word.removeprefix(_IMATRIX))
            except (QuantUsageError, ValueError) as error:
                raise _recipe_error(line, f"{word!r}: {error}") from error
            continue
        pattern, _, kind = word.rpartition("=")
        if pattern == "kv":
            if kv is not None or (kv := _kv_types(kind)) is None:
                raise _recipe_error(line, f"{word!r} is not one kv=type or kv=keys/values")
            continue
        if not pattern or not re.fullmatch(_TYPE, kind.lower(), re.ASCII):
            raise _recipe_error(line, f"{word!r} is not pattern=type")
        if pattern in ("token_embd", "output"):
            whole[pattern] = kind.upper()
            continue
        try:
            re.compile(pattern)
        except (re.error, OverflowError) as error:
            raise _recipe_error(
                line, f"{pattern!r} is not a regular expression: {error}"
            ) from error
        patterns.append((pattern, kind.upper()))
    embedding, output = whole.get("token_embd"), whole.get("output")
    return Recipe(ftype, tuple(patterns), embedding, output, kv, imatrix)


def _recipe_error(line: str, problem: str) -> QuantUsageError:
    return QuantUsageError(
        f"quant_recipes: in {line.strip()!r}: {problem}\n"
        "example: mixed: q4_k_m attn_.*=q8_0 ffn_.*=q4_k token_embd=q6_k"
    )
