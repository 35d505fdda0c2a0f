"""Whole test sessions: pytest in a process of its own, with the plugin as a user has it."""

from __future__ import annotations

import atexit
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.session_server import Request

Server = subprocess.Popen[str]
# How a session may be distributed; what it finds must not depend on it.
MODES: Mapping[str, tuple[str, ...]] = {
    "no xdist": ("-p", "no:xdist"),
    "-n0": ("-n0",),
    "-n2": ("-n2",),
}
# One probe, of short questions and short answers, as an expression for -k.
CAPITAL = "capital[ and not continent"
# Divergences have tests of their own, and take as long as a dozen probes.
WITHOUT_DIVERGENCE = "--deselect=quant-gate::divergence"
# Of two chunks, the fewest there may be: where a divergence need not tell what is small.
SHORT_TEXT = "The capital of Sweden is Stockholm, and 17 + 25 = 42. " * 40
# The cheapest session that asks a model.
ONE_PROBE = ("--quant-levels=q8", "--quant-cases=8", WITHOUT_DIVERGENCE, "-k", CAPITAL)
# Probes that the embedded model can do, as an expression for -k.
EASY = "doubling or opposite or animal_class or larger_with_homophones or word_repeated"
# A probe file that asks what no model of ours knows: three cases, two of them asked.
COLOURS = """
    category: world_knowledge
    probes:
      - id: colour
        subcategory: colours
        difficulty: 1
        cases: 2
        prompt: "What colour has number {n}?"
        parameters:
          n: {integer: [1, 12]}
        expect: "red"
        check: {kind: text}
"""
# It is here for our own tests, and takes longer to import than all that is tested.
_WITHOUT_HYPOTHESIS = ("-p", "no:hypothesispytest")
# Far above what any session here takes, so that one that hangs ends as a failure.
_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Run:
    """What a session left: its exit code, its output and the run record, if it wrote one.

    ``directory`` is where it ran.
    """

    directory: Path
    code: int
    output: str
    errors: str
    record: dict[str, Any] | None

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()

    @property
    def outcomes(self) -> dict[str, int]:
        """The counts of pytest's last line, such as ``{"passed": 3, "inconclusive": 1}``."""
        return pytest.RunResult.parse_summary_nouns(self.lines)

    @property
    def section(self) -> list[str]:
        """The lines of the plugin's summary, without its heading."""
        starts = [i for i, line in enumerate(self.lines) if line.startswith("====")]
        (first,) = (i for i in starts if "= quantization: " in self.lines[i])
        last = next((i for i in starts if i > first), len(self.lines) - 1)
        return self.lines[first + 1 : last]

    @property
    def told(self) -> list[str]:
        """The lines of the summary, those that were folded whole."""
        return re.sub(r"\n +", " ", "\n".join(self.section)).splitlines()

    @property
    def measurements(self) -> dict[str, dict[str, Any]]:
        """The record's measurements by node id, without what differs from run to run."""
        assert self.record is not None, self.output + self.errors
        return {m["nodeid"]: _without_seconds(m) for m in self.record["measurements"]}

    def level(self, name: str) -> dict[str, Any]:
        assert self.record is not None, self.output + self.errors
        (level,) = (level for level in self.record["levels"] if level["name"] == name)
        return dict(level)

    def mistake(self) -> str:
        """The message to a user who made a mistake; fails unless it is one, and reads like one."""
        said = self.output + self.errors
        assert self.code == pytest.ExitCode.USAGE_ERROR, said
        assert "Traceback" not in said, said
        assert "INTERNALERROR" not in said, said
        message = self.errors.strip()
        assert message.startswith("ERROR: "), said
        assert len(message.splitlines()) <= 8, said
        return message


@dataclass(frozen=True, slots=True)
class Project:
    """A directory, empty at first, in which sessions run; ``cache`` is where they keep models."""

    path: Path
    cache: Path

    def write(self, name: str, text: str) -> Path:
        """A file of the project; common indentation is taken off."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def ini(self, *settings: str) -> Path:
        """``pytest.ini`` with these lines."""
        return self.write("pytest.ini", "\n".join(["[pytest]", *settings]))

    def run(
        self,
        *args: str,
        divergence: bool = False,
        held_text: bool = False,
        fresh: bool = False,
        **environment: str,
    ) -> Run:
        """A session that shares its cache with others, uses one thread and writes its record.

        Baselines are those of the project, whatever ships with the package.

        One thread whatever the distribution, so that the three modes share their responses.
        Divergences are measured only if ``divergence`` says so, on a short text, or ``held_text``,
        on the library's or what the arguments and the project say.
        """
        if divergence:
            args = (f"--quant-text={self.write('short.txt', SHORT_TEXT)}", *args)
        return self.run_bare(
            *(() if divergence or held_text else (WITHOUT_DIVERGENCE,)),
            f"--quant-cache-dir={self.cache}",
            "--quant-threads=1",
            "--quant-json=record.json",
            "--quant-baselines=baselines",
            *args,
            fresh=fresh,
            **environment,
        )

    def run_bare(
        self,
        *args: str,
        cwd: str = ".",
        fresh: bool = False,
        wrapper: Sequence[str] = (),
        server: Server | None = None,
        **environment: str,
    ) -> Run:
        """A session with these arguments and no others; its record is read from record.json.

        In a new Python if ``fresh`` says so, or a ``wrapper``, a command that starts it; else in a
        fork of one that has loaded what it needs, which ``server`` may be another one of.
        """
        record = self.path / "record.json"
        record.unlink(missing_ok=True)
        fresh = fresh or bool(wrapper)
        start = (
            partial(start_fresh, wrapper=wrapper) if fresh else partial(start_forked, server=server)
        )
        code, output, errors = start(
            [*_WITHOUT_HYPOTHESIS, *args], self.path / cwd, own_environment(self.path) | environment
        )
        found = json.loads(record.read_text("utf-8")) if record.exists() else None
        return Run(self.path, code, output, errors, found)


def start_fresh(
    arguments: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    wrapper: Sequence[str] = (),
) -> tuple[int, str, str]:
    """A session in a Python of its own: its exit code and what it wrote to both outputs."""
    words = [*wrapper, sys.executable, "-m", "pytest", *arguments]
    return start_program(words, directory, environment)


def start_program(
    words: Sequence[str], directory: Path, environment: Mapping[str, str]
) -> tuple[int, str, str]:
    """The same of any program."""
    ended = subprocess.run(
        words,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


def start_forked(
    arguments: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    program: str = "pytest",
    server: Server | None = None,
) -> tuple[int, str, str]:
    """The same, or ``pytest-quant``, in a fork of the session server, which lives as long as this
    process.
    """
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        code = fork_into(output, errors, arguments, directory, environment, program, server)
        return code, output.read_text("utf-8"), errors.read_text("utf-8")


def fork_into(
    output: Path,
    errors: Path,
    arguments: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    program: str = "pytest",
    server: Server | None = None,
) -> int:
    """A forked session that writes to these two; returns its exit code when it has ended."""
    server = server or _server()
    assert server.stdin
    assert server.stdout
    request: Request = {
        "program": program,
        "arguments": list(arguments),
        "directory": str(directory),
        "environment": dict(environment),
        "output": str(output),
        "errors": str(errors),
        "timeout_s": _TIMEOUT_S,
    }
    print(json.dumps(request), file=server.stdin, flush=True)
    return int(server.stdout.readline())


@functools.cache
def _server() -> Server:
    server = start_server()
    atexit.register(server.communicate)
    return server


def start_server(wrapper: Sequence[str] = ()) -> Server:
    """A process that forks sessions; a ``wrapper`` is a command that starts it."""
    return subprocess.Popen(
        [*wrapper, sys.executable, Path(__file__).with_name("session_server.py")],
        env=own_environment(Path.home()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def own_environment(home: Path) -> dict[str, str]:
    """This process's environment, without what would tell the session about this one.

    And without CI, under which no baseline is recorded, and without what keeps Python from storing
    compiled modules: hundreds of sessions would compile them anew.
    """
    hidden = ("PYTEST_", "XDG_", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(hidden) and k != "CI"}
    return kept | {"HOME": str(home), "COLUMNS": "80", "PY_COLORS": "0"}


def _without_seconds(measurement: dict[str, Any]) -> dict[str, Any]:
    efforts = {name: measurement[name] for name in ("reference_effort", "level_effort")}
    return measurement | {name: e and e | {"seconds": None} for name, e in efforts.items()}
