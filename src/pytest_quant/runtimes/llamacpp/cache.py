"""Files in the cache directory: written whole or not at all, by one process at a time."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from pytest_quant.errors import QuantUsageError


def make_directory(path: Path) -> None:
    """Create a directory of the cache, with its parents."""
    with _writable(path):
        path.mkdir(parents=True, exist_ok=True)


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Replace a JSON file atomically."""
    make_directory(path.parent)
    with _writable(path):
        handle, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w") as file:
                json.dump(content, file)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


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
