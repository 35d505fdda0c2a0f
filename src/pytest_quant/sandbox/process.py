"""One isolated process from its start to its end, within limits.

Nothing falls back: where isolation cannot be had, or does not hold when it is tried, nothing is
run and ``SandboxUnavailable`` says why.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import IO, Literal

from pytest_quant.errors import SandboxUnavailable
from pytest_quant.sandbox.isolation import command
from pytest_quant.sandbox.syscalls import call_filter

_MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process may use. It is always one: it can start no other, and no thread.

    ``cpu_seconds`` of processor time decide, so that a busy machine judges like an idle one;
    ``wall_seconds`` end what only waits. ``memory``, ``room`` (of ``/tmp``) and ``output``
    (both streams together) are bytes.
    """

    cpu_seconds: int = 5
    wall_seconds: float = 60.0
    memory: int = 512 * _MEGABYTE
    room: int = 16 * _MEGABYTE
    output: int = 65_536
    open_files: int = 64


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, its exit status, and its output up to the limit.

    ``timeout``: of either time; ``flooded``: it wrote more than it may; ``killed``: by a signal.
    """

    how: Literal["exited", "killed", "timeout", "flooded"]
    status: int
    output: bytes


# Runs inside, before the code: limits that are lowered there cannot be raised again.
_BEGIN = """
import resource, sys
for pair in sys.argv.pop(1).split():
    name, most = pair.split("=")
    resource.setrlimit(getattr(resource, name), (int(most), int(most)))
exec(compile(sys.argv.pop(1), "<isolated>", "exec"), {"__name__": "__main__"})
"""


def run(code: str, data: bytes = b"", limits: Limits | None = None) -> Ended:
    """Run Python code with ``data`` as its standard input.

    Raises ``SandboxUnavailable`` if it cannot be isolated; then it has not been run.
    """
    require()
    return _run(code, data, limits or Limits())


def require() -> None:
    """Raise ``SandboxUnavailable`` unless a trial, once in this process, was isolated."""
    if problem := _problem():
        raise SandboxUnavailable(problem)


# What must hold inside; what does not is the reason for refusing to run anything. Where nothing is
# isolated, these attempts succeed, so none of them leaves a trace.
_TRIAL = """
import os, socket
def refused(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        return True
held = {
    "it can start processes": refused(lambda: os.fork() or os._exit(0)),
    "it can open sockets": refused(socket.socket),
    "it can write to its own Python": refused(open, os.__file__, "r+"),
    "it cannot write to /tmp": not refused(os.open, "/tmp", os.O_TMPFILE | os.O_RDWR),
    "it sees the environment": "PATH" not in os.environ,
}
print(*[what for what, isolated in held.items() if not isolated] or ["isolated"], sep=", ")
"""


@cache
def _problem() -> str:
    try:
        ended = _run(_TRIAL, b"", Limits(output=4096))
    except SandboxUnavailable as error:
        return f"no sandbox: {error}"
    said = ended.output.decode("utf-8", "replace").strip()
    if ended == Ended("exited", 0, b"isolated\n"):
        return ""
    return (
        "no sandbox: bubblewrap is installed, but a trial of it failed "
        f"({said or ended.how}, exit status {ended.status}); in a container, allow user namespaces"
    )


class Running:
    """An isolated process that was started; nothing of it is left when its context ends."""

    def __init__(self, process: subprocess.Popen[bytes], limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self._deadline = time.monotonic() + limits.wall_seconds

    def ended(self) -> Ended:
        """How it ended, once it has ended or passed a limit."""
        return _watch(self._process, self._limits, self._deadline)


@contextlib.contextmanager
def linked(code: str, data: bytes, other: str, limits: Limits) -> Iterator[tuple[Running, Running]]:
    """Two pieces of Python code, each isolated on its own, that talk to each other by two pipes.

    The first gets ``data`` as its standard input and, as arguments, the numbers of the pipes that
    it reads and writes. To ``other`` these are standard input and output: nothing that it writes
    is ours to read. Raises ``SandboxUnavailable``; then neither has been run.
    """
    require()
    with contextlib.ExitStack() as ends, contextlib.ExitStack() as started:
        asked, questions = _pipe(ends)
        answers, answered = _pipe(ends)
        second = started.enter_context(_started(other, asked, answered, (), limits))
        pipes = (answers, questions)
        with tempfile.TemporaryFile() as given:
            _fill(given, data)
            first = started.enter_context(
                _started(code, given.fileno(), subprocess.PIPE, pipes, limits)
            )
        # Whoever of the two ends must be missed by the other.
        ends.close()
        yield first, second


def _pipe(ends: contextlib.ExitStack) -> tuple[int, int]:
    source, sink = os.pipe()
    ends.callback(os.close, source)
    ends.callback(os.close, sink)
    return source, sink


def _run(code: str, data: bytes, limits: Limits) -> Ended:
    with tempfile.TemporaryFile() as given:
        _fill(given, data)
        with _started(code, given.fileno(), subprocess.PIPE, (), limits) as running:
            return running.ended()


@contextlib.contextmanager
def _started(
    code: str, source: int, sink: int, pipes: tuple[int, ...], limits: Limits
) -> Iterator[Running]:
    with tempfile.TemporaryFile() as refused:
        _fill(refused, call_filter())
        arguments = [
            *command(limits.room, refused.fileno()),
            *("-c", _BEGIN, _resources(limits), code, *map(str, pipes)),
        ]
        with subprocess.Popen(
            arguments,
            stdin=source,
            stdout=sink,
            stderr=subprocess.STDOUT,
            pass_fds=[refused.fileno(), *pipes],
            env={},
            cwd="/",
            start_new_session=True,
        ) as process:
            try:
                yield Running(process, limits)
            finally:
                _kill(process)


def _fill(file: IO[bytes], content: bytes) -> None:
    file.write(content)
    file.flush()
    file.seek(0)


def _resources(limits: Limits) -> str:
    bounds = {
        "RLIMIT_CPU": limits.cpu_seconds,
        "RLIMIT_AS": limits.memory,
        "RLIMIT_FSIZE": limits.room,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_CORE": 0,
    }
    return " ".join(f"{name}={most}" for name, most in bounds.items())


def _watch(process: subprocess.Popen[bytes], limits: Limits, deadline: float) -> Ended:
    """Read what the process writes until it ends or passes a limit."""
    output = bytearray()
    if process.stdout is not None:
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while len(output) <= limits.output:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return Ended("timeout", -1, bytes(output))
                chunk = os.read(process.stdout.fileno(), 65_536)
                if not chunk:
                    break
                output += chunk
            else:
                return Ended("flooded", -1, bytes(output[: limits.output]))
    try:
        # It may have closed its output and go on.
        status = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return Ended("timeout", -1, bytes(output))
    return Ended(_how(status), status, bytes(output))


def _how(status: int) -> Literal["exited", "killed", "timeout"]:
    """bubblewrap ends with 128 + n if signal n ended the process.

    Nobody inside can kill the first process of its namespace: the limit of processor time did.
    """
    if status == 128 + signal.SIGKILL:
        return "timeout"
    return "killed" if status > 128 or status < 0 else "exited"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End bubblewrap; with it ends the namespace, and every process in it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
