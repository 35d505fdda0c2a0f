"""No file ends the session: each is tried in a process of its own before it is trusted.

llama.cpp checks much of a file, and aborts or reads beyond its memory for some of the rest. A
file that was loaded, and with which a token was decoded, is remembered by its digest, the build
and the hardware, so that this costs a second once. What this package quantized was tried by
the process that made it, and the embedded model by its release.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import KvTypes
from pytest_quant.runtimes.cache import make_directory, remember
from pytest_quant.runtimes.hardware import DEFAULT_HARDWARE, Hardware
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.gguf_file import GgufInfo, inspect

# Counts the ways in which files are tried: what was tried in an older one is tried again.
_VERSION = 1
# For reading it twice from a slow disk, and for starting at all.
_BYTES_PER_SECOND = 10_000_000
_LEAST_SECONDS = 60
# Weights may be unpacked into as much memory again and again; the rest is small for one token.
_LEAST_MEMORY = 4 << 30
_LAST_BYTES = 1 << 16
_LAST_LINES = 3
_DAMAGED = (
    "Its header or weights are damaged, or this llama-cpp-python does not support them: "
    "download or convert it again, or upgrade."
)
_OTHER_WAY = (
    "This llama-cpp-python cannot run it so: choose other types of keys and values, or leave out "
    "options such as --quant-flash-attn."
)
# Of gdb, which ggml may ask for the stack, and of Python.
_NOISE = re.compile(r"\[New LWP|\[Thread |#\d|Fatal Python error|\s*(File|Current thread) ")


@dataclass(frozen=True, slots=True)
class Way:
    """A way to run a model that is not llama.cpp's own."""

    kv: KvTypes | None = None
    hardware: Hardware = DEFAULT_HARDWARE


OWN_WAY = Way()


def ensure_tried(path: Path, sha256: str, cache_dir: Path, way: Way = OWN_WAY) -> None:
    """Raises ``QuantUsageError`` for a model that is damaged or that llama.cpp cannot run.

    It is tried once in each way, all parts of it; ``path`` is the first, ``sha256`` the digest of
    them.
    """
    if path == EMBEDDED_MODEL and way == OWN_WAY:
        return
    identity = [sha256, library.build_id(), library.hardware_class(), _VERSION]
    if way != OWN_WAY:
        identity.append(json.dumps(asdict(way)))
    key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]
    record = cache_dir / "tried" / f"{key}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        if json.loads(record.read_text("utf-8"))["identity"] == identity:
            return
    make_directory(record.parent)
    if problem := _problem(inspect(path), record.parent, way):
        raise QuantUsageError(problem)
    remember(record, {"identity": identity})


def _problem(model: GgufInfo, directory: Path, way: Way) -> str:
    """Try a model in a child process; what is wrong with it, ``""`` if nothing is.

    What it says goes to unnamed files in a directory, so that it may say any amount.
    """
    parts = [str(part) for part in model.parts]
    order = json.dumps([parts, 2 * model.size + _LEAST_MEMORY, asdict(way)])
    seconds = _LEAST_SECONDS + 2 * model.size / _BYTES_PER_SECOND
    with (
        tempfile.TemporaryFile(dir=directory) as output,
        tempfile.TemporaryFile(dir=directory) as errors,
    ):
        child = subprocess.Popen(
            child_command(f"{__name__}_inside", order),
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        try:
            ended = child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            ended = None
        finally:
            child.kill()
            child.wait()
        stage, problem = "starting", None
        for said in _messages(_end(output)):
            stage, problem = said.get("stage", stage), said.get("problem")
        if problem is not None:
            return problem
        how = f"did not end within {seconds:.0f} s" if ended is None else _how(ended)
        words = last_words(_end(errors)) or ["(it said nothing)"]
    return "\n".join(
        (
            f"{model.path}: llama.cpp {how} while {stage}; its last words:",
            *words,
            _DAMAGED if way == OWN_WAY else _OTHER_WAY,
        )
    )


def child_command(module: str, order: str) -> list[str]:
    """A Python that calls ``main(order)`` of a module, and finds what this one finds.

    Last, though: pytest puts folders of tests first, and a file there may be named as one of the
    standard library's.
    """
    code = f"import sys; sys.path += {sys.path!r}; from {module} import main; main(sys.argv[1])"
    return [sys.executable, "-P", "-c", code, order]


def child_environment() -> dict[str, str]:
    """One in which ggml ends a process without asking a debugger first."""
    return {**os.environ, "GGML_NO_BACKTRACE": "1"}


def last_words(errors: str) -> list[str]:
    """The last lines of a process that matter, with paths of llama.cpp's sources shortened."""
    lines = [line.rstrip() for line in errors.splitlines()]
    said = [line for line in lines if line.strip() and not _NOISE.match(line)]
    return [re.sub(r"^\S*/llama\.cpp/", "", line)[:300] for line in said[-_LAST_LINES:]]


def _end(file: IO[bytes]) -> str:
    file.seek(max(0, os.fstat(file.fileno()).st_size - _LAST_BYTES))
    return file.read().decode("utf-8", errors="replace")


def _messages(output: str) -> Iterator[dict[str, str]]:
    """What the child says in lines of JSON; a backend may print beside it."""
    for line in output.splitlines():
        with suppress(ValueError):
            said = json.loads(line)
            if isinstance(said, dict):
                yield said


def _how(status: int) -> str:
    if status >= 0:
        return f"ended the process with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    short = " (was there too little memory?)" if name == "SIGKILL" else ""
    return f"was ended by {name}{short}"
