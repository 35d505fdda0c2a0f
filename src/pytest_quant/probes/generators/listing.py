"""How a text lists things."""

from __future__ import annotations

from collections.abc import Iterable


def listed(items: Iterable[object]) -> str:
    """``1, 2, 3``"""
    return ", ".join(map(str, items))


def enumerated(items: Iterable[object]) -> str:
    """``1, 2 and 3``; of one item that alone."""
    *others, last = map(str, items)
    return f"{', '.join(others)} and {last}" if others else last
