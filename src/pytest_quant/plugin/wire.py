"""What a report carries from the process that ran a test to the one that reports."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from pytest_quant.gate.budget import Budget
from pytest_quant.session.findings import Compared, Counted, Finding, Measured, Timed
from pytest_quant.session.time_budget import TimeBudget
from pytest_quant.session.workload import Workload

_PHASES = ("setup", "call", "teardown")
_KINDS: Mapping[str, type[Finding]] = {
    "measured": Measured,
    "compared": Compared,
    "timed": Timed,
    "counted": Counted,
}


@dataclass(frozen=True, slots=True)
class Selected:
    """How many probes are asked and left out, by level, and the budget that they share; the levels
    whose divergence is measured; how much that is to ask, where it was worked out.
    """

    budget: Budget
    probes: dict[str, int]
    deselected: dict[str, int]
    by_category: dict[str, dict[str, int]]
    compared: list[str]
    workload: Workload | None = None


def attach_finding(report: pytest.TestReport, found: Finding) -> None:
    """Let a test's report carry what the test found."""
    (kind,) = (name for name, of in _KINDS.items() if isinstance(found, of))
    report.quant = {"kind": kind, **asdict(found)}  # type: ignore[attr-defined]


def finding_of(report: pytest.TestReport) -> Finding | None:
    """What a report carries, if anything."""
    raw = raw_finding(report)
    if raw is None:
        return None
    from pytest_quant.base.converter import structured

    kind = _KINDS[raw["kind"]]
    found: Finding = structured(raw, kind)
    return found


def raw_finding(report: pytest.TestReport) -> dict[str, Any] | None:
    """The same in plain types."""
    raw: dict[str, Any] | None = getattr(report, "quant", None)
    return raw


def is_crash(report: pytest.TestReport) -> bool:
    """Whether a worker died in this test: xdist reports that under a phase of its own."""
    return report.when not in _PHASES


def attach_selected(report: pytest.TestReport, selected: Selected) -> None:
    """Let a report carry what was selected: only those who collect know."""
    report.quant_selected = asdict(selected)  # type: ignore[attr-defined]


def attach_cut(report: pytest.TestReport, time: TimeBudget) -> None:
    """Let a report tell that something was left out for want of time."""
    report.quant_cut = time.has_cut  # type: ignore[attr-defined]


def is_cut(report: pytest.TestReport) -> bool:
    """Whether a report tells so."""
    return bool(getattr(report, "quant_cut", False))


def tell_time(workerinput: dict[str, Any], budget: TimeBudget) -> None:
    """When the time is over, for a worker, whose own clock may count from another zero."""
    if budget.is_given:
        workerinput["quant_ends"] = time.time() + budget.left


def time_of(workerinput: Mapping[str, Any]) -> tuple[float, int]:
    """The seconds that are left for a worker, and how many workers there are."""
    ends = workerinput.get("quant_ends", math.inf)
    return max(0.0, ends - time.time()), workerinput["workercount"]


def selected_of(report: pytest.TestReport) -> Selected | None:
    """What was selected, if a report tells it."""
    raw: dict[str, Any] | None = getattr(report, "quant_selected", None)
    if raw is None:
        return None
    from pytest_quant.base.converter import structured

    found: Selected = structured(raw, Selected)
    return found
