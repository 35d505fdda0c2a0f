"""The rows of a benchmark file, JSON lines or CSV, each with the line that it begins on."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_quant.errors import QuantUsageError

_JSON = (".jsonl", ".ndjson", ".json")
_CSV = (".csv",)
# A field may hold a whole program or passage.
_MAX_FIELD = 10**7
# Of a whole file, unpacked; the largest of the known benchmarks has 8 MB.
_MAX_BYTES = 2**28


@dataclass(frozen=True, slots=True)
class Row:
    """One question as it stands in the file, its fields by their names in lower case."""

    values: Mapping[str, Any]
    path: str
    line: int

    def text(self, name: str) -> str:
        """A field that must hold text."""
        value = self.value(name)
        if not isinstance(value, str) or not value.strip():
            raise self.mistake(name, value, "text")
        return value

    def value(self, name: str) -> Any:
        """A field that must be there."""
        if name not in self.values:
            raise QuantUsageError(
                f"{self.path}:{self.line}: no field {name!r}; found: {', '.join(self.values)}"
            )
        return self.values[name]

    def mistake(self, name: str, found: Any, expected: str) -> QuantUsageError:
        """The error that says what is wrong with a field, ready to be raised."""
        shown = json.dumps(found, ensure_ascii=False, default=str)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        return QuantUsageError(
            f"{self.path}:{self.line}: field {name!r}: found {shown}\nexpected: {expected}"
        )


def suffix_of(path: Path) -> str:
    """What kind of file it is, compressed or not: ``.jsonl``, ``.csv``."""
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def read_rows(path: Path, shown_as: str, columns: Sequence[str] = ()) -> Iterator[Row]:
    """The rows of a file, whose last ending may be ``.gz``.

    ``columns`` names those of a CSV file without a heading. Raises ``QuantUsageError``.
    """
    suffix = suffix_of(path)
    if suffix not in (*_JSON, *_CSV):
        raise QuantUsageError(
            f"{shown_as}: a file {suffix or 'without an ending'}; expected JSON lines (.jsonl) or "
            "CSV (.csv), and .gz behind it if it is compressed"
        )
    text = _text(path, shown_as)
    rows = _json_rows(text, shown_as) if suffix in _JSON else _csv_rows(text, shown_as, columns)
    empty = True
    for row in rows:
        empty = False
        yield row
    if empty:
        raise QuantUsageError(f"{shown_as}: holds no questions")


def _text(path: Path, shown_as: str) -> str:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise QuantUsageError(
                f"{shown_as}: more than {_MAX_BYTES >> 20} MB, unpacked; split it into files"
            )
        return content.decode("utf-8-sig")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise QuantUsageError(f"{shown_as}: not a whole gzip file: {error}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise QuantUsageError(
            f"{shown_as}:{line}: not UTF-8 text: {error.reason}; save the file as UTF-8"
        ) from error
    except OSError as error:
        raise QuantUsageError(f"{shown_as}: cannot be read: {error.strerror}") from error


def _json_rows(text: str, shown_as: str) -> Iterator[Row]:
    # Not splitlines: a string may hold other line separators as they are.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise QuantUsageError(f"{shown_as}:{number}: not a JSON object: {error}") from error
        if not isinstance(values, dict):
            raise QuantUsageError(
                f"{shown_as}:{number}: found {line[:40]!r}, expected one JSON object a line"
            )
        yield Row({name.lower(): value for name, value in values.items()}, shown_as, number)


def _csv_rows(text: str, shown_as: str, columns: Sequence[str]) -> Iterator[Row]:
    before = csv.field_size_limit(_MAX_FIELD)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        heading: list[str] | None = None
        line = 1
        for cells in reader:
            begun, line = line, reader.line_num + 1
            if not cells:
                continue
            if heading is None:
                names = [cell.strip().lower() for cell in cells]
                heading = list(columns) if _is_question(names, columns) else names
                if heading is names:
                    continue
            if len(cells) != len(heading):
                raise QuantUsageError(
                    f"{shown_as}:{begun}: found {len(cells)} columns, expected {len(heading)}: "
                    f"{', '.join(heading)}"
                )
            yield Row(dict(zip(heading, cells, strict=True)), shown_as, begun)
    except csv.Error as error:
        raise QuantUsageError(f"{shown_as}:{reader.line_num}: not valid CSV: {error}") from error
    finally:
        csv.field_size_limit(before)


def _is_question(first: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether the first row is a question already, and no heading."""
    return len(first) == len(columns) and not {"question", "answer"} & set(first)
