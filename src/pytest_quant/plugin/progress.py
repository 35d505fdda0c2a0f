"""A live view of long runs: which level, how far, how fast, for how long yet.

On a terminal it stands in the line below the one that pytest is writing, and is gone before pytest
goes on writing. Elsewhere, as in a CI log, it is a line of its own every so often.
``-p no:quant-progress`` turns it off.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Generator

import pytest

from pytest_quant.plugin.tally import Tally
from pytest_quant.plugin.wire import is_crash, raw_finding, selected_of
from pytest_quant.session.pace import Plan

# Between two lines where there is no terminal.
INTERVAL_S = 30.0
# Everything behind and below the cursor.
_ERASE = "\x1b[J"


class Progress:
    """Shows a tally through the terminal reporter, in the process that has one."""

    def __init__(
        self,
        config: pytest.Config,
        reporter: pytest.TerminalReporter,
        level_of: Callable[[str], str],
        *,
        in_turn: bool,
        comparing: int,
        time_left: Callable[[], float] = lambda: math.inf,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reporter = reporter
        self._in_turn, self._comparing = in_turn, comparing
        self._tally = Tally(level_of, now, time_left)
        self._now = now
        self._last = now()
        self._live = reporter.isatty and _is_ours_alone(config)
        self._config = config
        self._writer = config.get_terminal_writer()
        self._drawn = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logstart(self, nodeid: str) -> Generator[None, object, object]:
        """Show what runs now."""
        self._tally.begin(nodeid)
        self._erase()
        if not self._live and (stage := self._tally.stage(nodeid)):
            # No probe ends meanwhile, and on a large model it takes minutes.
            self._write_line(self._tally.told(self._writer.fullwidth - 1) or stage)
        result = yield
        self._draw()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(
        self, report: pytest.TestReport
    ) -> Generator[None, object, object]:
        """Count what a probe brought; leave the line to pytest for its own letter."""
        if selected := selected_of(report):
            told = selected.by_category, selected.compared
            plan = Plan(*told, self._in_turn, self._comparing, selected.workload)
            self._tally.expect(plan)
        found = raw_finding(report)
        if found is not None and found["kind"] == "measured":
            self._tally.learn(report.nodeid, found, report.duration)
        elif found is not None and found["kind"] == "compared":
            on_responses = found["stage"] == "responses"
            self._tally.compared(report.nodeid, report.duration, responses=on_responses)
        crashed = is_crash(report)
        if crashed:
            self._tally.end(report.nodeid)
        self._erase()
        result = yield
        if not crashed:
            self._draw()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> Generator[None, object, object]:
        """Show what is done."""
        self._tally.end(nodeid)
        self._erase()
        result = yield
        self._draw()
        if not self._live and self._tally.unfinished and self._now() - self._last >= INTERVAL_S:
            self._last = self._now()
            self._write_line(self._tally.told(self._writer.fullwidth - 1))
        return result

    def announce(self, text: str) -> None:
        """A line about what the controller does, with how long it takes yet if that is known."""
        self._erase()
        left = self._tally.more_left()
        self._reporter.write_line(f"{text}, {left}" if left else text)
        self._reporter.flush()

    def ask_more(self) -> None:
        """All tests have run: what is announced from now on is asked besides."""
        self._tally.ask_more()

    @pytest.hookimpl(wrapper=True, optionalhook=True)
    def pytest_testnodedown(self) -> Generator[None, object, object]:
        """xdist says that a worker died."""
        self._erase()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Leave nothing behind, however the run ends."""
        try:
            return (yield)
        finally:
            self._erase()

    @property
    def _distributed(self) -> bool:
        return bool(self._config.pluginmanager.has_plugin("dsession"))

    def _draw(self) -> None:
        """Write into the next line and bring the cursor back, so that pytest writes on."""
        width, used = self._writer.fullwidth, self._writer.width_of_current_line
        if not self._live or not self._tally.running or (used and used % width == 0):
            return
        if text := self._tally.told(width - 1):
            back = f"\x1b[A\x1b[{used % width + 1}G"
            self._reporter.write_raw(f"\r\n\x1b[2m{text}\x1b[0m{back}", flush=True)
            self._drawn = True

    def _erase(self) -> None:
        if self._drawn:
            self._reporter.write_raw(_ERASE, flush=True)
            self._drawn = False

    def _write_line(self, text: str) -> None:
        """A line of its own; what pytest writes next begins another one."""
        if not self._distributed:
            self._reporter.write_ensure_prefix(text)
        else:
            if self._writer.width_of_current_line:
                self._reporter.line("")
            self._reporter.currentfspath = None
            self._reporter.write_line(text)
        self._reporter.flush()


def _is_ours_alone(config: pytest.Config) -> bool:
    """Whether only pytest writes while tests run, to a terminal that can move its cursor."""
    captured = config.getoption("capture", "no") in ("fd", "sys")
    logged = config.getoption("log_cli_level", None) is not None or (
        config.pluginmanager.has_plugin("logging") and config.getini("log_cli")
    )
    dumb = os.environ.get("TERM", "dumb") == "dumb"
    return captured and not logged and not dumb and not config.getoption("usepdb", False)
