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
    ``reason`` one sentence for a person.
    """

    verdict: Verdict
    answer: str
    pattern: str
    reason: str

    @property
    def correct(self) -> bool:
        return self.verdict == "correct"
