"""Benchmark files that are not ours to ship: used where they lie beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest


def real_file(name: str) -> Path:
    """``shared/data/NAME`` in a directory above this one; skips the test where there is none."""
    for parent in Path(__file__).resolve().parents:
        path = parent / "shared" / "data" / name
        if path.is_file():
            return path
    pytest.skip(f"needs shared/data/{name} in a directory above the repository")
