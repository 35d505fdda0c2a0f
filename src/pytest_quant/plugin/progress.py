"""A live view of long runs: which level, how far, how fast, for how long yet.

On a terminal it stands in the line below the one that pytest is writing, and is gone before pytest
goes on writing. Elsewhere, as in a CI log, it is a line of its own every so often.
``-p no:quant-progress`` turns it off.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from pytest_quant.plugin.node_ids import stage_of
from pytest_quant.plugin.wire import is_crash, raw_finding, selected_of

# Between two lines where there is no terminal.
INTERVAL_S = 30.0
# Everything behind and below the cursor.
_ERASE = "\x1b[J"


class Tally:
    """What was done so far. ``now`` tells the time in seconds, from any zero."""

    def __init__(self, level_of: Callable[[str], str], now: Callable[[], float]) -> None:
        self._level_of = level_of
        self._now = now
        self._started: float | None = None
        self._running: dict[str, str] = {}
        self._total = self._cases = 0
        self._ended: dict[str, dict[str, Any]] = {}
        self._tokens: dict[str, int] = {}
        self._seconds: dict[str, float] = {}

    @property
    def running(self) -> bool:
        """Whether any probe runs."""
        return bool(self._running)

    @property
    def unfinished(self) -> bool:
        """Whether probes have ended, and others are yet to end."""
        return 0 < self._done < self._total

    def begin(self, nodeid: str) -> None:
        if level := self._level_of(nodeid):
            self._running[nodeid] = level
            self._started = self._now() if self._started is None else self._started

    def end(self, nodeid: str) -> None:
        self._running.pop(nodeid, None)

    def stage(self, nodeid: str) -> str:
        """What else than a probe begins at a level, in words; empty for a probe."""
        level, stage = self._level_of(nodeid), stage_of(nodeid)
        return f"{level}: {stage}" if level and stage else ""

    def expect(self, probes: int) -> None:
        """So many probes were selected in all."""
        self._total = probes

    def learn(self, nodeid: str, learned: dict[str, Any], took: float) -> None:
        """Count what the report of a probe brings, in place of what its last run brought.

        The test ``took`` so many seconds: what took longer was kept from an earlier session.
        """
        self._count(self._ended.get(nodeid, {}), -1)
        self._ended[nodeid] = _effort(learned.get("measurement"), took)
        self._count(self._ended[nodeid], 1)

    def _count(self, effort: dict[str, Any], sign: int) -> None:
        if effort:
            level = effort["level"]
            self._cases += sign * effort["cases"]
            self._tokens[level] = self._tokens.get(level, 0) + sign * effort["tokens"]
            self._seconds[level] = self._seconds.get(level, 0.0) + sign * effort["seconds"]

    @property
    def _done(self) -> int:
        return len(self._ended)

    def told(self, room: int) -> str:
        """The view in at most ``room`` columns, as much of it as fits; empty if nothing does."""
        levels = list(dict.fromkeys(self._running.values()))
        names = ", ".join(levels)
        forms = [f"{names}: the first probe is asked"]
        stages = [self.stage(nodeid) for nodeid in self._running]
        if stages and all(stages):
            forms = [", ".join(stages)]
        elif self._done:
            speed, left = self._speed(levels), self._left()
            ends = [
                [f"{self._done} of {self._total} done", f"{self._cases:,} cases", *speed, left],
                [f"{self._done}/{self._total}", left],
            ]
            forms = [f"{names}: {', '.join(end)}" if names else ", ".join(end) for end in ends]
        return next((form for form in forms if len(form) <= room), "")

    def _speed(self, levels: list[str]) -> list[str]:
        """Of the models that run, from what they were asked in this session."""
        known = [level for level in levels or self._tokens if level in self._tokens]
        seconds = sum(self._seconds[level] for level in known)
        tokens = sum(self._tokens[level] for level in known)
        return [f"{tokens / seconds:,.0f} tokens/s"] if seconds else []

    def _left(self) -> str:
        """At the pace so far."""
        assert self._started is not None
        elapsed = self._now() - self._started
        seconds = round(elapsed / self._done * (self._total - self._done))
        hours, rest = divmod(seconds, 3600)
        clock = f"{hours}:{rest // 60:02}" if hours else f"{rest // 60}"
        return f"about {clock}:{rest % 60:02} left"


def _effort(measurement: dict[str, Any] | None, took: float) -> dict[str, Any]:
    """What asking took at the level, in a test that took so long; empty if nothing was asked."""
    if measurement is None:
        return {}
    effort = measurement["level_effort"]
    if effort is None or effort["seconds"] > took:
        effort = {"prompt_tokens": 0, "new_tokens": 0, "seconds": 0.0}
    return {
        "level": measurement["level"],
        "cases": len(measurement["cases"]),
        "tokens": effort["prompt_tokens"] + effort["new_tokens"],
        "seconds": effort["seconds"],
    }


class Progress:
    """Shows a tally through the terminal reporter, in the process that has one."""

    def __init__(
        self,
        config: pytest.Config,
        reporter: pytest.TerminalReporter,
        level_of: Callable[[str], str],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reporter = reporter
        self._tally = Tally(level_of, now)
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
            self._write_line(stage)
        result = yield
        self._draw()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(
        self, report: pytest.TestReport
    ) -> Generator[None, object, object]:
        """Count what a probe brought; leave the line to pytest for its own letter."""
        if selected := selected_of(report):
            self._tally.expect(sum(selected.probes.values()))
        found = raw_finding(report)
        if found is not None and found["kind"] == "measured":
            self._tally.learn(report.nodeid, found, report.duration)
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
