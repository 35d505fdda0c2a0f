"""A probe at a level as one test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.plugin.properties import findings, labels
from pytest_quant.plugin.state import STATE

if TYPE_CHECKING:
    from pytest_quant.gate.tolerance_check import CheckResult
    from pytest_quant.measurement import Measurement
    from pytest_quant.probes.model import Probe


class CheckFailed(AssertionError):
    """The gate's verdict on a probe is fail; the message is the whole story."""


def skip_reason(measurement: Measurement) -> str:
    """Why a probe that was run has no verdict, or empty."""
    if measurement.uninformative:
        return f"uninformative: {measurement.uninformative}"
    return measurement.skipped


class ProbeItem(pytest.Item):
    """Asks the cases of one probe at one level; fails if either of its checks does.

    Where none fails, the tolerance check says whether the probe passed: a regression check of one
    probe has too few cases to show that nothing was lost.
    """

    def __init__(self, *, probe: Probe, level: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.probe = probe
        self.level = level
        self.measurement: Measurement | None = None
        self.result: CheckResult | None = None
        self.regression: CheckResult | None = None
        for mark in (probe.category, f"difficulty_{probe.difficulty}", level):
            self.add_marker(mark)

    def runtest(self) -> None:
        state = self.config.stash[STATE]
        # On the item rather than on one report: JUnit files show what the last report holds.
        self.user_properties += labels(self.level, state.reference.name, self.probe.category)
        self.user_properties.append(("quant_difficulty", self.probe.difficulty))
        self.measurement = state.measure(self.probe, self.level, self.nodeid)
        if reason := skip_reason(self.measurement):
            pytest.skip(reason)
        self.result = state.check(self.measurement)
        self.regression = state.regression(self.measurement)
        self.user_properties += findings(self.result, self.regression)
        if story := state.explain(self.measurement, self.result, self.regression):
            raise CheckFailed(story)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The verdict's own words for a failed check, one sentence for a broken runtime."""
        if excinfo.errisinstance((CheckFailed, QuantUsageError)):
            return str(excinfo.value)
        if excinfo.errisinstance(RuntimeError):
            return f"{self.level} could not be run: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.probe.line - 1, self.name
