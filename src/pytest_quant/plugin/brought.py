"""What the report of a test brings: it must survive the worker, and be fit to be shown.

Filled in when a report is passed on, not when it is made: plugins that run a failed test again
keep the report of its first run and change its outcome, or make one of their own.
"""

from __future__ import annotations

import pytest

from pytest_quant.base.harmless import harmless, message
from pytest_quant.plugin.attendance import attest
from pytest_quant.plugin.benchmark_item import BenchmarkItem
from pytest_quant.plugin.divergence_item import DivergenceItem
from pytest_quant.plugin.items import ProbeItem, QuantItem
from pytest_quant.plugin.problems import attach
from pytest_quant.plugin.python_sets import counted, is_counted
from pytest_quant.plugin.wire import Selected, attach_cut, attach_finding, attach_selected
from pytest_quant.session.distances import Distances
from pytest_quant.session.findings import Compared, Finding, Measured, Timed
from pytest_quant.session.session import Session

# Of a failure's text: room for a traceback, and for the longest story of a verdict.
MOST_CHARACTERS = 50_000
MOST_LINES = 1_000


def complete(report: pytest.TestReport, item: pytest.Item, level: str, session: Session) -> None:
    """Attach what the item has learned in its last run, and make foreign text harmless."""
    report.user_properties = list(item.user_properties)
    attach_cut(report, session.time)
    attach(report, item, level)
    if not isinstance(item, QuantItem | BenchmarkItem):
        attest(report, item, level)
    if report.when == "setup":
        # Whatever becomes of the test: only those who collect know what was selected.
        assert session.budget is not None
        told = Selected(
            session.budget,
            session.selected,
            session.deselected,
            session.by_category,
            session.compared,
            session.workload,
        )
        attach_selected(report, told)
    if report.when == "call" and isinstance(item, ProbeItem | DivergenceItem | BenchmarkItem):
        attach_finding(report, _finding(item, session))
        if isinstance(item, ProbeItem) and isinstance(report.longrepr, tuple):
            # Where the probe stands, not where this plugin calls pytest.skip.
            report.longrepr = (str(item.path), item.probe.line, report.longrepr[2])
    elif report.when == "call" and isinstance(item, pytest.Function) and is_counted(item):
        attach_finding(report, counted(item, level, session))
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


def _finding(item: ProbeItem | DivergenceItem | BenchmarkItem, session: Session) -> Finding:
    if isinstance(item, BenchmarkItem):
        return Timed(item.level, item.benchmark)
    if isinstance(item, DivergenceItem):
        ran = session.bench.runtimes if item.distances else {}
        return Compared(item.level, item.distances or Distances(), item.stage, ran)
    return Measured(item.measurement, session.bench.runtimes if item.measurement else {})
