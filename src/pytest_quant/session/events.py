"""What a session tells while it runs, to whoever watches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_quant.session.findings import Finding


@dataclass(frozen=True, slots=True)
class Announced:
    """A sentence about what takes time or went wrong without ending the session."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """One part of the session has ended, ``done`` of ``total`` so far.

    ``test`` is a probe at a level, as ``probes/logic.yaml::syllogism[q4]``, or the divergence of a
    level. ``found`` is ``None`` if it could not be measured; ``problem`` says why then, else it is
    empty.
    """

    test: str
    level: str
    done: int
    total: int
    found: Finding | None
    problem: str = ""


Event = Announced | Ended
Watch = Callable[[Event], None]
