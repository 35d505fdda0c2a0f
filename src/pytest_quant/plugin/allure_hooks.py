"""With ``--alluredir``: what allure-pytest writes of a probe is what reports.allure says of it.

allure-pytest sees probes run and writes their results, in whichever process they run. Before it
writes one, this module fills it in. Checks over several probes are no items, so the controller
writes their results itself, at the end, into the same directory.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import allure_commons
import pytest
from allure_commons.model2 import Label, TestResult
from allure_commons.types import LabelType

from pytest_quant.plugin.divergence_item import DivergenceItem
from pytest_quant.plugin.items import ProbeItem
from pytest_quant.plugin.node_ids import level_of
from pytest_quant.plugin.unwritten import Unwritten
from pytest_quant.plugin.wire import is_crash
from pytest_quant.reports.allure import make_harmless, write
from pytest_quant.reports.allure.results import (
    Rendered,
    Run,
    broken_result,
    divergence_result,
    gate_identity,
    identity,
    probe_result,
)
from pytest_quant.session.session import Session

if TYPE_CHECKING:
    from pytest_quant.probes.model import Probe

# What allure-pytest derives from the place of a test; ours are better, and there is one of each.
_REPLACED = frozenset(
    (
        LabelType.EPIC,
        LabelType.FEATURE,
        LabelType.STORY,
        LabelType.SEVERITY,
        LabelType.PARENT_SUITE,
        LabelType.SUITE,
        LabelType.SUB_SUITE,
        LabelType.FRAMEWORK,
        "package",
    )
)


class AllureHooks:
    """Hooks of pytest and of allure, for one process."""

    def __init__(
        self, session: Session, directory: Path, unwritten: Unwritten, *, writes: bool
    ) -> None:
        self._session = session
        self._directory = directory
        # Whether this process hears of crashed workers.
        self._writes = writes
        self._seed = str(uuid.uuid4())
        self._item: pytest.Item | None = None
        self._unwritten = unwritten
        self._guard = _Guard(directory, unwritten)
        allure_commons.plugin_manager.register(self)
        allure_commons.plugin_manager.register(self._guard)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Remember whose result comes next."""
        self._item = item
        try:
            return (yield)
        finally:
            self._item = None

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: TestResult) -> None:
        """Fill in what is about to be written."""
        if isinstance(self._item, ProbeItem):
            self._complete(result, self._item)
        elif isinstance(self._item, DivergenceItem):
            self._complete_divergence(result, self._item)
        elif self._item is not None:
            _name_level(result, self._session.plan.lineup.model)
        make_harmless(result)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show a probe whose worker died: no process is left that could."""
        crashed = report.failed and is_crash(report)
        level = level_of(report.nodeid, self._session.plan.tested)
        probe = self._session.files.find(report.nodeid) if level else None
        if self._writes and crashed and probe is not None:
            test = self._identity(probe, report.nodeid, level, int(1000 * time.time()))
            message = f"{level} could not be run: {report.longreprtext}"
            try:
                write(self._directory, [broken_result(test, message)])
            except OSError as error:
                self._unwritten.allure(self._directory, error)

    def pytest_unconfigure(self) -> None:
        """Leave allure as it was."""
        allure_commons.plugin_manager.unregister(self._guard)
        allure_commons.plugin_manager.unregister(self)

    def _run(self, moment: int) -> Run:
        return Run(
            self._session.plan.lineup.model, self._session.plan.reference.name, self._seed, moment
        )

    def _identity(self, probe: Probe, nodeid: str, level: str, moment: int) -> TestResult:
        return identity(self._run(moment), nodeid, probe.category, probe.difficulty, level)

    def _complete(self, result: TestResult, item: ProbeItem) -> None:
        if item.measurement is None:
            _adopt(result, self._identity(item.probe, item.nodeid, item.level, result.start))
            return
        run = self._run(result.start)
        _fill(result, probe_result(run, item.measurement, item.result, item.regression))

    def _complete_divergence(self, result: TestResult, item: DivergenceItem) -> None:
        run, name = self._run(result.start), item.name.partition("[")[0]
        if item.distances is not None:
            found = item.distances.divergences
            told = divergence_result(run, name, item.level, found, failed=item.has_failed)
            _fill(result, told)
        else:
            _adopt(result, gate_identity(run, name, item.level))


class _Guard:
    """Notes what allure-pytest could not write; its own error would end the session."""

    def __init__(self, directory: Path, unwritten: Unwritten) -> None:
        self._unwritten = unwritten
        self._directory = directory

    def _note(self) -> Generator[None, object, object]:
        try:
            return (yield)
        except OSError as error:
            self._unwritten.allure(self._directory, error)
            return None

    @allure_commons.hookimpl(wrapper=True)
    def report_result(self) -> Generator[None, object, object]:
        return (yield from self._note())

    @allure_commons.hookimpl(wrapper=True)
    def report_container(self) -> Generator[None, object, object]:
        return (yield from self._note())

    @allure_commons.hookimpl(wrapper=True)
    def report_attached_file(self) -> Generator[None, object, object]:
        return (yield from self._note())

    @allure_commons.hookimpl(wrapper=True)
    def report_attached_data(self) -> Generator[None, object, object]:
        return (yield from self._note())


def _fill(result: TestResult, rendered: Rendered) -> None:
    """Take over everything, beside what was captured while the test ran."""
    own = rendered.result
    _adopt(result, own)
    result.status, result.statusDetails = own.status, own.statusDetails
    result.steps = [*own.steps, *result.steps]
    result.attachments = [*own.attachments, *result.attachments]
    for name, text in rendered.attachments.items():
        allure_commons.plugin_manager.hook.report_attached_data(body=text, file_name=name)


def _adopt(result: TestResult, own: TestResult) -> None:
    """Take over a name and its labels, beside those that a user put there."""
    for name in ("name", "fullName", "testCaseId", "historyId", "titlePath", "parameters"):
        setattr(result, name, getattr(own, name))
    known = {(label.name, label.value) for label in own.labels}
    result.labels = [
        *own.labels,
        *(
            label
            for label in result.labels
            if label.name not in _REPLACED and (label.name, label.value) not in known
        ),
    ]


def _name_level(result: TestResult, model: str) -> None:
    """A test in Python that asks a level belongs to its model, too."""
    for parameter in result.parameters:
        if parameter.name == "_quant_level":
            parameter.name = "level"
            if not any(label.name == LabelType.EPIC for label in result.labels):
                result.labels.append(Label(LabelType.EPIC, model))
