"""From a YAML file to plain values, each with the line it stands on.

A loader of the YAML library forgets the lines, lets a later key silently replace an earlier one,
reads ``no`` and ``10:30`` as something else, cuts decimals to doubles and follows nesting and
aliases without bound. So values are built from its parser's events, by the core schema of YAML 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import yaml

from pytest_quant.errors import QuantUsageError

# Where a value stands in the document, such as ("probes", 3, "check").
Place = tuple[str | int, ...]

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,1000}")
_DECIMAL = re.compile(r"(?=.*[.eE])[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as dicts, lists, text, ``int``, exact ``Decimal``, ``bool`` and ``None``.

    ``lines`` holds the line of a value by its place; the values behind an alias have none.
    ``shown_as`` is the file's name in messages.
    """

    value: Any
    lines: Mapping[Place, int]
    shown_as: str

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it that stands in the file."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def mistake(self, place: Place, found: str, expected: str) -> QuantUsageError:
        """The error that says what is wrong at a place, ready to be raised."""
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
        where = f"field {path.lstrip('.')!r}" if path else "the file"
        return QuantUsageError(
            f"{self.shown_as}:{self.line(place)}: {where}: found {found}\nexpected: {expected}"
        )


def read_document(path: Path, shown_as: str) -> Document:
    """The one document of a YAML file; raises ``QuantUsageError`` if it cannot be read as one."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise QuantUsageError(f"{shown_as}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise QuantUsageError(
            f"{shown_as}:{line}: not UTF-8 text: {error.reason}; save the file as UTF-8"
        ) from error
    try:
        return _Builder(text, shown_as).document()
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise QuantUsageError(
            f"{shown_as}:{line}: not valid YAML: the character U+{error.character:04X} is not "
            "allowed; remove it"
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = ": ".join(part for part in (error.context, error.problem) if part)
        raise QuantUsageError(f"{shown_as}:{line}: not valid YAML: {problem}") from error


class _Builder:
    """Builds one document from events; ``lines`` grows with it."""

    def __init__(self, text: str, shown_as: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events: Iterator[Any] = yaml.parse(text, Loader=loader)
        self._shown_as = shown_as
        self._lines: dict[Place, int] = {}
        # What anchors stand for, and of how many values it consists.
        self._anchored: dict[str, tuple[Any, int]] = {}
        # Without aliases a file cannot have more values than characters.
        self._room = len(text) + 1
        self._size = 0

    def document(self) -> Document:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise QuantUsageError(
                f"{self._shown_as}: the file is empty; expected 'category' and 'probes'"
            )
        value = self._value(next(self._events), ())
        next(self._events)
        behind = next(self._events)
        if not isinstance(behind, yaml.StreamEndEvent):
            self._refuse(behind, "a second document begins here; keep one in a file")
        return Document(value, self._lines, self._shown_as)

    def _value(self, event: Any, place: Place) -> Any:
        self._lines.setdefault(place, _line(event))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(event, f"the tag {tag} is not allowed; write the value without it")
        if len(place) > _MAX_DEPTH:
            self._refuse(event, f"values are nested more than {_MAX_DEPTH} deep")
        before = self._size
        self._grow(event, 1)
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self._value(item, (*place, i)) for i, item in enumerate(self._items())]
        else:
            value = self._mapping(place)
        if event.anchor:
            self._anchored[event.anchor] = value, self._size - before
        return value

    def _items(self) -> Iterator[Any]:
        """The events that begin an item of the collection at hand, up to its end."""
        for event in self._events:
            if isinstance(event, yaml.CollectionEndEvent):
                return
            yield event

    def _mapping(self, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for event in self._items():
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, "a key must be plain text")
            key = event.value
            if key in result:
                self._refuse(event, f"the key {key!r} appears twice in one mapping; keep one")
            # The value may begin on a later line: the key is what a reader looks for.
            self._lines[(*place, key)] = _line(event)
            result[key] = self._value(next(self._events), (*place, key))
        return result

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchored:
            self._refuse(event, f"no anchor &{event.anchor} is complete before *{event.anchor}")
        value, size = self._anchored[event.anchor]
        self._grow(event, size)
        return value

    def _grow(self, event: Any, size: int) -> None:
        self._size += size
        if self._size > self._room:
            self._refuse(event, "the aliases stand for more values than the file has characters")

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if not event.implicit[0]:  # quoted, or a block of text
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return Decimal(text) if _DECIMAL.fullmatch(text) else text

    def _refuse(self, event: Any, problem: str) -> NoReturn:
        raise QuantUsageError(f"{self._shown_as}:{_line(event)}: {problem}")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
