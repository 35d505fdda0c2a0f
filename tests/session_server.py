"""A process that has loaded what sessions need, and forks itself for each one.

Python's start and the imports take two thirds of a small session's time, and there are hundreds. A
fork has its own directory, environment and output, and ends as any Python does; but it shares the
order of sets and the imported modules with all others: where these matter, start a new process.

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
import signal
import sys
import tempfile
from typing import TypedDict

import pytest


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
    return pytest.main(request["arguments"])


if __name__ == "__main__":
    serve()
