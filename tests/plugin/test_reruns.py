"""A test may run more than once: the last run counts, and it counts once.

As the plugins for flaky tests do it; tests/compatibility runs those themselves.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from tests.sessions import ONE_PROBE, Project, Run

# Each run reported as the first one, as rerunfailures does.
EVERY_RUN = """
    import pytest
    from _pytest.runner import runtestprotocol

    @pytest.hookimpl
    def pytest_runtest_protocol(item, nextitem):
        for _ in range(2):
            runtestprotocol(item, nextitem=item, log=True)
        return True
"""
# The report of the first run with the outcome of the last one, as pytest-retry does.
FIRST_REPORT = """
    import pytest

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(item, call):
        report = yield
        if call.when == "call":
            item._initrequest()
            call = pytest.CallInfo.from_call(item.runtest, "call")
            again = pytest.TestReport.from_item_and_call(item, call)
            report.outcome, report.longrepr = again.outcome, again.longrepr
        return report
"""
BREAKS_ONCE = """
    from pytest_quant.errors import RuntimeFailed
    from pytest_quant.session.bench import Bench

    measure = Bench.measure

    def break_once(self, *args, **kwargs):
        Bench.measure = measure
        raise RuntimeFailed("no memory left")

    Bench.measure = break_once
"""


@pytest.mark.parametrize("plugin", [EVERY_RUN, FIRST_REPORT], ids=["every run", "first report"])
@pytest.mark.parametrize("broken", ["", BREAKS_ONCE], ids=["", "broken once"])
def test_the_last_run_counts_once(project: Project, plugin: str, broken: str) -> None:
    plain = project.run(*ONE_PROBE, "--junitxml=junit.xml")
    expected = properties(plain)
    project.write("again.py", plugin + broken)
    run = project.run("-p", "again", *ONE_PROBE, "--junitxml=junit.xml")
    assert run.record is not None, run.output + run.errors
    assert plain.record is not None
    assert run.measurements == plain.measurements
    for part in ("checks", "selected", "missing"):
        assert run.record[part] == plain.record[part]
    if plugin == FIRST_REPORT:
        assert properties(run) == expected
        assert run.code == plain.code


def properties(run: Run) -> list[tuple[str | None, str | None]]:
    """All that stand in the JUnit file, once for each time."""
    root = ET.parse(run.directory / "junit.xml")
    found = [(p.get("name"), p.get("value")) for p in root.iter("property")]
    return sorted(found, key=str)


def test_a_test_that_is_selected_twice_is_one_check(project: Project) -> None:
    plain = project.run(*ONE_PROBE)
    (nodeid,) = plain.measurements
    twice = project.run(
        *("--quant-levels=q8", "--quant-cases=8", "--keep-duplicates", nodeid, nodeid)
    )
    assert twice.measurements == plain.measurements
    assert plain.record is not None
    assert twice.record is not None
    assert twice.record["selected"] == plain.record["selected"]
    assert twice.record["missing"] == 0
