"""Finds the last list in a response: numbers or words in a row, or one a line."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_quant.checkers import final_answer, wording
from pytest_quant.checkers.final_answer import Sentences, Span
from pytest_quant.checkers.labels import LEADS_TO, MARK, without_labels
from pytest_quant.checkers.numbers import Found, find_numbers
from pytest_quant.checkers.numeric_answer import exact_value
from pytest_quant.checkers.tables import table_lists, table_spans
from pytest_quant.checkers.tokens import Style


@dataclass(frozen=True, slots=True)
class Term:
    """One item of a list: its text, and its number if it is one."""

    text: str
    value: Any = None
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of terms; ``explicit`` if it is boxed or announced."""

    terms: tuple[Term, ...]
    explicit: bool


_BETWEEN_NUMBERS = re.compile(
    r"[\s*_$)\]}`\"']*+(?:[,;|]|->|=>|\u2192|\u21d2|\\to|\\rightarrow|\\ldots)?"
    r"(?:\s*+\b(?:and|then|to|finally)\b)?[\s*_$(\[{`\"']*+",
    re.IGNORECASE,
)
_BULLET = r"(?:[-*\u2022+][ ]+|\(?[0-9]{1,3}[.):][ ]+|step[ ][0-9]{1,3}[.:)][ ]*)"
_ENUMERATED = re.compile(rf"[ \t]*(?:\*\*)?{_BULLET}{{1,2}}", re.IGNORECASE)
_ARROW = r"->|=>|\u2192|\u21d2|\\to\b|\\rightarrow\b"
_LEAD_END = re.compile(r":|\b(?:is|are)\b", re.IGNORECASE)
_COMMENT = re.compile(r"(?<![ ])[ ]*+(?::|[ ][-\u2013\u2014][ ]|\(|\*\*[ ]*[-:]).*", re.DOTALL)
_NO_MORE = re.compile(r"[\s*_$)\]}`\"'.]*(?:\n|$)")
_TRIM = " \t\n.*_`\"'[](){}:"
_LONGEST_ITEM = 8  # words of a line that is an item by itself


def numeric_terms(text: str, wanted: int, style: Style) -> list[Listed]:
    """The numbers of the announced list, else of the last one, in each way to read it.

    A list counts if it has at least half of the ``wanted`` terms, or is all that is announced;
    failing that, the longest. What stands one term a line can be read from its last paragraph on,
    a table by any of its columns and rows.
    """
    plain = without_labels(text)
    lists = _readings(text, plain, style)
    if not lists:
        return []
    enough = max(min(2, wanted), (wanted + 1) // 2)
    long_enough = [kept for runs in lists if (kept := [run for run in runs if len(run) >= enough])]
    begin = _announced(text)
    behind = [runs for runs in long_enough if begin is not None and runs[0][0].start >= begin]
    if behind and begin is not None:
        first = min(behind, key=lambda runs: runs[0][0].start)
        between = plain[begin : first[0][0].start].replace(MARK, " ")
        direct = wording.AFTER_ANNOUNCEMENT.fullmatch(between)
        chosen = first if direct else max(behind, key=_end)
    elif begin is not None and (short := _all_announced(plain, begin, lists)):
        chosen = [short]
        behind = [chosen]
    elif long_enough:
        chosen = max(long_enough, key=_end)
    else:
        single = [run for runs in lists for run in runs]
        chosen = [max(single, key=lambda run: (len(run), run[-1].end))]
    return [Listed(tuple(_term(text, item) for item in run), bool(behind)) for run in chosen]


def _all_announced(
    plain: str, begin: int, lists: Sequence[list[list[Found]]]
) -> list[Found] | None:
    """The row of two terms or more that is all that stands in the line of an announcement."""
    for run in (run for runs in lists for run in runs):
        if len(run) > 1 and run[0].start >= begin and _NO_MORE.match(plain, run[-1].end):
            between = plain[begin : run[0].start].replace(MARK, " ")
            if wording.AFTER_ANNOUNCEMENT.fullmatch(between):
                return run
    return None


def _readings(text: str, plain: str, style: Style) -> list[list[list[Found]]]:
    """The lists of a text, each with the ways in which it can be read."""
    spans = table_spans(text)
    starts = [span.start for span in spans]
    inside: list[list[Found]] = [[] for _ in spans]
    outside: list[Found] = []
    for item in find_numbers(plain, style):
        table = bisect_right(starts, item.start) - 1
        tabled = table >= 0 and item.start < spans[table].end
        (inside[table] if tabled else outside).append(item)
    lists = [*([run] for run in _rows(plain, outside)), *_columns(text, outside)]
    tables = [table_lists(text, *table) for table in zip(spans, inside, strict=True)]
    return [*lists, *(runs for runs in tables if runs)]


def _end(runs: Sequence[Sequence[Found]]) -> tuple[int, int]:
    """Where a list ends, then how long it is: its last term alone may also look like a row."""
    return max((run[-1].end, len(run)) for run in runs)


def worded_terms(text: str, wanted: int, *, arrows: bool) -> Listed | None:
    """The items of the announced list of words, else of the last one.

    ``arrows``: an arrow separates items; else it is part of them, as in the move "A -> C".
    """
    separator = re.compile(
        rf"(?<!\s)\s*+(?:(?:[,;|]++{'|' + _ARROW if arrows else ''})"
        r"\s*+(?:(?:and|then|finally)\b\s*+)?|(?<=\s)(?:and|then)\s++)",
        re.IGNORECASE,
    )
    lists = [*_lines(text), *_sentences(text, separator)]
    if not lists:
        return None
    begin = _announced(text)
    behind = [found for found in lists if begin is not None and found[0].end > begin]
    chosen = _last_long(behind or lists, wanted)
    return Listed(tuple(_worded(item) for item in chosen[1]), bool(behind))


def _announced(text: str) -> int | None:
    if box := final_answer.boxed(text):
        # The first number of the box may begin with the box's own brace.
        return box.start - 1
    begins = final_answer.announcements(text)
    return begins[-1] if begins else None


def _term(text: str, item: Found) -> Term:
    written = " ".join(text[item.start : item.end].split())
    if item.value is None:
        return Term(written)
    shift = 2 if item.percent and item.decimals is not None else 0
    return Term(
        written, exact_value(item), None if item.decimals is None else item.decimals + shift
    )


def _rows(text: str, numbers: Sequence[Found]) -> list[list[Found]]:
    """Numbers with only separators between them."""
    rows: list[list[Found]] = []
    for item in numbers:
        if item.aside:
            continue
        last = rows[-1][-1] if rows else None
        if last and _BETWEEN_NUMBERS.fullmatch(text, last.end, item.start):
            rows[-1].append(item)
        else:
            rows.append([item])
    return rows


@dataclass(slots=True)
class _Column:
    """Numbers of consecutive lines, and how many of them stand before the last paragraph."""

    items: list[Found] = field(default_factory=list)
    before: int = 0

    @property
    def readings(self) -> list[list[Found]]:
        runs = [self.items, self.items[self.before :]] if self.before else [self.items]
        return [run for run in runs if len(run) > 1]


def _columns(text: str, numbers: Sequence[Found]) -> list[list[list[Found]]]:
    """One number a line, the last of each: "F(3) = 2" on consecutive lines.

    Read whole, and from the last paragraph on. An announced answer begins another one.
    """
    announced = final_answer.announcements(text)
    columns = [_Column()]
    index = begin = 0
    gap = False
    for line in text.split("\n"):
        end = begin + len(line)
        if bisect_right(announced, begin) < bisect_right(announced, end):
            columns.append(_Column())
        inside: list[Found] = []
        while index < len(numbers) and numbers[index].start < end:
            inside.append(numbers[index])
            index += 1
        inside = [item for item in inside if not item.aside] or inside
        if inside and (_ENUMERATED.match(line) or LEADS_TO.search(line)):
            if gap:
                columns[-1].before = len(columns[-1].items)
            columns[-1].items.append(inside[-1])
        elif line.strip():
            columns.append(_Column())
        gap = not line.strip()
        begin = end + 1
    return [column.readings for column in columns if column.readings]


def _last_long(lists: Sequence[tuple[Span, list[str]]], wanted: int) -> tuple[Span, list[str]]:
    enough = [found for found in lists if 2 * len(found[1]) >= wanted]
    if enough:
        return max(enough, key=lambda found: found[0].end)
    return max(lists, key=lambda found: (len(found[1]), found[0].end))


def _lines(text: str) -> list[tuple[Span, list[str]]]:
    """Lists of one item a line: enumerated lines without their comments, or short bare lines."""
    lists: list[tuple[Span, list[str]]] = []
    begin = 0
    for block in re.split(r"\n[ \t]*\n", text):
        lines = [line for line in block.split("\n") if line.strip()]
        enumerated = [line for line in lines if _ENUMERATED.match(line)]
        items = [_COMMENT.sub("", _without_bullet(line)) for line in enumerated]
        if len(enumerated) < 2:
            short = all(len(line.split()) <= _LONGEST_ITEM for line in lines)
            items = lines if short and len(lines) > 1 else []
            if items and items[0].rstrip(" *").endswith(":"):
                items = items[1:]
        if items:
            lists.append((Span(begin, begin + len(block)), items))
        begin += len(block) + 2
    return lists


def _sentences(text: str, separator: re.Pattern[str]) -> list[tuple[Span, list[str]]]:
    """Lists that run through one sentence, without the words that lead up to them."""
    lists: list[tuple[Span, list[str]]] = []
    for span in Sentences(text).between(0, len(text)):
        items = separator.split(_without_bullet(text[span.start : span.end]))
        items[0] = _LEAD_END.split(items[0])[-1]
        items = [item for item in items if item.strip(_TRIM)]
        if items:
            lists.append((span, items))
    return lists


def _without_bullet(line: str) -> str:
    bullet = _ENUMERATED.match(line)
    return line[bullet.end() :] if bullet else line


def _worded(item: str) -> Term:
    written = item.strip(_TRIM)
    numbers = find_numbers(written)
    if len(numbers) == 1 and (numbers[0].start, numbers[0].end) == (0, len(written)):
        return _term(written, numbers[0])
    return Term(written)
