"""Checks over several probes as pytest's own reports, so that JUnit and the exit code see them."""

from __future__ import annotations

import pytest

from pytest_quant.base.gate_names import GATE
from pytest_quant.plugin.brought import clean
from pytest_quant.plugin.properties import properties
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.gate_tests import GateTest, gate_tests


def report_gate_tests(session: pytest.Session, record: RunRecord) -> None:
    """Report every check of a record that is no item's own."""
    tests = list(gate_tests(record))
    session.testscollected += len(tests)
    if reporter := session.config.pluginmanager.get_plugin("terminalreporter"):
        # The line of the last probe is complete: the gate's tests begin a new one.
        reporter.currentfspath = None
    for test in tests:
        _report(session.config, test, record.reference)


def _report(config: pytest.Config, test: GateTest, reference: str) -> None:
    told = properties(test, reference)
    nodeid, location = f"{GATE}::{test.name}", (GATE, None, test.name)
    config.hook.pytest_runtest_logstart(nodeid=nodeid, location=location)
    for when in ("setup", "call", "teardown"):
        failed = test.verdict == "fail" and when == "call"
        report = pytest.TestReport(
            nodeid=nodeid,
            location=location,
            keywords={},
            outcome="failed" if failed else "passed",
            longrepr=test.story if failed else None,
            when=when,
            user_properties=[*told],
        )
        report.quant_judged = True  # type: ignore[attr-defined]
        clean(report)
        config.hook.pytest_runtest_logreport(report=report)
    config.hook.pytest_runtest_logfinish(nodeid=nodeid, location=location)
