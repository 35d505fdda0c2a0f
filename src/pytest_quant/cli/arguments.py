"""What arguments of several commands have in common: paths and models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_quant.base.paths import given_path
from pytest_quant.errors import QuantUsageError


def path_argument(text: str) -> Path:
    """A path as it is given; raises ``QuantUsageError`` for what cannot be one."""
    try:
        return given_path(text)
    except ValueError as error:
        raise QuantUsageError(str(error)) from None


def model_argument(given: str, cache_dir: Path) -> Path:
    """A model that is given as a file or at a hub; raises ``QuantUsageError``."""
    from pytest_quant.cli.telling import tell
    from pytest_quant.session.hub import Hub

    try:
        return Hub(tell, cache_dir).find(given) or given_path(given)
    except ValueError as error:
        raise QuantUsageError(f"MODEL: {error}") from None


@contextmanager
def naming(option: str) -> Iterator[None]:
    """Mistakes in a text are told of the command's own option, not of a session's."""
    try:
        yield
    except QuantUsageError as error:
        told = str(error).replace("--quant-text (quant_text)", option)
        raise QuantUsageError(told) from None
