"""The live view of a run: on a terminal, in a log, and where it must not be."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyte
import pytest
from tests.sessions import CAPITAL, Project, fork_into, own_environment

from pytest_quant.plugin.tally import Tally
from pytest_quant.session.pace import Plan

SESSION = ("--quant-levels=q8,q4", "--quant-cases=8", "-k", CAPITAL)
COLUMNS, ROWS = 80, 24
# Lets a line be written after every test.
EAGER = """
    import pytest_quant.plugin.progress as progress

    progress.INTERVAL_S = 0.0
"""


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Screens:
    """Every state that a terminal was in, and what it showed at last, from the first line on."""

    states: list[list[str]]
    final: list[str]
    raw: bytes

    def anywhere(self, text: str) -> bool:
        return any(text in line for state in self.states for line in state)

    @property
    def tests(self) -> list[str]:
        """The final lines from the first test to the summary."""
        heads = [i for i, line in enumerate(self.final) if "= quantization:" in line]
        starts = [i for i, line in enumerate(self.final) if line.startswith("quantization: q8, q4")]
        return self.final[starts[0] + 1 : heads[0]]


def on_a_terminal(project: Project, *args: str) -> Screens:
    """A session whose output is a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    settings = (
        f"--quant-cache-dir={project.cache}",
        "--quant-threads=1",
        "--quant-baselines=baselines",
    )
    name = Path(os.ttyname(theirs))
    arguments = ("-p", "no:hypothesispytest", *settings, *args)
    environment = own_environment(project.path) | {"TERM": "xterm", "COLUMNS": str(COLUMNS)}
    del environment["PY_COLORS"]

    def run() -> None:
        fork_into(name, name, arguments, project.path, environment)
        os.close(theirs)

    with ThreadPoolExecutor(1) as others:
        ended = others.submit(run)
        raw = b"".join(iter(lambda: _read(ours), b""))
        ended.result()
    os.close(ours)
    screen = pyte.HistoryScreen(COLUMNS, ROWS, history=1000, ratio=1.0)
    stream = pyte.ByteStream(screen)
    states = []
    for piece in re.split(rb"(?=\x1b\[J)", raw):  # as it was whenever the view was erased
        stream.feed(piece)
        states.append([line.rstrip() for line in screen.display])
    above = ["".join(line[x].data for x in range(COLUMNS)) for line in screen.history.top]
    final = [line.rstrip() for line in [*above, *screen.display]]
    return Screens(states, final, raw)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""


def report(level: str, *, tokens: int, seconds: float, cases: int) -> dict[str, object]:
    """What the report of a probe carries, as far as the view reads it."""
    effort = {"prompt_tokens": tokens // 2, "new_tokens": tokens - tokens // 2, "seconds": seconds}
    measurement = {
        "level": level,
        "category": "iterative",
        "cases": [{}] * cases,
        "level_effort": effort,
        "reference_effort": {"prompt_tokens": 0, "new_tokens": 0, "seconds": 0.0},
        "uninformative": "",
        "skipped": "",
        "recorded_cases": cases,
    }
    return {"measurement": measurement}


def plan(probes: int, *compared: str) -> Plan:
    return Plan({"q4": {"iterative": probes}}, compared, in_turn=False)


def test_the_tally() -> None:
    clock = Clock()
    tally = Tally(lambda nodeid: nodeid.partition("/")[2], clock)
    assert not tally.running
    tally.begin("no probe")
    assert not tally.running
    tally.begin("a/q4")
    assert tally.told(79) == "q4: the first probe is asked"
    clock.now += 60
    for _ in range(2):  # a test that is run again is done once
        tally.expect(plan(100))
    tally.learn("a/q4", report("q4", tokens=900, seconds=0.5, cases=1000), 60.0)
    tally.end("a/q4")
    tally.begin("b/q4")
    assert tally.told(79) == "q4: 1 of 100 done, 1,000 cases, 1,800 tokens/s, about 1:39:00 left"
    assert tally.told(30) == "q4: 1/100, about 1:39:00 left"
    assert tally.told(10) == ""
    # What runs is a part of what is left.
    clock.now += 30
    assert tally.told(79).endswith("about 1:38:30 left")
    tally.begin("c/q2")
    tally.end("b/q4")
    # Nothing of this level has ended yet; two have run at once.
    assert tally.told(79) == "q2: 1 of 100 done, 1,000 cases, about 49:30 left"


def test_what_was_answered_earlier_has_no_speed() -> None:
    tally = Tally(lambda _: "q4", Clock())
    tally.begin("a")
    tally.expect(plan(2))
    tally.learn("a", report("q4", tokens=900, seconds=5.0, cases=8), 0.1)
    assert tally.told(79) == "q4: 1 of 2 done, 8 cases"
    tally.learn("a", report("q4", tokens=900, seconds=5.0, cases=8), 5.1)
    assert tally.told(79) == "q4: 1 of 2 done, 8 cases, 180 tokens/s, about 0:05 left"


def test_what_comes_after_the_probes_is_named() -> None:
    """It may take minutes, and no probe ends meanwhile."""
    clock = Clock()
    tally = Tally(lambda nodeid: nodeid.partition("[")[2].rstrip("]"), clock)
    tally.expect(plan(1, "q4"))
    tally.begin("a.yaml::a[q4]")
    clock.now += 5
    tally.learn("a.yaml::a[q4]", report("q4", tokens=4000, seconds=1, cases=1), 2.0)
    tally.end("a.yaml::a[q4]")
    assert not tally.stage("a.yaml::divergence[q4]")
    divergence = "quant-gate::divergence[q4]"
    tally.begin(divergence)
    stage = "q4: comparing with the reference token by token"
    assert tally.stage(divergence) == stage
    # It takes as long as reading 90,000 tokens, one that is written as long as eight; a fifth of
    # that is for responses.
    assert tally.told(79) == f"{stage}, about 0:06 left"
    clock.now += 3
    assert tally.told(79) == f"{stage}, about 0:03 left"
    clock.now += 4
    assert tally.told(79) == stage
    tally.begin("a.yaml::a[q2]")  # in another worker
    assert tally.told(79).startswith("q4, q2: 1 of 1 done")
    assert not tally.stage("quant-gate::overall[q4]")


def test_a_probe_that_brought_nothing_is_done_all_the_same() -> None:
    clock = Clock()
    tally = Tally(lambda _: "q4", clock)
    tally.begin("a")
    clock.now += 5
    tally.expect(plan(2))
    tally.learn("a", {}, 1.0)
    assert tally.told(79) == "q4: 1 of 2 done, 0 cases"
    assert tally.unfinished
    tally.learn("b", {}, 1.0)
    assert not tally.unfinished


@pytest.mark.parametrize("args", [("-n0",), ("-n0", "-v")], ids=["dots", "-v"])
def test_a_terminal_shows_it_below_and_keeps_nothing(
    project: Project, args: tuple[str, ...]
) -> None:
    screens = on_a_terminal(project, *SESSION, *args)
    assert screens.anywhere("the first probe is asked")
    assert screens.anywhere("q4: 1 of 2 done, 8 cases")
    without = on_a_terminal(project, *SESSION, *args, "-p", "no:quant-progress")
    assert not without.anywhere(" of 2 done")
    # How long it takes differs: the second one finds the answers of the first.
    shown = [
        [line for line in of.tests if "quantization: " not in line] for of in (screens, without)
    ]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("args", [("-n2",), ("-n2", "-v")], ids=["dots", "-v"])
def test_with_workers_it_tells_of_all_levels(project: Project, args: tuple[str, ...]) -> None:
    screens = on_a_terminal(project, *SESSION, *args)
    assert screens.anywhere("the first probe is asked")
    assert screens.anywhere(" 1 of 2 done, 8 cases")
    assert not [line for line in screens.final if " of 2 done" in line or "is asked" in line]
    told = "\n".join(screens.tests)
    # Two probes, and for either level the gate's two tests.
    assert told.count("INCONCLUSIVE" if "-v" in args else "?") == 6


@pytest.mark.parametrize("args", [("-q",), ("-s",)], ids=["-q", "-s"])
def test_a_terminal_is_left_alone_if_asked_or_shared(
    project: Project, args: tuple[str, ...]
) -> None:
    assert b" of 2 done" not in on_a_terminal(project, *SESSION, *args).raw


def test_a_log_has_a_line_every_so_often(project: Project, mode: tuple[str, ...]) -> None:
    project.write("eager.py", EAGER)
    run = project.run("-p", "eager", *SESSION, *mode)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert "\x1b" not in run.output
    (i,) = (i for i, line in enumerate(run.lines) if " of 2 done" in line)
    assert re.match(r"(q[84]: )?1 of 2 done, 8 cases", run.lines[i])
    # What pytest wrote before is left as it was, and what it writes next begins a line.
    before, after = run.lines[i - 1], run.lines[i + 1]
    assert before.endswith("?")
    assert after.partition("[")[0].rstrip().endswith("?")


def test_a_short_run_has_no_line(project: Project) -> None:
    assert " of 2 done" not in project.run(*SESSION).output
