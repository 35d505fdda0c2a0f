"""Hooks of every process of a session: collect probes, run their items, complete their reports."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_quant.plugin.benchmark_item import BenchmarkItem, benchmark_items
from pytest_quant.plugin.brought import complete
from pytest_quant.plugin.collection import ProbeFile
from pytest_quant.plugin.divergence_item import DivergenceItem, divergence_items
from pytest_quant.plugin.items import ProbeItem
from pytest_quant.plugin.node_ids import mark_of
from pytest_quant.plugin.problems import note_end
from pytest_quant.plugin.python_sets import is_counted, set_of
from pytest_quant.session.session import Session

_UNDECIDED = ("quant_verdict", "inconclusive")


class SessionHooks:
    """Collects probe files and runs their items, in the controller or in a worker."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._levels = [level.name for level in session.plan.settings.levels]
        self._running: pytest.Item | None = None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> ProbeFile | None:
        """Claim probe files, and no other YAML file."""
        if not self._session.files.claims(file_path):
            return None
        collector: ProbeFile = ProbeFile.from_parent(
            parent,
            path=file_path,
            nodeid=self._session.files.nodeid(file_path),
            files=self._session.files,
            levels=self._session.plan.tested,
        )
        return collector

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Drop what is too easy or too hard; bring the items of a level together.

        A level's model is then loaded once for its questions. What needs no question, and shows a
        broken file in a minute, comes before all of them: the divergence of every level on the held
        text. Last of each level comes that on responses, last of all the benchmarks.
        """
        dropped = [item for item in items if not self._is_wanted(item)]
        if dropped:
            dropped[0].config.hook.pytest_deselected(items=dropped)
            items[:] = [item for item in items if self._is_wanted(item)]
        sources = self._session.plan.sources
        first = [*divergence_items(session, self._levels, items, "text")] if sources else []
        if "responses" in sources:
            items += divergence_items(session, self._levels, items, "responses")
        order = {level: i for i, level in enumerate(self._levels, 1)}
        items[:] = sorted([*first, *items], key=lambda item: _place(item, order))
        items += benchmark_items(session, self._session)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test that asks for ``quant`` once for each level."""
        if "_quant_level" in metafunc.fixturenames:
            levels = [
                pytest.param(level, id=level, marks=getattr(pytest.mark, mark_of(level)))
                for level in self._session.plan.tested
            ]
            metafunc.parametrize("_quant_level", levels, indirect=True)

    def _is_wanted(self, item: pytest.Item) -> bool:
        wanted = self._session.plan.settings.difficulties
        return wanted is None or not isinstance(item, ProbeItem) or item.probe.difficulty in wanted

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Count the probes that somebody left out, for what may be said of the others."""
        for item in items:
            if isinstance(item, ProbeItem):
                known = self._session.deselected
                known[item.level] = known.get(item.level, 0) + 1

    # Before the terminal tells what was collected.
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Share the error budget among what was selected; work out how much that is to ask."""
        probes = [item for item in session.items if isinstance(item, ProbeItem)]
        # A test that is to run twice is one check all the same.
        once = {(item.probe.id, item.level): (item.probe.category, item.level) for item in probes}
        sets = {
            (set_of(item), _level(item))
            for item in session.items
            if isinstance(item, pytest.Function) and is_counted(item)
        }
        self._session.select(once.values(), len(sets))
        compared = (item.level for item in session.items if isinstance(item, DivergenceItem))
        self._session.compared = list(dict.fromkeys(compared))
        if probes and not session.config.option.collectonly and _is_first(session.config):
            from pytest_quant.session.forecast import forecast

            asked = [(item.probe, item.level) for item in probes]
            self._session.workload = forecast(self._session, asked)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Tell a check that the sample could not decide from one that passed."""
        properties = getattr(report, "user_properties", ())
        if report.when == "call" and report.passed and _UNDECIDED in properties:
            return "inconclusive", "?", "INCONCLUSIVE"
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Remember how a test ended, which its report does not tell."""
        note_end(item, call)
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Remember whose reports come next."""
        self._running = item if _level(item) else None
        try:
            return (yield)
        finally:
            self._running = None

    # Before whatever counts, shows or sends it.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(
        self, report: pytest.TestReport
    ) -> Generator[None, object, object]:
        """Complete the report of a test that ran in this process."""
        if self._running is not None:
            complete(report, self._running, _level(self._running), self._session)
        return (yield)

    def pytest_unconfigure(self) -> None:
        """Free the models."""
        self._session.close()


def _is_first(config: pytest.Config) -> bool:
    """Whether this process is the one, or the first, that asks: one timed batch is enough."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    return workerinput is None or workerinput["workerid"] == "gw0"


def _place(item: pytest.Item, order: Mapping[str, int]) -> int:
    if isinstance(item, DivergenceItem) and item.stage == "text":
        return 0
    return order.get(_level(item), -1)


def _level(item: pytest.Item) -> str:
    """The level that a test of the plugin's or a test in Python asks, empty for any other test."""
    if isinstance(item, ProbeItem | DivergenceItem | BenchmarkItem):
        return item.level
    if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
        return str(item.callspec.params.get("_quant_level", ""))
    return ""
