"""Content digests of model files, each computed once and remembered.

A digest names what was measured, so it covers every byte. Reading gigabytes for every session
would be slow, so it is remembered for as long as path, size, time of change and inode agree.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pytest_quant.runtimes.cache import remember
from pytest_quant.runtimes.llamacpp.gguf_file import inspect

_CHUNK = 1 << 22


def digest(path: Path, cache_dir: Path) -> str:
    """SHA-256, in hexadecimal, of a model's bytes: all parts in order for a split model."""
    parts = inspect(path).parts
    identity = json.dumps([_identity(part) for part in parts])
    record = cache_dir / "digests" / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.json"
    try:
        known = json.loads(record.read_text())
        if known["identity"] == identity:
            return str(known["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not known yet, or left broken by a killed run
    sha256 = hashlib.sha256()
    for part in parts:
        with part.open("rb") as file:
            while chunk := file.read(_CHUNK):
                sha256.update(chunk)
    remember(record, {"identity": identity, "sha256": sha256.hexdigest()})
    return sha256.hexdigest()


def _identity(path: Path) -> list[str | int]:
    status = path.stat()
    return [str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ino]
