"""The first difference between data that was expected and data that was written, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pytest_quant.checkers.json_text import composed, same, shown
from pytest_quant.checkers.xml_text import Element

# The error pattern and the reason.
Difference = tuple[str, str]


def of_json(found: Any, wanted: Any, place: str = "") -> Difference | None:
    """Where two values of JSON differ, if they do."""
    at = f"{place}: " if place else ""
    if same(found, wanted):
        return None
    if isinstance(found, dict) and isinstance(wanted, dict):
        if missing := [name for name in wanted if name not in found]:
            return "missing field", f"{at}{missing[0]} is missing"
        if extra := [name for name in found if name not in wanted]:
            return "extra field", f"{at}{extra[0]!r:.60} was not asked for"
        inner = ((found[name], wanted[name], name) for name in wanted)
    elif isinstance(found, list) and isinstance(wanted, list):
        if len(found) != len(wanted):
            pattern = "missing item" if len(found) < len(wanted) else "extra item"
            return pattern, f"{at}{len(found)} items, expected {len(wanted)}"
        inner = ((a, b, str(i)) for i, (a, b) in enumerate(zip(found, wanted, strict=True)))
    else:
        kinds = [_kind(value) for value in (found, wanted)]
        pattern = "wrong value" if kinds[0] == kinds[1] else "wrong type"
        return pattern, f"{at}expected {shown(wanted)}, got {shown(found)}"
    steps = (of_json(a, b, f"{place}.{name}" if place else name) for a, b, name in inner)
    return next(filter(None, steps))


def _kind(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


def of_rows(
    found: Sequence[Sequence[str]], wanted: Sequence[Sequence[str]], *, ordered: bool
) -> Difference | None:
    """Where rows of cells differ, the first being the heading, if they do."""
    if not _like(found[0], wanted[0]):
        told = f"expected {', '.join(wanted[0])}, got {', '.join(found[0]):.120}"
        return "wrong columns", told
    if len(found) != len(wanted):
        pattern = "missing row" if len(found) < len(wanted) else "extra row"
        return pattern, f"{len(found) - 1} rows, expected {len(wanted) - 1}"
    have, need = (Counter(map(_row, rows[1:])) for rows in (found, wanted))
    if have == need and ordered and [*map(_row, found)] != [*map(_row, wanted)]:
        return "wrong order", "the rows are right, their order is not"
    if have == need:
        return None
    pairs = zip(found[1:], wanted[1:], strict=True)
    if not ordered:
        pairs = zip(
            (r for r in found[1:] if _row(r) in have - need),
            (r for r in wanted[1:] if _row(r) in need - have),
            strict=False,
        )
    for number, (row, right) in enumerate(pairs, 1):
        for name, cell, value in zip(wanted[0], row, right, strict=True):
            if not same(cell, value):
                told = f"row {number}, {name}" if ordered else name
                return "wrong value", f"{told}: expected {shown(value)}, got {shown(cell)}"
    raise AssertionError("rows that differ have a cell that differs")


def _like(row: Sequence[str], other: Sequence[str]) -> bool:
    return same([*row], [*other])


def _row(cells: Sequence[str]) -> tuple[str, ...]:
    return (*map(composed, cells),)


def of_elements(found: Element, wanted: Element, place: str = "") -> Difference | None:
    """Where two elements of XML differ, if they do."""
    if found.name != wanted.name:
        return "wrong element", f"{place or 'root'}: expected {wanted.name}, got {found.name:.60}"
    place = f"{place}.{found.name}" if place else found.name
    if found.attributes != wanted.attributes:
        told = f"expected {shown(wanted.attributes)}, got {shown(found.attributes)}"
        return "wrong attribute", f"{place}: {told}"
    if not same(found.text, wanted.text):
        return "wrong value", f"{place}: expected {shown(wanted.text)}, got {shown(found.text)}"
    if len(found.children) != len(wanted.children):
        pattern = (
            "missing element" if len(found.children) < len(wanted.children) else "extra element"
        )
        told = f"{len(found.children)} elements, expected {len(wanted.children)}"
        return pattern, f"{place}: {told}"
    steps = (of_elements(a, b, place) for a, b in zip(found.children, wanted.children, strict=True))
    return next(filter(None, steps), None)
