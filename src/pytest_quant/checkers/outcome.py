"""What a checker says about one response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["correct", "incorrect", "unparsable"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decision on one response.

    ``answer`` is what was extracted from the response (``""`` if nothing was),
    ``pattern`` the error pattern (``""`` exactly when the verdict is ``correct``),
    ``reason`` one sentence for a person. A composition kept ``kept`` of ``asked`` instructions;
    nothing else is asked any.
    """

    verdict: Verdict
    answer: str
    pattern: str
    reason: str
    kept: int = 0
    asked: int = 0

    @property
    def correct(self) -> bool:
        return self.verdict == "correct"
