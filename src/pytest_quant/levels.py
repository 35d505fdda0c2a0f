"""What a level name means. Pure: no I/O, no heavy import, safe while collecting."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_quant.errors import QuantUsageError

# llama.cpp's file types (llama_ftype), as its quantize tool names them.
LLAMA_CPP_TYPES: tuple[str, ...] = (
    "F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q5_1", "Q5_0",
    "Q4_K_M", "Q4_K_S", "Q4_1", "Q4_0", "IQ4_NL", "IQ4_XS", "MXFP4_MOE",
    "Q3_K_L", "Q3_K_M", "Q3_K_S", "IQ3_M", "IQ3_S", "IQ3_XS", "IQ3_XXS",
    "Q2_K", "Q2_K_S", "Q2_0", "IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "TQ2_0",
    "Q1_0", "IQ1_M", "IQ1_S", "TQ1_0",
)  # fmt: skip

# Names of llama.cpp that mean another of its names.
_TYPE_ALIASES = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}

# The guide's levels, highest precision first, and the llama.cpp type that stands for each.
SHORT_NAMES: dict[str, str] = {
    "f32": "F32", "bf16": "BF16", "f16": "F16", "q8": "Q8_0", "q6": "Q6_K",
    "q5": "Q5_K_M", "q4": "Q4_K_M", "q3": "Q3_K_M", "q2": "Q2_K",
}  # fmt: skip

UNQUANTIZED: tuple[str, ...] = ("f32", "bf16", "f16")
QUANTIZED: tuple[str, ...] = tuple(name for name in SHORT_NAMES if name not in UNQUANTIZED)

# ggml tensor types that a recipe may name for single tensors.
TENSOR_TYPES: tuple[str, ...] = (
    "F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K", "Q5_1", "Q5_0", "Q4_K", "Q4_1", "Q4_0",
    "IQ4_NL", "IQ4_XS", "Q3_K", "IQ3_S", "IQ3_XXS", "Q2_K", "IQ2_S", "IQ2_XS", "IQ2_XXS",
    "IQ1_M", "IQ1_S", "TQ2_0", "TQ1_0",
)  # fmt: skip

# A level names its file of baselines, and Windows keeps these names for devices.
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(10)))
)
_LONGEST_NAME = 40

# The quantizer refuses these without an importance matrix.
NEEDS_IMATRIX: frozenset[str] = frozenset(
    {
        *("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS"),
        "Q2_K_S",
    }
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the artifact of a level is made from the source model.

    ``ftype`` is a llama.cpp file type; ``tensor_types`` maps a regular expression over tensor
    names to a ggml type, first match wins; ``token_embedding`` and ``output`` override the two
    tensors that llama.cpp treats apart (``None``: as ``ftype`` says).
    """

    ftype: str
    tensor_types: tuple[tuple[str, str], ...] = ()
    token_embedding: str | None = None
    output: str | None = None

    def describe(self) -> str:
        """One line that tells recipes apart; equal recipes give equal lines."""
        parts = [self.ftype, *(f"{pattern}={kind}" for pattern, kind in self.tensor_types)]
        if self.token_embedding:
            parts.append(f"token_embd={self.token_embedding}")
        if self.output:
            parts.append(f"output={self.output}")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Level:
    """A named precision.

    ``name`` is what the user wrote, in lower case; ``guide_level`` is the level of the guide's
    tables whose tolerance applies (``f16``, ``q8`` ... ``q2``).
    """

    name: str
    recipe: Recipe

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


def canonical_type(name: str) -> str | None:
    """llama.cpp's own spelling of a type name, or ``None`` if it has no such type."""
    # Some letters beyond ASCII become ASCII ones in upper case.
    upper = name.upper().replace("-", "_") if name.isascii() else ""
    upper = _TYPE_ALIASES.get(upper, upper)
    return upper if upper in LLAMA_CPP_TYPES else None


def parse_level(name: str, recipes: Mapping[str, Recipe] | None = None) -> Level:
    """The level that a name stands for; raises ``QuantUsageError`` for an unknown name."""
    key = name.strip().lower()
    if recipes and key in recipes:
        return Level(key, recipes[key])
    ftype = SHORT_NAMES.get(key) or canonical_type(key)
    if ftype is None:
        known = [*SHORT_NAMES, *(recipes or {}), *(t.lower() for t in LLAMA_CPP_TYPES)]
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise QuantUsageError(
            f"unknown quantization level {name.strip()!r}.{hint}\n"
            f"known levels: {', '.join([*SHORT_NAMES, *(recipes or {})])}, all\n"
            f"llama.cpp types: {', '.join(t.lower() for t in LLAMA_CPP_TYPES)}"
        )
    return Level(key, Recipe(ftype))


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


def parse_recipes(lines: Iterable[str]) -> dict[str, Recipe]:
    """Configured recipes, one a line: ``name: type pattern=type ...``.

    ``pattern`` is a regular expression over tensor names (``attn_.*=q8_0``); the patterns
    ``token_embd`` and ``output`` name the embedding and the output tensor.
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
        recipes[name] = _parse_recipe(line, words)
    return recipes


def _parse_recipe(line: str, words: list[str]) -> Recipe:
    ftype = canonical_type(SHORT_NAMES.get(words[0].lower(), words[0]))
    if ftype is None:
        allowed = ", ".join(t.lower() for t in LLAMA_CPP_TYPES)
        raise _recipe_error(line, f"unknown type {words[0]!r}; allowed: {allowed}")
    whole: dict[str, str] = {}
    patterns: list[tuple[str, str]] = []
    for word in words[1:]:
        pattern, _, kind = word.rpartition("=")
        if not pattern or kind.upper() not in TENSOR_TYPES:
            allowed = ", ".join(t.lower() for t in TENSOR_TYPES)
            raise _recipe_error(line, f"{word!r} is not pattern=type; types: {allowed}")
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
    return Recipe(ftype, tuple(patterns), whole.get("token_embd"), whole.get("output"))


def _recipe_error(line: str, problem: str) -> QuantUsageError:
    return QuantUsageError(
        f"quant_recipes: in {line.strip()!r}: {problem}\n"
        "example: mixed: q4_k_m attn_.*=q8_0 ffn_.*=q4_k token_embd=q6_k"
    )
