"""What a session leaves behind: reports, results of Allure, recorded baselines."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_quant.base.harmless import harmless
from pytest_quant.errors import QuantUsageError
from pytest_quant.plugin.junit import tell_junit
from pytest_quant.plugin.moments import Moments
from pytest_quant.plugin.outputs import write_outputs
from pytest_quant.plugin.unwritten import Unwritten
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.recording import update_lines
from pytest_quant.session.recording import Planned, record_baselines
from pytest_quant.session.session import Session


class Keeping:
    """Writes what was asked for, once, when everything has been judged."""

    def __init__(
        self,
        config: pytest.Config,
        session: Session,
        allure: Path | None,
        unwritten: Unwritten,
        moments: Moments,
    ) -> None:
        self._config = config
        self._session = session
        self._allure = allure
        self._unwritten = unwritten
        self._moments = moments

    def keep(self, record: RunRecord | None, *, ended: bool) -> None:
        """Write everything. ``ended``: the session has an exit code that says more than that a
        baseline was refused.

        Raises ``pytest.UsageError`` for what could not be written.
        """
        if record is not None:
            self._moments.record(record)
        problems = self._unwritten.results if record is None else self._write(record)
        problems += self._moments.broken
        if record is not None and self._session.plan.settings.update != "no":
            problems += self._record_baselines(record, ended=ended)
        if problems:
            raise pytest.UsageError(harmless("\n".join(problems), "\n"))

    def write_allure_checks(self, record: RunRecord) -> None:
        """The checks over several probes, as tests of Allure."""
        if self._allure is not None:
            from pytest_quant.reports.allure import write_checks

            try:
                write_checks(record, self._allure)
            except OSError as error:
                self._unwritten.allure(self._allure, error)

    def _write(self, record: RunRecord) -> list[str]:
        """Write the reports; what could not be written."""
        tell_junit(self._config, record)
        if self._allure is not None:
            from pytest_quant.reports.allure import write_surroundings

            try:
                write_surroundings(record, self._allure)
            except OSError as error:
                self._unwritten.allure(self._allure, error)
        outputs = write_outputs(self._session.plan.settings, record)
        failed = [*self._unwritten.results, *outputs]
        if failed and self._unwritten.keeps_answers:
            failed.append("every response is in the cache: run again with another place")
        return failed

    def _record_baselines(self, record: RunRecord, *, ended: bool) -> list[str]:
        """Record what was measured completely; why if it could not be."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line("")  # ends the line of the gate's tests
            reporter.section("quantization baselines")
        try:
            for step in record_baselines(self._session, record):
                for line in _lines(step):
                    if reporter is not None:
                        reporter.write_line(harmless(line, "\n"))
        except QuantUsageError as error:
            return [] if ended else [str(error)]
        return []


def _lines(step: Planned | str) -> list[str]:
    if isinstance(step, str):
        return [step]
    return list(update_lines(step.update, step.path, fails=step.fails))
