"""A process that has loaded what sessions need, and forks itself for each one.

Python's start and the imports take two thirds of a small session's time, and there are hundreds. A
fork has its own directory, environment and output, and ends as any Python does; but it shares the
order of sets and the imported modules with all others: where these matter, start a new process.
The workers of a session are forks, too, which execnet starts and speaks to as it does to others.

Run as a script; ``tests.sessions`` sends one request a line.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import re
import signal
import sys
import tempfile
from collections.abc import Sequence
from typing import Any, TypedDict

import pytest
from execnet import gateway_io


class Request(TypedDict):
    """A session; its output goes to two files, and it is killed after so many seconds."""

    arguments: list[str]
    directory: str
    environment: dict[str, str]
    output: str
    errors: str
    timeout_s: int


def serve() -> None:
    """Answer each request with the session's exit code, until there are no more."""
    sys.path[0] = ""  # a session's own directory, for xdist's workers, too
    _warm_up()
    while line := sys.stdin.readline():
        if (child := os.fork()) == 0:
            sys.exit(_session(json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _warm_up() -> None:
    """Load pytest's plugins as pytest does, for it rewrites their assertions, then the rest."""
    with (
        tempfile.TemporaryDirectory() as empty,
        contextlib.chdir(empty),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        pytest.main(["-q", "--co", "-p", "no:hypothesispytest", "-p", "no:cacheprovider"])
    import pytest_quant

    for module in pkgutil.walk_packages(pytest_quant.__path__, "pytest_quant."):
        importlib.import_module(module.name)
    # What a session loads or compiles when it is first needed.
    importlib.import_module("scipy.special")
    importlib.import_module("pytest_quant.thinking").read("")
    gc.collect()
    gc.freeze()  # or each session would look through it all


def _session(request: Request) -> int | pytest.ExitCode:
    signal.alarm(request["timeout_s"])
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["pytest", *request["arguments"]]
    created = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["output"], created),
        (2, request["errors"], created),
    ):
        file = os.open(path, flags)
        os.dup2(file, number)
        os.close(file)
    _provide_workers(request["arguments"])
    return pytest.main(request["arguments"])


class _Worker:
    """A fork that waits to be a worker: as ``subprocess.Popen`` describes a process."""

    def __init__(self, others: Sequence[_Worker]) -> None:
        here, there = os.pipe(), os.pipe()  # each to read from, to write to
        if (pid := os.fork()) == 0:
            for other in others:
                other.stdin.close()
                other.stdout.close()
            _become_worker(here[0], there[1], unused=(here[1], there[0]))
        os.close(here[0])
        os.close(there[1])
        self.pid = pid
        self.stdin, self.stdout = os.fdopen(here[1], "wb"), os.fdopen(there[0], "rb")

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def _become_worker(read: int, write: int, unused: tuple[int, int]) -> None:
    """Do what ``gateway_io.popen_bootstrapline`` has a new Python do."""
    os.dup2(read, 0)
    os.dup2(write, 1)
    for file in (read, write, *unused):
        os.close(file)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.argv = ["-c"]
    if line := sys.stdin.readline():  # none if the session ends without workers
        exec(eval(line), {"__name__": "__main__"})  # noqa: S102, S307
    sys.exit()


def _provide_workers(arguments: Sequence[str]) -> None:
    """Have the workers that the session will start wait for it, and one for the first that dies.

    Any others are new processes.
    """
    count = sum(int(n[1]) for text in arguments if (n := re.fullmatch(r"-n(\d+)", text)))
    waiting: list[_Worker] = []
    for _ in range(count + 1 if count else 0):
        waiting.append(_Worker(waiting))

    class Connection(gateway_io.Popen2IOMaster):
        def __init__(self, args: list[str], execmodel: Any) -> None:
            if not waiting:
                super().__init__(args, execmodel)
                return
            self.popen = waiting.pop()
            gateway_io.Popen2IO.__init__(
                self, self.popen.stdin, self.popen.stdout, execmodel=execmodel
            )

    gateway_io.Popen2IOMaster = Connection


if __name__ == "__main__":
    serve()
