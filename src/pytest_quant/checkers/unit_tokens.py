"""Reads the unit behind a number: km, cm^2, square metres, km/h, per cent, degrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_quant.checkers.tokens import Token
from pytest_quant.checkers.units import AMBIGUOUS, canonical_unit, unit_name

_POWERS = frozenset({"2", "3"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in canonical form, and the index of the first token behind it.

    ``doubtful``: the word is an ordinary one as well, such as "in".
    """

    name: str
    behind: int
    doubtful: bool = False


def read_unit(tokens: Sequence[Token], index: int) -> Unit | None:
    """The unit that starts at token ``index``, if one does."""
    token = at(tokens, index)
    if token is None:
        return None
    if token.text == "^":
        # LaTeX writes 30 degrees as 30^\circ.
        degree = at(tokens, index + 1)
        return read_unit(tokens, index + 1) if degree and degree.text == "\u00b0" else None
    if token.kind == "percent":
        return Unit("%", index + 1)
    if token.kind == "currency":
        return None if token.spaced else Unit(unit_name(token.text) or token.text, index + 1)
    if token.kind != "word":
        return None
    first, second = words_at(tokens, index, 2)
    if (first, second) == ("per", "cent"):
        return Unit("%", index + 2)
    if first in ("square", "cubic", "sq") and unit_name(second):
        return Unit(canonical_unit(f"{first} {second}"), index + 2)
    name = unit_of_word(token.text)
    if name is None:
        return None
    doubtful = token.spaced and token.text in AMBIGUOUS
    name, behind = _raised(tokens, index + 1, name)
    slash = at(tokens, behind)
    if slash and slash.text in ("/", "per") and (below := read_unit(tokens, behind + 1)):
        return Unit(f"{canonical_unit(name)}/{below.name}", below.behind, doubtful)
    return Unit(canonical_unit(name), behind, doubtful)


def unit_of_word(word: str) -> str | None:
    """The unit that one word stands for, including forms such as cm2."""
    if known := unit_name(word):
        return known
    base = unit_name(word[:-1]) if word[-1] in _POWERS else None
    return f"{base}^{word[-1]}" if base else None


def _raised(tokens: Sequence[Token], index: int, name: str) -> tuple[str, int]:
    """``name`` with the power that stands at ``index``, and the index behind it."""
    token, following, inner = (at(tokens, index + i) for i in range(3))
    if token and token.kind == "power" and not token.spaced:
        return f"{name}^{token.text}", index + 1
    if token and token.text == "^" and following:
        if following.text in _POWERS:
            return f"{name}^{following.text}", index + 2
        if following.text in ("{", "(") and inner and inner.text in _POWERS:
            return f"{name}^{inner.text}", min(index + 4, len(tokens))
    return name, index


def at(tokens: Sequence[Token], index: int) -> Token | None:
    """The token at ``index``, or ``None`` outside the text."""
    return tokens[index] if 0 <= index < len(tokens) else None


def words_at(tokens: Sequence[Token], index: int, count: int) -> tuple[str, ...]:
    """The next ``count`` tokens in lower case, an empty string for each that is no word."""
    window = [at(tokens, index + i) for i in range(count)]
    return tuple(t.text.casefold() if t and t.kind == "word" else "" for t in window)
