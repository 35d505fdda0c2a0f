"""Is the time left that a session shows what it then takes?

    python benchmarks/time_left.py record run.jsonl --quant-levels=q4,q8
    python benchmarks/time_left.py replay run.jsonl
    python benchmarks/time_left.py replay run.jsonl --wall

Records what the live view of a session is told, with the time of each event, and replays it: what
the view said was left when 10, 20 and 50 % of the run were over, against what was. Times are those
of the process, so that other work on the machine does not count; --wall takes the clock's instead.
Exits with 1 if a ratio is further from 1 than a factor of 1.5.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

MOST = 1.5
SHARES = (0.1, 0.2, 0.5)
_FILE = "TIME_LEFT_EVENTS"


class Recorder:
    """A plugin that writes an event for whatever the view is told."""

    def __init__(self, path: Path, arguments: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._put("start", arguments=[*arguments])

    def _put(self, kind: str, **more: Any) -> None:
        at = {"t": time.monotonic(), "cpu": time.process_time()}
        self._file.write(json.dumps({**at, "kind": kind, **more}) + "\n")
        self._file.flush()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._put("begin", nodeid=nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._put("end", nodeid=nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = getattr(report, "quant", None) or {}
        told: dict[str, Any] = {"when": report.when, "duration": report.duration}
        if selected := getattr(report, "quant_selected", None):
            told["selected"] = selected
        if m := found.get("measurement"):
            told["m"] = {
                "level": m["level"],
                "category": m["category"],
                "cases": len(m["cases"]),
                "recorded": m["recorded_cases"],
                "own": m["level_effort"],
                "ref": m["reference_effort"],
                "uninformative": bool(m["uninformative"] or m["skipped"]),
            }
        self._put("report", nodeid=report.nodeid, **told)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        self._put("finish")


def pytest_configure(config: pytest.Config) -> None:
    """This script is the plugin of the session that it records."""
    if _FILE in os.environ and not hasattr(config, "workerinput"):
        arguments = [str(argument) for argument in config.invocation_params.args]
        config.pluginmanager.register(Recorder(Path(os.environ[_FILE]), arguments))


def record(path: Path, arguments: list[str]) -> int:
    here = Path(__file__)
    environment = os.environ | {_FILE: str(path.absolute()), "PYTHONPATH": str(here.parent)}
    command = [sys.executable, "-m", "pytest", "-p", here.stem, *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


def said(events: list[Mapping[str, Any]], clock: str) -> Iterator[tuple[float, float]]:
    """Whenever the view is drawn: the time, and the seconds that it says are left."""
    from pytest_quant.base.converter import structured
    from pytest_quant.plugin.node_ids import level_of
    from pytest_quant.plugin.tally import Tally
    from pytest_quant.session.pace import Plan
    from pytest_quant.session.workload import Workload

    now = 0.0
    levels = {e["m"]["level"] for e in events if "m" in e}
    arguments = next(e["arguments"] for e in events if e["kind"] == "start")
    in_turn = not any(argument.startswith("--quant-cases") for argument in arguments)
    tally = Tally(lambda nodeid: level_of(nodeid, levels), lambda: now)
    began: dict[str, tuple[float, float]] = {}
    for event in events:
        now, nodeid = event[clock], event.get("nodeid", "")
        if event["kind"] == "begin":
            began[nodeid] = event["t"], event["cpu"]
            tally.begin(nodeid)
        elif event["kind"] == "end":
            tally.end(nodeid)
        elif event["kind"] == "report":
            if selected := event.get("selected"):
                compared = selected.get("compared", [*selected["by_category"]])
                workload = selected.get("workload")
                load = workload and structured(workload, Workload)
                tally.expect(Plan(selected["by_category"], compared, in_turn, workload=load))
            then = began.get(nodeid, (event["t"], event["cpu"]))
            wall, cpu = event["t"] - then[0], event["cpu"] - then[1]
            share = cpu / wall if clock == "cpu" and wall else 1.0
            if m := event.get("m"):
                tally.learn(
                    nodeid, {"measurement": _measurement(m, share)}, event["duration"] * share
                )
            elif "::divergence" in nodeid and event["when"] == "call":
                responses = "-responses[" in nodeid
                tally.compared(nodeid, event["duration"] * share, responses=responses)
        if event["kind"] in ("begin", "end") and (left := tally.left()):
            yield now, left


def _measurement(m: Mapping[str, Any], share: float) -> dict[str, Any]:
    def scaled(effort: Mapping[str, Any] | None) -> dict[str, Any] | None:
        return effort and {**effort, "seconds": effort["seconds"] * share}

    return {
        "level": m["level"],
        "category": m["category"],
        "cases": [None] * m["cases"],
        "recorded_cases": m["recorded"],
        "level_effort": scaled(m["own"]),
        "reference_effort": scaled(m["ref"]),
        "uninformative": m["uninformative"],
        "skipped": "",
    }


def replay(path: Path, clock: str) -> bool:
    """Prints the ratios of a recorded run; whether all are near enough."""
    events = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    first = next(e[clock] for e in events if e["kind"] == "begin")
    last = events[-1][clock]
    assert events[-1]["kind"] == "finish", f"{path}: the run did not end"
    points = [(at, left) for at, left in said(events, clock)]
    print(f"{path.name}: {last - first:.0f} s of tests, {clock}")
    near = True
    for share in SHARES:
        at, left = min(points, key=lambda p: abs(p[0] - first - share * (last - first)))
        truth = last - at
        near &= 1 / MOST <= left / truth <= MOST
        print(
            f"  after {share:.0%}: {left:.0f} s said, {truth:.0f} s true, ratio {left / truth:.2f}"
        )
    return near


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("record", "replay"):
        commands.add_parser(name).add_argument(
            "path", type=Path, nargs=1 if name == "record" else "+"
        )
    commands.choices["replay"].add_argument("--wall", action="store_true")
    given, rest = parser.parse_known_args()
    if given.command == "record":
        return record(given.path[0], rest)
    clock = "t" if given.wall else "cpu"
    near = [replay(path, clock) for path in given.path]
    return int(not all(near))


if __name__ == "__main__":
    sys.exit(main())
