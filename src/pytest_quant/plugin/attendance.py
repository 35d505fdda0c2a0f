"""Whether the levels of a session that selected no probe were asked anything at all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest


class Attendance:
    """The tests in Python that asked a level, and the levels whose tests were all skipped."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._skipped: set[str] = set()

    def note(self, report: pytest.TestReport) -> None:
        level: str = getattr(report, "quant_python", "")
        if level and report.skipped:
            self._skipped.add(level)
        elif level and report.when == "call":
            self._asked.add(level)

    def gap(self, levels: Sequence[str], *, wanted: bool) -> str:
        """Which of these levels nobody asked, as a sentence; empty if all were.

        ``wanted``: they were to be asked. If not, only what was skipped is told.
        """
        if skipped := [name for name in levels if name in self._skipped - self._asked]:
            return (
                f"nothing was compared at {', '.join(skipped)}: every test that asks a level was "
                "skipped; -rs shows why"
            )
        idle = [name for name in levels if name not in self._asked]
        if not (wanted and idle):
            return ""
        return (
            f"nothing was asked of {', '.join(idle)}: no probe and no test with the fixture quant "
            "was selected"
        )
