"""Finds and reads the JSON in a text that a model wrote: strictly, bounded in size and depth."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# Beyond these a text is no answer to any question that is asked.
MAX_DEPTH = 32
MAX_VALUES = 2000

# A bracket in prose is followed by a letter.
_OPENS = re.compile(r"""\{(?=\s*(?:["'}]|\w+\s*:))|\[(?=\s*["'\[\]{0-9-])""")
# A string that is never closed goes to the end, so that no place is looked at twice.
_TOKEN = re.compile(r'"(?:[^"\\]|\\(?:.|\Z))*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
# So many brackets that nothing closes are taken for prose.
_MOST_UNCLOSED = 8


class NotJsonError(ValueError):
    """A text that is no JSON, or more of it than is read; says why."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` that a pair of brackets encloses, if it is ``closed``."""

    start: int
    end: int
    closed: bool


def spans(text: str) -> list[Span]:
    """What brackets enclose, from left to right; nothing of it has been read yet."""
    found: list[Span] = []
    at = unclosed = 0
    while opened := _OPENS.search(text, at):
        end = _close(text, opened.start())
        if end is None:
            found.append(Span(opened.start(), len(text), closed=False))
            unclosed += 1
            if unclosed == _MOST_UNCLOSED:
                break
        else:
            found.append(Span(opened.start(), end, closed=True))
        at = end or opened.end()
    return found


def _close(text: str, start: int) -> int | None:
    """Where what a bracket opens ends; ``None`` if it never does, or too much is in it."""
    depth = values = 0
    for token in _TOKEN.finditer(text, start):
        sign = token[0]
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        values += sign in "[{,"
        if depth == 0:
            return token.end()
        if depth > MAX_DEPTH or values > MAX_VALUES:
            return None
    return None


def parse(text: str) -> Any:
    """The value of a JSON text; raises ``NotJsonError``.

    No comments, no comma behind the last item, no key twice, no NaN or infinite number.
    """
    depth = values = 0
    for token in _TOKEN.finditer(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        values += token[0] in "[{,"
        if depth > MAX_DEPTH or values > MAX_VALUES:
            raise NotJsonError("it is nested too deep or holds too much")
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refused, parse_float=_finite
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except NotJsonError:
        raise
    except json.JSONDecodeError as error:
        raise NotJsonError(f"{error.msg} (character {error.pos + 1})") from error
    # A number of thousands of digits, half of a character.
    except (ValueError, RecursionError) as error:
        raise NotJsonError("it holds a number or a character that cannot be read") from error
    return value


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise NotJsonError(f"the key {name!r:.60} is there twice")
        found[name] = value
    return found


def _refused(name: str) -> Any:
    raise NotJsonError(f"{name} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise NotJsonError("it holds a number without end")
    return number


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal: 5 and 5.0 are, 1 and true or 1 and "1" are not."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case str(), str():
            return composed(one) == composed(other)
        case (bool(), _) | (_, bool()):
            return one is other
        case ((int() | float()), (int() | float())):
            return bool(one == other)
    return one is None and other is None


def composed(text: str) -> str:
    """A text of which accents are no characters of their own."""
    return unicodedata.normalize("NFC", text)


def written(given: Any) -> str:
    """JSON that an author gives, as a text or as the value; raises ``ValueError``."""
    if isinstance(given, str):
        return given
    try:
        return json.dumps(given)
    except (TypeError, RecursionError) as error:
        raise ValueError(f"expected what JSON can hold, got {given!r:.60}: {error}") from None


def shown(value: Any, most: int = 60) -> str:
    """A value as JSON, short enough for a sentence."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[: most - 3]}..."
