"""The process that sees every result: prepares the models, reaches the verdicts, reports."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest

from pytest_quant.base.harmless import harmless
from pytest_quant.base.urls import read_key
from pytest_quant.errors import QuantUsageError
from pytest_quant.plugin.allure_directory import allure_directory
from pytest_quant.plugin.attendance import Attendance
from pytest_quant.plugin.gate_reports import report_gate_tests
from pytest_quant.plugin.header import header
from pytest_quant.plugin.hub import tell_worker
from pytest_quant.plugin.keeping import Keeping
from pytest_quant.plugin.moments import Moments
from pytest_quant.plugin.outputs import check_outputs
from pytest_quant.plugin.problems import Problems
from pytest_quant.plugin.unwritten import Unwritten
from pytest_quant.plugin.wire import finding_of, is_cut, selected_of, tell_time
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.gate_tests import is_held_back
from pytest_quant.reports.terminal import Line, case_study, summary, title
from pytest_quant.session.conclusion import conclude, end_in_order
from pytest_quant.session.findings import Findings, Measured
from pytest_quant.session.recording import check_may_record
from pytest_quant.session.session import Session
from pytest_quant.session.topping_up import top_up


class Controller:
    """Puts together what all workers found; the only one who reports."""

    def __init__(
        self,
        config: pytest.Config,
        session: Session,
        problems: Problems,
        unwritten: Unwritten,
    ) -> None:
        self._config = config
        self._session = session
        self._problems = problems
        self._findings = Findings()
        self._record: RunRecord | None = None
        self._attendance = Attendance()
        self._moments = Moments(config)
        allure = allure_directory(config)
        self._keeping = Keeping(config, session, allure, unwritten, self._moments)
        self._judge_key = ""
        self._foretold = False
        # By this very command, not by an ini file that holds for every session of a project.
        given = ("quant_levels", "quant_require_baseline")
        self._is_asked_for = any(config.getoption(name) is not None for name in given)

    def pytest_report_header(self) -> list[str]:
        """One line of what will be tested."""
        return [harmless(header(self._session.plan.settings))]

    def pytest_report_collectionfinish(self) -> list[str]:
        """How much is to be asked, and about how long that takes, where this process collects."""
        self._foretold = self._session.workload is not None
        told = self._session.workload
        return [f"quantization: {line}" for line in told.told()] if told else []

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Find the user's mistakes and make the artifacts before anything runs."""
        try:
            if self._session.plan.settings.judge:
                from pytest_quant.judge.endpoint import KEY_VARIABLE

                self._judge_key = read_key(os.environ, KEY_VARIABLE)
            check_may_record(self._session, os.environ)
            check_outputs(self._config, self._session)
            self._session.prepare(run=not session.config.option.collectonly)
        except QuantUsageError as error:
            raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker its model and reference; ask models with as many threads as it has."""
        plan = self._session.plan
        node.workerinput["quant_reference"] = plan.reference.name
        node.workerinput["quant_model"] = plan.model_name
        tell_worker(node.config, node.workerinput)
        tell_time(node.workerinput, self._session.time)
        plan.threads = node.workerinput["quant_threads"]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test's report brings, in place of what an earlier run of it brought."""
        self._problems.note(report)
        self._attendance.note(report)
        if selected := selected_of(report):
            self._session.budget = selected.budget
            self._session.selected = selected.probes
            self._session.deselected = selected.deselected
            self._session.by_category = selected.by_category
            if selected.workload and not self._foretold:
                self._foretold = True
                for line in selected.workload.told():
                    self._session.plan.announce(line)
        if is_cut(report):
            self._session.time.has_cut = True
        if found := finding_of(report):
            self._findings.keep(report.nodeid, found)
            if isinstance(found, Measured) and found.measurement is not None:
                self._moments.measured(found.measurement)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """After the last probe, reach the pooled verdicts and report them as tests."""
        try:
            result = yield
            if session.config.option.collectonly:
                return result
            self._top_up()
        except BaseException:
            # Stopped, by -x or by hand: show and keep what was learned, but judge nothing by it.
            self._findings.stopped = True
            self._conclude()
            self._keeping.keep(self._record, ended=True)
            raise
        self._conclude()
        if self._record is not None:
            report_gate_tests(session, self._record)
            self._keeping.write_allure_checks(self._record)
            try:
                self._judge()
            except BaseException:
                # The judge may be waited for no longer: what was learned before is kept.
                self._keeping.keep(self._record, ended=True)
                raise
        self._keeping.keep(self._record, ended=session.testsfailed > 0)
        return result

    def _top_up(self) -> None:
        """Ask what the checks over several probes still need; tell of what has grown by it."""
        before = dict(self._findings.measurements)
        if (progress := self._config.pluginmanager.get_plugin("quant-progress")) is not None:
            progress.ask_more()
        for level, problem in top_up(self._session, self._findings):
            self._problems.add(level, f"cases[{level}]", problem)
        for test, measurement in self._findings.measurements.items():
            if measurement is not before.get(test):
                self._moments.measured(measurement)

    def _conclude(self) -> None:
        """Make the record of what was selected, even if nothing of it could be measured."""
        found, settings = self._findings, self._session.plan.settings
        found.problems, found.other_failures = self._problems.found, self._problems.others
        told = any(problem.difficulty is not None for problem in found.problems)
        demanded = settings.require_baseline and self._is_asked_for
        if not (found.measurements or found.counted or self._session.selected or told or demanded):
            return
        self._record = conclude(self._session, found)
        end_in_order(self._session, self._record)
        if settings.judge:
            from pytest_quant.session.judging import not_yet_judged

            self._record = not_yet_judged(self._record, settings.judge)

    def _judge(self) -> None:
        """Ask the judge of free text, if there is one, once for all workers."""
        if self._record is not None and (judge := self._session.plan.settings.judge):
            from pytest_quant.session.judging import with_judgement

            self._record = with_judgement(self._session, self._record, judge, self._judge_key)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Green means compared: whatever made a failed test look otherwise, no level that is held
        back ends in 0, nor does a session that asked none.
        """
        if exitstatus == pytest.ExitCode.OK and (self._gap or self._holds_back):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self._record is not None:
            for report in reporter.stats.get("failed", ()):
                if getattr(report, "quant_judged", False):
                    # As pytest marks what its debugger has shown: our summary tells it.
                    report._pdbshown = True

    @property
    def _holds_back(self) -> bool:
        return self._record is not None and is_held_back(self._record)

    @property
    def _gap(self) -> str:
        """What was not asked, where there is no record to say it."""
        if self._record is not None or self._config.option.collectonly:
            return ""
        return self._attendance.gap(self._session.plan.tested, wanted=self._is_asked_for)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the summary of the run record, or that there is nothing to tell."""
        if self._record is None:
            if gap := self._gap:
                terminalreporter.section("quantization")
                terminalreporter.write_line(gap, red=True)
            return
        # The line of the last test is complete; its end is not to be written again.
        terminalreporter.currentfspath = None
        terminalreporter.section(title(self._record))
        lines = list(summary(self._record))
        for name in self._session.plan.settings.tables:
            lines += [Line(""), *case_study(self._record, name)]
        for line in lines:
            terminalreporter.write_line(line.text, **({line.colour: True} if line.colour else {}))
