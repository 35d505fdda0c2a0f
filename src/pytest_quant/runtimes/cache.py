"""Files in the cache directory: written whole or not at all, by one process at a time."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from pytest_quant.base.files import write_atomically
from pytest_quant.errors import QuantUsageError


def make_directory(path: Path) -> None:
    """Create a directory of the cache, with its parents."""
    with _writable(path):
        path.mkdir(parents=True, exist_ok=True)


def check_writable(path: Path) -> None:
    """Make the cache, and a file in it for a moment."""
    make_directory(path)
    with _writable(path), tempfile.NamedTemporaryFile(dir=path):
        pass


def remember(path: Path, content: Mapping[str, object]) -> None:
    """Keep in a JSON file what only saves time, if it can be kept."""
    with suppress(OSError):
        write_atomically(path, json.dumps(content))


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Replace a JSON file atomically."""
    with _writable(path):
        write_atomically(path, json.dumps(content))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file of ``path``, waiting for other processes as long as they need."""
    lock = FileLock(f"{path}.lock")
    with _writable(path):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise QuantUsageError(
            f"{path}: the cache cannot be written: {error.strerror or error}; "
            "choose another directory with --quant-cache-dir"
        ) from error
