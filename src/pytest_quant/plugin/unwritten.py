"""What could not be written while tests ran: no test is lost for it, and it is told in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_quant.base.harmless import harmless

_KEY = "quant_unwritten"


class Unwritten:
    """Of one process; the controller also hears what its workers could not write.

    Answers that are not kept cost time alone, so they are told in the summary; results that were
    asked for and are missing decide the exit code.
    """

    def __init__(self) -> None:
        self._answers = ""
        self._results = ""

    def answers(self, sentence: str) -> None:
        """Note that answers are not kept; the first sentence stands for all."""
        self._answers = self._answers or sentence

    def allure(self, directory: Path, error: OSError) -> None:
        """Note that Allure's results are incomplete."""
        self._results = self._results or (
            f"--alluredir: {directory} cannot be written: {error.strerror or error}; results are "
            "missing there"
        )

    @property
    def keeps_answers(self) -> bool:
        """Whether another session finds every answer again."""
        return not self._answers

    @property
    def results(self) -> list[str]:
        """What is missing of what was asked for."""
        return [self._results] if self._results else []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the controller know."""
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_KEY] = [self._answers, self._results]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker noted."""
        answers, results = getattr(node, "workeroutput", {}).get(_KEY, ("", ""))
        self._answers = self._answers or answers
        self._results = self._results or results

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line, however many answers there are."""
        if self._answers:
            terminalreporter.write_line(f"quantization: {harmless(self._answers)}", yellow=True)
