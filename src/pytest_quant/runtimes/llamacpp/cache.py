"""Files in the cache directory: written whole or not at all, by one process at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from pytest_quant.errors import QuantUsageError
from pytest_quant.files import write_atomically


def make_directory(path: Path) -> None:
    """Create a directory of the cache, with its parents."""
    with _writable(path):
        path.mkdir(parents=True, exist_ok=True)


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
