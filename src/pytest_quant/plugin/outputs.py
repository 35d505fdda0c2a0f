"""The files that a session writes: refused before it starts, or written when it has ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_quant.errors import QuantUsageError

if TYPE_CHECKING:
    from pytest_quant.plugin.options import Settings
    from pytest_quant.record import RunRecord


def check_outputs(settings: Settings) -> None:
    """Raises ``QuantUsageError`` now rather than after hours of work."""
    for name, path in _wanted(settings):
        if path.is_dir():
            raise QuantUsageError(f"--quant-{name}: {path} is a directory; give a file")
        existing = next(parent for parent in path.parents if parent.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK):
            raise QuantUsageError(
                f"--quant-{name}: {path} cannot be written: no permission in {existing}; "
                "choose another file"
            )


def write_outputs(settings: Settings, record: RunRecord) -> None:
    """Write every file that was named; raises ``QuantUsageError`` once all were tried."""
    from pytest_quant.reports.written import WRITERS

    failed = []
    for name, path in _wanted(settings):
        try:
            WRITERS[name](record, path)
        except OSError as error:
            failed.append(f"--quant-{name}: {path} cannot be written: {error.strerror}")
    if failed:
        raise QuantUsageError(
            "\n".join(failed) + "; every response is in the cache, so run again with another file"
        )


def allure_directory(config: pytest.Config) -> Path | None:
    """Where allure-pytest writes, if it is there and was asked to."""
    given: str | None = config.getoption("allure_report_dir", None)
    return (
        Path(given).absolute()
        if given and config.pluginmanager.has_plugin("allure_listener")
        else None
    )


def _wanted(settings: Settings) -> Iterator[tuple[str, Path]]:
    named = {"json": settings.json, "html": settings.html, "markdown": settings.markdown}
    for name, path in named.items():
        if path is not None:
            yield name, path
