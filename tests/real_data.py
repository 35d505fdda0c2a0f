"""Benchmark files that are not ours to ship: used where they lie beside the repository.

The suite takes some rows of each. With ``PYTEST_QUANT_WHOLE=1`` it takes all, which takes minutes:
after a change of what judges them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pytest

Row = TypeVar("Row")
_EVERY = 1 if os.environ.get("PYTEST_QUANT_WHOLE") == "1" else 6


def some(rows: Sequence[Row]) -> Sequence[Row]:
    """Every sixth row, or all of them."""
    return rows[::_EVERY]


def real_file(name: str) -> Path:
    """``shared/data/NAME`` in a directory above this one; skips the test where there is none."""
    for parent in Path(__file__).resolve().parents:
        path = parent / "shared" / "data" / name
        if path.is_file():
            return path
    pytest.skip(f"needs shared/data/{name} in a directory above the repository")
