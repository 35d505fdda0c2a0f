"""Numbers of things in words: one thing, several things."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """``1 probe``, ``1,200 probes``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def in_points(points: float) -> str:
    """Percentage points as somebody set them: ``1 point``, ``2.5 points``."""
    return f"{points:g} {'point' if points == 1 else 'points'}"
