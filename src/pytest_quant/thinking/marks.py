"""The marks that are known, read from ``marks.toml``, and where they stand in a text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

Kind = Literal[
    "open", "close", "loose close", "phrase open", "phrase close", "answer", "turn", "own"
]

# Characters that only look different, each for one, so that places stay the same.
SAME_WIDTH = str.maketrans(
    "\uff1c\uff1e\uff5c\uff0f\uff3b\uff3d\ufe64\ufe65\uff08\uff09\uff5b\uff5d", "<>|/[]<>(){}"
)
# Characters that are not seen.
UNSEEN = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
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


@dataclass(frozen=True, slots=True)
class Announcing:
    """The words that announce thinking, or an answer after it."""

    thinking: tuple[str, ...]
    solution: tuple[str, ...]
    answer: tuple[str, ...]
    blocks: tuple[str, ...]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("marks.toml").read_text("utf-8"))


@cache
def unknown() -> Unknown:
    """What to look for beyond the known marks."""
    entry = _table()["unknown"]
    return Unknown(tuple(entry["words"]), frozenset(entry["html"]) | frozenset(entry["tokens"]))


@cache
def announcing() -> Announcing:
    """What a reply says in plain words before it thinks and before it answers."""
    entry = _table()["announced"]
    return Announcing(*(tuple(entry[key]) for key in ("thinking", "solution", "answer", "blocks")))


@dataclass(frozen=True, slots=True)
class Family:
    """How one family marks its thinking; ``empty`` and ``shut`` are "" where both marks say it."""

    open: tuple[str, ...]
    close: tuple[str, ...]
    empty: str
    shut: str


@cache
def families() -> tuple[Family, ...]:
    """Those whose marks have no other use."""
    return tuple(
        Family(
            tuple(entry["open"]),
            tuple(entry["close"]),
            entry.get("empty", ""),
            entry.get("shut", ""),
        )
        for entry in _table()["thinking"]
    )


def plain(text: str) -> str:
    """``text`` with the brackets of marks in one spelling, every character in its place."""
    return text.translate(SAME_WIDTH)


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
    beginnings |= {beginning: [(whole, "loose close")] for beginning, whole in _loose()}
    parts = [
        f"(?={beginning})(?:{'|'.join(f'({whole})' for whole, _ in alike)})"
        for beginning, alike in beginnings.items()
    ]
    first = "".join(sorted({re.escape(mark[0]) for mark in _known()} | set("({")))
    kinds = tuple(kind for alike in beginnings.values() for _, kind in alike)
    return re.compile(f"(?=[{first}])(?:{'|'.join(parts)})", re.IGNORECASE), kinds


@cache
def ending_in_words() -> tuple[str, ...]:
    """The marks around thinking that do not end with a bracket."""
    around = ("open", "close", "loose close", "phrase open", "phrase close")
    return tuple(m for m, kind in _known().items() if kind in around and m[-1] not in ">]\u25b7")


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

    A tag may hold spaces, attributes and what is not seen, as a damaged model writes them. One
    that closes may lack its last bracket.
    """
    if tag := _TAG.fullmatch(mark):
        slash, name = tag.groups()
        slash = r"\\?/" if slash else ""
        beginning = rf"<[\s{UNSEEN}]?{slash}[\s{UNSEEN}]?{name[0]}"
        end = rf"(?:\s[^<>\n]{{0,60}})?[{UNSEEN}]?>" + (r"|\b(?=\s)" if slash else "")
        letters = f"[{UNSEEN}]?".join(map(re.escape, name))
        return beginning, rf"<[\s{UNSEEN}]?{slash}[\s{UNSEEN}]?{letters}(?:{end})"
    exact = plain(mark)
    beginning, whole = re.escape(exact[:3]), re.escape(exact)
    # A word in square brackets is a stage direction unless it is spelt like the mark.
    return beginning, f"(?-i:{whole})" if mark.startswith("[") else whole


def _loose() -> Iterator[tuple[str, str]]:
    """Other spellings of a closing tag: <|/think|>, [/think], <think/>, <|end_of_thinking|>."""
    tags = [_TAG.fullmatch(mark) for mark, kind in _known().items() if kind == "close"]
    names = "|".join(sorted({re.escape(tag[2]) for tag in tags if tag}, key=len, reverse=True))
    gap, left, right = r"[ _\u2581:-]", r"[<\[({\u25c1]\|?\s?", r"\s?\|?[>\])}\u25b7]"
    end = "(?:end|close|stop)"
    yield rf"{left}\\?/", rf"{left}\\?/\s?\|?(?:{names}){right}"
    yield rf"<\|?{end}", rf"<\|?{end}{gap}?(?:of{gap})?(?:{names})\|?>"
    yield r"<\|?[a-z]", rf"<\|?(?:{names})(?:{gap}?{end}\|?|/)>"
