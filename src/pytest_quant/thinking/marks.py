"""The marks that are known, read from ``marks.toml``, and where they stand in a text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

Kind = Literal["open", "close", "phrase open", "phrase close", "answer", "turn", "own"]

# Characters that only look different, each for one, so that places stay the same.
_PLAIN = str.maketrans("\uff1c\uff1e\uff5c\uff0f\uff3b\uff3d", "<>|/[]")
_TAG = re.compile(r"<(/?)([a-z][\w:|.-]*)>")


@dataclass(frozen=True, slots=True)
class Mark:
    """A known mark in a text, from character ``start`` to ``end``."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """What tells a mark that is not known."""

    words: tuple[str, ...]
    plain_names: frozenset[str]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("marks.toml").read_text("utf-8"))


@cache
def unknown() -> Unknown:
    """What to look for beyond the known marks."""
    entry = _table()["unknown"]
    return Unknown(tuple(entry["words"]), frozenset(entry["html"]) | frozenset(entry["tokens"]))


def plain(text: str) -> str:
    """``text`` with the brackets of marks in one spelling, every character in its place."""
    return text.translate(_PLAIN)


def find(text: str) -> Iterator[Mark]:
    """The known marks in a text that is ``plain``, in order; of two at one place the longer."""
    pattern, kinds = _pattern()
    for match in pattern.finditer(text):
        assert match.lastindex is not None
        yield Mark(kinds[match.lastindex - 1], match.start(), match.end())


@cache
def _pattern() -> tuple[re.Pattern[str], tuple[Kind, ...]]:
    """One group for each mark and what each group is, the longest of a beginning first.

    Marks that begin alike stand together behind a look at that beginning: most places in a text
    are then left after a few characters.
    """
    beginnings: dict[str, list[tuple[str, Kind]]] = {}
    for mark, kind in sorted(_known().items(), key=lambda item: -len(item[0])):
        beginning, whole = _tolerant(mark)
        beginnings.setdefault(beginning, []).append((whole, kind))
    parts = [
        f"(?={beginning})(?:{'|'.join(f'({whole})' for whole, _ in alike)})"
        for beginning, alike in beginnings.items()
    ]
    first = "".join(sorted({re.escape(mark[0]) for mark in _known()}))
    kinds = tuple(kind for alike in beginnings.values() for _, kind in alike)
    return re.compile(f"(?=[{first}])(?:{'|'.join(parts)})", re.IGNORECASE), kinds


@cache
def _known() -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    kinds: dict[tuple[str, str], Kind] = {
        ("thinking", "open"): "open",
        ("thinking", "close"): "close",
        ("phrase", "open"): "phrase open",
        ("phrase", "close"): "phrase close",
        ("answer", "open"): "answer",
        ("answer", "close"): "answer",
        ("turn", "open"): "turn",
        ("own", "open"): "own",
    }
    for (table, side), kind in kinds.items():
        for entry in _table()[table]:
            found |= dict.fromkeys(entry.get(side, ()), kind)
    return found


def _tolerant(mark: str) -> tuple[str, str]:
    """Patterns for the beginning of a mark and for all of it.

    A tag may hold spaces and attributes, as a damaged model writes them.
    """
    if tag := _TAG.fullmatch(mark):
        slash, name = tag.groups()
        beginning = rf"<\s?{slash}\s?{name[0]}"
        return beginning, rf"<\s?{slash}\s?{re.escape(name)}(?:\s[^<>\n]{{0,60}})?>"
    exact = plain(mark)
    beginning, whole = re.escape(exact[:3]), re.escape(exact)
    # A word in square brackets is a stage direction unless it is spelt like the mark.
    return beginning, f"(?-i:{whole})" if mark.startswith("[") else whole
