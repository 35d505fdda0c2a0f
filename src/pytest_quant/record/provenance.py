"""How a session was asked for: what others need to ask the same again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provenance:
    """What was chosen. A path is told by its last part: where it lies is nobody else's business.

    ``options`` are the settings that differ from their defaults, by the option that sets them,
    without those that say only where something is written; ``selection`` is what chose among the
    tests, such as ``-k``; ``text`` is the SHA-256 of the held text, empty if none was read.
    """

    options: dict[str, str]
    selection: dict[str, str]
    text: str = ""
