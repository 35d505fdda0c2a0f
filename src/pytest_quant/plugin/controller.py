"""The process that sees every result: prepares the models, reaches the verdicts, reports."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest

from pytest_quant.analysis.efficiency import Benchmark
from pytest_quant.analysis.quality import ResponseLikelihood
from pytest_quant.base.harmless import harmless
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.budget import Budget
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.divergence import from_json as divergence_from_json
from pytest_quant.metrics.measurement import Measurement, from_json
from pytest_quant.metrics.noise import NoiseFloor
from pytest_quant.plugin.allure_directory import allure_directory
from pytest_quant.plugin.attendance import Attendance
from pytest_quant.plugin.brought import clean
from pytest_quant.plugin.conclusion import Found, conclude
from pytest_quant.plugin.junit import tell_junit
from pytest_quant.plugin.outputs import check_outputs, write_outputs
from pytest_quant.plugin.problems import Problems
from pytest_quant.plugin.properties import properties
from pytest_quant.plugin.recording import check_may_record, record_baselines
from pytest_quant.plugin.state import State
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.gate_tests import GateTest, gate_tests, is_held_back
from pytest_quant.reports.terminal import Line, case_study, summary, title
from pytest_quant.runtimes.protocol import RuntimeInfo


class Controller:
    """Aggregates the measurements of all workers; the only one who reports."""

    def __init__(self, config: pytest.Config, state: State, problems: Problems) -> None:
        self._config = config
        self._state = state
        self._measurements: dict[str, Measurement] = {}
        self._runtimes: dict[str, RuntimeInfo] = {}
        self._divergences: dict[tuple[str, str], Divergence] = {}
        self._noise: dict[str, NoiseFloor] = {}
        self._benchmarks: dict[str, Benchmark] = {}
        self._likelihoods: dict[str, ResponseLikelihood] = {}
        self._record: RunRecord | None = None
        self._allure = allure_directory(config)
        self._problems = problems
        self._attendance = Attendance()
        self._judge_key = ""
        # By this very command, not by an ini file that holds for every session of a project.
        given = ("quant_levels", "quant_require_baseline")
        self._is_asked_for = any(config.getoption(name) is not None for name in given)

    def pytest_report_header(self) -> list[str]:
        """One line of what will be tested."""
        settings = self._state.settings
        cases = f"{settings.cases} cases" if settings.cases else "each probe's own cases"
        if settings.max_cases:
            cases = f"up to {settings.max_cases} cases"
        model = settings.model.name if settings.model else "embedded"
        if settings.artifacts and not settings.model:
            model = "given artifacts"
        levels = ", ".join(level.name for level in settings.levels)
        hard = ", ".join(map(str, sorted(settings.difficulties or ())))
        only = f", difficulty {hard}" if hard else ""
        line = f"quantization: {levels} of {model}, {cases}, alpha {settings.alpha:g}{only}"
        return [harmless(line)]

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Find the user's mistakes and make the artifacts before anything runs."""
        try:
            if self._state.settings.judge:
                from pytest_quant.judge.endpoint import read_key

                self._judge_key = read_key(os.environ)
            check_may_record(self._state, os.environ)
            check_outputs(self._config, self._state)
            self._state.prepare(run=not session.config.option.collectonly)
        except QuantUsageError as error:
            raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker its model and reference; ask models with as many threads as it has."""
        node.workerinput["quant_reference"] = self._state.reference.name
        node.workerinput["quant_model"] = self._state.model_name
        self._state.threads = node.workerinput["quant_threads"]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test's report brings, in place of what an earlier run of it brought."""
        self._problems.note(report)
        self._attendance.note(report)
        selected: dict[str, Any] | None = getattr(report, "quant_selected", None)
        if selected is not None:
            self._state.budget = Budget(**selected["budget"])
            self._state.selected = selected["probes"]
            self._state.deselected = selected["deselected"]
        learned: dict[str, Any] | None = getattr(report, "quant", None)
        if learned is None:
            return
        self._measurements.pop(report.nodeid, None)
        if "measurement" in learned:
            self._measurements[report.nodeid] = from_json(learned["measurement"])
            for level, info in learned["runtimes"].items():
                self._runtimes[level] = RuntimeInfo(**info)
        if "divergences" in learned:
            self._keep_distances(learned)
        if "benchmark" in learned:
            self._benchmarks.pop(learned["level"], None)
            if raw := learned["benchmark"]:
                timed = Benchmark(**{**raw, "rounds": tuple(raw["rounds"])})
                self._benchmarks[timed.level] = timed

    def _keep_distances(self, learned: dict[str, Any]) -> None:
        level = learned["level"]
        self._divergences = {k: kept for k, kept in self._divergences.items() if k[0] != level}
        for raw in learned["divergences"]:
            divergence = divergence_from_json(raw)
            self._divergences[level, divergence.source] = divergence
        self._noise.pop(level, None)
        if raw := learned["noise"]:
            self._noise[level] = NoiseFloor(**raw)
        self._likelihoods.pop(level, None)
        if raw := learned["likelihood"]:
            self._likelihoods[level] = ResponseLikelihood.from_json(raw)

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
            self._conclude()
            self._keep(ended=True)
            raise
        self._conclude()
        if self._record is not None:
            tests = list(gate_tests(self._record))
            session.testscollected += len(tests)
            if reporter := self._config.pluginmanager.get_plugin("terminalreporter"):
                # The line of the last probe is complete: the gate's tests begin a new one.
                reporter.currentfspath = None
            for test in tests:
                self._report(test)
            self._write_allure()
            try:
                self._judge()
            except BaseException:
                # The judge may be waited for no longer: what was learned before is kept.
                self._keep(ended=True)
                raise
        self._keep(ended=session.testsfailed > 0)
        return result

    def _top_up(self) -> None:
        """Ask what the checks over several probes still need, where cases are asked in turn."""
        if self._state.settings.max_cases is None:
            return
        for level in self._state.tested:
            found = {name: m for name, m in self._measurements.items() if m.level == level}
            try:
                if found:
                    self._state.top_up.extend(found)
            except (QuantUsageError, RuntimeError) as error:
                self._problems.add(
                    level, f"cases[{level}]", f"more cases could not be asked: {error}"
                )
            self._measurements |= found
        self._runtimes |= self._state.bench.runtimes

    def _conclude(self) -> None:
        """Make the record of what was selected, even if nothing of it could be measured."""
        state = self._state
        told = any(problem.difficulty is not None for problem in self._problems.found)
        demanded = state.settings.require_baseline and self._is_asked_for
        if not (self._measurements or state.selected or told or demanded):
            return
        self._record = conclude(
            state,
            Found(
                measurements=self._measurements,
                runtimes=self._runtimes,
                divergences=self._divergences.values(),
                noise=self._noise,
                benchmarks=self._benchmarks,
                likelihoods=self._likelihoods,
                problems=self._problems.found,
                other_failures=self._problems.others,
            ),
        )
        if judge := state.settings.judge:
            from pytest_quant.plugin.judge import not_yet_judged

            self._record = not_yet_judged(self._record, judge)

    def _judge(self) -> None:
        """Ask the judge of free text, if there is one, once for all workers."""
        if self._record is not None and (judge := self._state.settings.judge):
            from pytest_quant.plugin.judge import with_judgement

            self._record = with_judgement(self._state, self._record, judge, self._judge_key)

    def _keep(self, *, ended: bool) -> None:
        """Write what was asked for. ``ended``: the session has an exit code that says more than
        that a baseline was refused.
        """
        problems = self._write()
        problems += self._record_baselines(ended=ended)
        if problems:
            raise pytest.UsageError(harmless("\n".join(problems), "\n"))

    def _write_allure(self) -> None:
        """The checks over several probes, as tests."""
        if self._record is not None and self._allure is not None:
            from pytest_quant.reports.allure import write_checks

            try:
                write_checks(self._record, self._allure)
            except OSError as error:
                self._state.unwritten.allure(self._allure, error)

    def _write(self) -> list[str]:
        """Write what was asked for; what could not be written."""
        if self._record is None:
            return self._state.unwritten.results
        tell_junit(self._config, self._record)
        if self._allure is not None:
            from pytest_quant.reports.allure import write_surroundings

            try:
                write_surroundings(self._record, self._allure)
            except OSError as error:
                self._state.unwritten.allure(self._allure, error)
        failed = [
            *self._state.unwritten.results,
            *write_outputs(self._state.settings, self._record),
        ]
        if failed and self._state.unwritten.keeps_answers:
            failed.append("every response is in the cache: run again with another place")
        return failed

    def _record_baselines(self, *, ended: bool) -> list[str]:
        """Record what was measured completely, if the user asked for it; why if it could not be."""
        if self._state.settings.update == "no" or self._record is None:
            return []
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line("")  # ends the line of the gate's tests
            reporter.section("quantization baselines")
        try:
            for line in record_baselines(self._state, self._record):
                if reporter is not None:
                    reporter.write_line(harmless(line, "\n"))
        except QuantUsageError as error:
            return [] if ended else [str(error)]
        return []

    def _report(self, test: GateTest) -> None:
        """Pass a gate check through pytest's reporting, so that JUnit and the exit code see it."""
        assert self._record is not None
        hook, told = self._config.hook, properties(test, self._record.reference)
        nodeid, location = f"quant-gate::{test.name}", ("quant-gate", None, test.name)
        hook.pytest_runtest_logstart(nodeid=nodeid, location=location)
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
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=nodeid, location=location)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Green means compared: whatever made a failed test look otherwise, no level that is held
        back ends in 0, nor does a session that asked none.
        """
        if exitstatus == pytest.ExitCode.OK and (self._gap or self._holds_back):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @property
    def _holds_back(self) -> bool:
        return self._record is not None and is_held_back(self._record)

    @property
    def _gap(self) -> str:
        """What was not asked, where there is no record to say it."""
        if self._record is not None or self._config.option.collectonly:
            return ""
        return self._attendance.gap(self._state.tested, wanted=self._is_asked_for)

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
        for name in self._state.settings.tables:
            lines += [Line(""), *case_study(self._record, name)]
        for line in lines:
            terminalreporter.write_line(line.text, **({line.colour: True} if line.colour else {}))
