"""A process that has loaded what sessions need, and forks itself for each one.

Python's start and the imports take two thirds of a small session's time, and there are hundreds. A
fork has its own directory, environment and output, and ends as any Python does; but it shares the
order of sets and the imported modules with all others, and leaves its objects as they are when it
ends: where these matter, start a new process.
The workers of a session are forks, too, which execnet starts and speaks to as it does to others.

Run as a script; ``tests.sessions`` sends one request a line.
"""

from __future__ import annotations

import atexit
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
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, TypedDict

import pytest
from execnet import gateway_io

_PROBE = """
category: world_knowledge
probes:
  - {id: p, subcategory: s, difficulty: 1, cases: 40, prompt: "{n}?", expect: red,
     parameters: {n: {integer: [1, 200]}}, check: {kind: text}}
"""
_FIRST_SESSION = [
    *("-q", "-p", "no:hypothesispytest", "-p", "no:cacheprovider", "probes.yaml"),
    *("--quant-levels=q8", "--quant-artifact=f16=f16.json", "--quant-artifact=q8=q8.json"),
    *("--quant-cache-dir=cache", "--quant-threads=1", "--quant-baselines=none"),
    *("--quant-json=r.json", "--quant-html=r.html", "--quant-markdown=r.md", "--alluredir=allure"),
]


class Request(TypedDict):
    """A session, or another command of ours; its output goes to two files, and it is killed after
    so many seconds.
    """

    program: str
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
            _end(_session(json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _warm_up() -> None:
    """Load pytest's plugins as pytest does, for it rewrites their assertions, then the rest.

    By a session on the scripted runtime, which loads and compiles what sessions need, and starts
    no thread, which would be missing in a fork.
    """
    with (
        tempfile.TemporaryDirectory() as directory,
        contextlib.chdir(directory),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        for level, answer in (("f16", "red"), ("q8", "blue")):
            script = {"runtime": "scripted", "model": "m", "default": answer}
            Path(f"{level}.json").write_text(json.dumps(script))
        Path("probes.yaml").write_text(_PROBE)
        code = pytest.main(_FIRST_SESSION)
    assert code == pytest.ExitCode.TESTS_FAILED
    import pytest_quant

    for module in pkgutil.walk_packages(pytest_quant.__path__, "pytest_quant."):
        importlib.import_module(module.name)
    importlib.import_module("scipy.special")
    _remember_the_library()
    gc.collect()
    gc.freeze()  # or each session would look through it all


def _remember_the_library() -> None:
    """Read the probes that ship once for all sessions: it took half of a small one.

    Only from the very bytes that were read: where a session finds others, it reads them itself.
    """
    from pytest_quant.base.library import PROBES
    from pytest_quant.session import probe_files

    read = probe_files.read_probes
    known = {
        path: (path.read_bytes(), read(path)) for path in PROBES.glob("*.yaml") if path.is_file()
    }

    def remembered(path: Path, shown_as: str | None = None) -> tuple[Any, ...]:
        content, probes = known.get(path, (None, ()))
        if content is None or (shown_as or str(path)) != str(path) or path.read_bytes() != content:
            return read(path, shown_as)
        return probes

    probe_files.read_probes = remembered


def _session(request: Request) -> int | pytest.ExitCode:
    signal.alarm(request["timeout_s"])
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    _find_packages(request["environment"].get("PYTHONPATH", ""))
    sys.argv = [request["program"], *request["arguments"]]
    created = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["output"], created),
        (2, request["errors"], created),
    ):
        file = os.open(path, flags)
        os.dup2(file, number)
        os.close(file)
    if request["program"] == "pytest-quant":
        from pytest_quant.cli.main import main

        return main(request["arguments"])
    _provide_workers(request["arguments"])
    return pytest.main(request["arguments"])


def _find_packages(path: str) -> None:
    """Those that only this session is given, as a new Python does.

    What the server remembers was found without them.
    """
    given = [entry for entry in path.split(os.pathsep) if entry and entry not in sys.path]
    if not given:
        return
    from xdist import plugin

    for kept in (sys.path, plugin._sys_path):  # the latter is what workers are given
        kept[1:1] = given
    for name, module in list(sys.modules.items()):
        if name.startswith("pytest_quant."):
            for member in vars(module).values():
                if forget := getattr(member, "cache_clear", None):
                    forget()


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
    _end(0)


def _end(code: int) -> NoReturn:
    """End as Python does, but for the tidying up of what the server had loaded: each page of it
    would be copied first, which took a third of a session's time.
    """
    threading._shutdown()  # waits for threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _provide_workers(arguments: Sequence[str]) -> None:
    """Have the workers that the session will start wait for it, and one for the first that dies.

    Any others are new processes.
    """
    count = sum(map(int, re.findall(r"(?<!\S)-n ?(\d+)(?!\S)", " ".join(arguments))))
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
