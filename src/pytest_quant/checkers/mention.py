"""One place where a text names an option."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mention:
    """An option in the text; ``aside``: beside the point ("too wide for the bag")."""

    option: str
    start: int
    end: int
    negated: bool  # or only compared with
    aside: bool
