"""Whether the levels of a session that selected no probe were asked anything at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

# Of a test in Python: whether its level was asked.
ASKED = pytest.StashKey[bool]()


def attest(report: pytest.TestReport, item: pytest.Item, level: str) -> None:
    """Tell of a test in Python which level it is for, and whether that was asked and compared.

    A skipped one compared nothing, unless it was expected to fail.
    """
    asked = report.when == "call" and item.stash.get(ASKED, False)
    compared = asked and (not report.skipped or hasattr(report, "wasxfail"))
    report.quant_python = {"level": level, "compared": compared}  # type: ignore[attr-defined]


class Attendance:
    """The levels that tests in Python are for, and those that one of them asked."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._compared: set[str] = set()

    def note(self, report: pytest.TestReport) -> None:
        told: dict[str, Any] | None = getattr(report, "quant_python", None)
        if told is not None:
            self._wanted.add(told["level"])
            if told["compared"]:
                self._compared.add(told["level"])

    def gap(self, levels: Sequence[str], *, wanted: bool) -> str:
        """Which of these levels nobody asked, as a sentence; empty if all were.

        ``wanted``: they were to be asked. If not, only what tests in Python are for is told.
        """
        if idle := [name for name in levels if name in self._wanted - self._compared]:
            return (
                f"nothing was compared at {', '.join(idle)}: each of its tests was skipped or "
                "asked nothing; -rs shows why"
            )
        idle = [name for name in levels if name not in self._compared]
        if not (wanted and idle):
            return ""
        return (
            f"nothing was asked of {', '.join(idle)}: no probe and no test with the fixture quant "
            "was selected"
        )
