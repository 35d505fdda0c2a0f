"""What arguments of several commands have in common: paths."""

from __future__ import annotations

from pathlib import Path

from pytest_quant.base.paths import given_path
from pytest_quant.errors import QuantUsageError


def path_argument(text: str) -> Path:
    """A path as it is given; raises ``QuantUsageError`` for what cannot be one."""
    try:
        return given_path(text)
    except ValueError as error:
        raise QuantUsageError(str(error)) from None
