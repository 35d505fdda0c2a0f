"""What the tests of a session brought so far, and how long it will go on, for a live view."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pytest_quant.plugin.node_ids import stage_of
from pytest_quant.session.pace import Pace, Plan, Probe
from pytest_quant.session.workload import WRITTEN


class Tally:
    """What was done so far. ``now`` tells the time in seconds, from any zero; the session is given
    no more than ``time_left``.
    """

    def __init__(
        self,
        level_of: Callable[[str], str],
        now: Callable[[], float],
        time_left: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self._time_left = time_left
        self._level_of = level_of
        self._now = now
        self._running: dict[str, str] = {}
        self._since: dict[str, float] = {}
        self._most_at_once = 1
        self._total = self._cases = 0
        self._ended: dict[str, dict[str, Any]] = {}
        self._tokens: dict[str, int] = {}
        self._seconds: dict[str, float] = {}
        self._pace = Pace()
        self._asks_more: tuple[float, float] | None = None

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
            self._running[nodeid], self._since[nodeid] = level, self._now()
            self._most_at_once = max(self._most_at_once, len(self._running))

    def end(self, nodeid: str) -> None:
        self._running.pop(nodeid, None)
        self._since.pop(nodeid, None)

    def stage(self, nodeid: str) -> str:
        """What else than a probe begins at a level, in words; empty for a probe."""
        level, stage = self._level_of(nodeid), stage_of(nodeid)
        return f"{level}: {stage}" if level and stage else ""

    def expect(self, plan: Plan) -> None:
        """So many probes were selected in all, and so much besides."""
        self._total = sum(sum(categories.values()) for categories in plan.probes.values())
        self._pace.plan(plan)

    def learn(self, nodeid: str, learned: dict[str, Any], took: float) -> None:
        """Count what the report of a probe brings, in place of what its last run brought.

        The test ``took`` so many seconds: what took longer was kept from an earlier session.
        """
        self._count(self._ended.get(nodeid, {}), -1)
        measurement = learned.get("measurement")
        self._ended[nodeid] = _effort(measurement, took)
        self._count(self._ended[nodeid], 1)
        if measurement is not None:
            self._pace.probe(nodeid, _probe(measurement, took))

    def compared(self, nodeid: str, took: float, *, responses: bool = False) -> None:
        """A level was compared token by token, on the held text or on ``responses``."""
        self._pace.compared(self._level_of(nodeid), took, responses=responses)

    def ask_more(self) -> None:
        """All tests have run; what the checks over several probes need is asked from now on."""
        self._asks_more = self._now(), self._pace.more_left()

    def more_left(self) -> str:
        """How long that will go on, in words; empty before, and when it should have ended."""
        if self._asks_more is None:
            return ""
        began, expected = self._asks_more
        left = min(expected - (self._now() - began), self._time_left())
        return _clock(left) if left >= 1 else ""

    def _count(self, effort: dict[str, Any], sign: int) -> None:
        if effort:
            level = effort["level"]
            self._cases += sign * effort["cases"]
            self._tokens[level] = self._tokens.get(level, 0) + sign * effort["tokens"]
            self._seconds[level] = self._seconds.get(level, 0.0) + sign * effort["seconds"]

    @property
    def _done(self) -> int:
        return len(self._ended)

    def left(self) -> float:
        """Seconds until the end of the session, as far as can be told."""
        running = {nodeid: self._now() - since for nodeid, since in self._since.items()}
        return min(self._pace.left(running, self._most_at_once), self._time_left())

    def told(self, room: int) -> str:
        """The view in at most ``room`` columns, as much of it as fits; empty if nothing does."""
        levels = list(dict.fromkeys(self._running.values()))
        names = ", ".join(levels)
        left = [_clock(seconds)] if (seconds := self.left()) >= 1 else []
        first = f"{names}: the first probe is asked"
        forms = [", ".join([first, *left]), first]
        stages = [self.stage(nodeid) for nodeid in self._running]
        if stages and all(stages):
            forms = [", ".join([*stages, *left]), ", ".join(stages)]
        elif self._done:
            speed = self._speed(levels)
            ends = [
                [f"{self._done} of {self._total} done", f"{self._cases:,} cases", *speed, *left],
                [f"{self._done}/{self._total}", *left],
            ]
            forms = [f"{names}: {', '.join(end)}" if names else ", ".join(end) for end in ends]
        return next((form for form in forms if len(form) <= room), "")

    def _speed(self, levels: list[str]) -> list[str]:
        """Of the models that run, from what they were asked in this session."""
        known = [level for level in levels or self._tokens if level in self._tokens]
        seconds = sum(self._seconds[level] for level in known)
        tokens = sum(self._tokens[level] for level in known)
        return [f"{tokens / seconds:,.0f} tokens/s"] if seconds else []


def _clock(left: float) -> str:
    """``about 1:39:00 left``"""
    seconds = round(left)
    hours, rest = divmod(seconds, 3600)
    clock = f"{hours}:{rest // 60:02}" if hours else f"{rest // 60}"
    return f"about {clock}:{rest % 60:02} left"


def _effort(measurement: dict[str, Any] | None, took: float) -> dict[str, Any]:
    """What asking took at the level, in a test that took so long; empty if nothing was asked."""
    if measurement is None:
        return {}
    tokens, seconds = _asked(measurement["level_effort"], took)
    return {
        "level": measurement["level"],
        "cases": len(measurement["cases"]),
        "tokens": tokens,
        "seconds": seconds,
    }


def _asked(effort: dict[str, Any] | None, took: float) -> tuple[int, float]:
    """Tokens and seconds of what was asked within so long a time; else they are kept ones."""
    if effort is None or effort["seconds"] > took:
        return 0, 0.0
    return effort["prompt_tokens"] + effort["new_tokens"], effort["seconds"]


def _work(measurement: dict[str, Any], took: float) -> tuple[tuple[int, float], tuple[int, float]]:
    """Of the level and of the reference, what was asked in this session: work and seconds."""
    found = []
    for effort in (measurement["level_effort"], measurement["reference_effort"]):
        tokens, seconds = _asked(effort, took)
        written = effort["new_tokens"] if tokens else 0
        found.append((tokens + (WRITTEN - 1) * written, seconds))
        took -= seconds
    return found[0], found[1]


def _probe(measurement: dict[str, Any], took: float) -> Probe:
    (own_work, own), (work, reference) = _work(measurement, took)
    asked = len(measurement["cases"])
    silent = measurement["uninformative"] or measurement["skipped"]
    return Probe(
        level=measurement["level"],
        category=measurement["category"],
        took=took,
        reference=reference,
        own=own,
        work=own_work + work,
        cases=asked,
        more=0 if silent else max(0, measurement["recorded_cases"] - asked),
    )
