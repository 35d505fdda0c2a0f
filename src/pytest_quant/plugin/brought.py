"""What the report of a test brings: it must survive the worker, and be fit to be shown.

Filled in when a report is passed on, not when it is made: plugins that run a failed test again
keep the report of its first run and change its outcome, or make one of their own.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from pytest_quant.base.harmless import harmless, message
from pytest_quant.metrics.measurement import to_json
from pytest_quant.plugin.attendance import attest
from pytest_quant.plugin.benchmark_item import BenchmarkItem
from pytest_quant.plugin.divergence_item import DivergenceItem
from pytest_quant.plugin.items import ProbeItem, QuantItem
from pytest_quant.plugin.problems import attach
from pytest_quant.plugin.state import State

# Of a failure's text: room for a traceback, and for the longest story of a verdict.
MOST_CHARACTERS = 50_000
MOST_LINES = 1_000


def complete(report: pytest.TestReport, item: pytest.Item, level: str, state: State) -> None:
    """Attach what the item has learned in its last run, and make foreign text harmless."""
    report.user_properties = list(item.user_properties)
    attach(report, item, level)
    if not isinstance(item, QuantItem | BenchmarkItem):
        attest(report, item, level)
    if report.when == "setup":
        # Whatever becomes of the test: only those who collect know what was selected.
        assert state.budget is not None
        told = {
            "budget": asdict(state.budget),
            "probes": state.selected,
            "deselected": state.deselected,
        }
        report.quant_selected = told  # type: ignore[attr-defined]
    if report.when == "call" and isinstance(item, ProbeItem | DivergenceItem | BenchmarkItem):
        report.quant = _learned(item, state)  # type: ignore[attr-defined]
        if isinstance(item, ProbeItem) and isinstance(report.longrepr, tuple):
            # Where the probe stands, not where this plugin calls pytest.skip.
            report.longrepr = (str(item.path), item.probe.line, report.longrepr[2])
    clean(report)


def clean(report: pytest.TestReport) -> None:
    """Models, files and servers speak in failures, reasons and properties."""
    report.user_properties = [
        (name, harmless(value) if isinstance(value, str) else value)
        for name, value in report.user_properties
    ]
    if isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = (path, line, message(reason))
    elif report.longrepr is not None:
        text = str(report.longrepr)
        plain = message(text, MOST_CHARACTERS, MOST_LINES)
        if plain != text:
            report.longrepr = plain


def _learned(item: ProbeItem | DivergenceItem | BenchmarkItem, state: State) -> dict[str, Any]:
    if isinstance(item, BenchmarkItem):
        timed = item.benchmark
        return {"level": item.level, "benchmark": asdict(timed) if timed else None}
    if isinstance(item, DivergenceItem):
        from pytest_quant.metrics.divergence import to_json as divergence_to_json

        return {
            "level": item.level,
            "divergences": [divergence_to_json(divergence) for divergence in item.divergences],
            "noise": asdict(item.noise) if item.noise else None,
            "likelihood": asdict(item.likelihood) if item.likelihood else None,
        }
    if item.measurement is None:
        return {}
    return {
        "measurement": to_json(item.measurement),
        "runtimes": {name: asdict(info) for name, info in state.bench.runtimes.items()},
    }
