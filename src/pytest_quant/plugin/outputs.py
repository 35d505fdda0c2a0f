"""The files that a session writes: refused before it starts, or written when it has ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_quant.base.destinations import Destination, find_destination
from pytest_quant.reports.written import REPORTS, Wanted, write_reports
from pytest_quant.session.outputs import check_outputs as check_files
from pytest_quant.session.outputs import checked

if TYPE_CHECKING:
    import pytest

    from pytest_quant.record.run import RunRecord
    from pytest_quant.session.session import Session
    from pytest_quant.session.settings import Settings

# Where the options of pytest and of its plugins keep the names of files that they write.
_OTHERS = {
    "--junitxml": "xmlpath",
    "--log-file": "log_file",
    "--report-log": "report_log",
    "--html": "htmlpath",
    "--alluredir": "allure_report_dir",
}


# Those that look at the place only when they write.
_LATE = ("--junitxml", "--html")


def check_outputs(config: pytest.Config, session: Session) -> None:
    """Raises ``QuantUsageError`` now rather than after hours of work."""
    wanted = list(_wanted(session.plan.settings))
    for one in wanted:
        REPORTS.get(one.name)
    reports = {one.option: one.path for one in wanted}
    check_files(session, reports, _written_by_others(config), _read_by_others(config))


def write_outputs(settings: Settings, record: RunRecord) -> Iterator[str]:
    """Write every file that was named; a line for each one that could not be."""
    yield from write_reports(_wanted(settings), record)


def _wanted(settings: Settings) -> Iterator[Wanted]:
    named = {"json": settings.json, "html": settings.html, "markdown": settings.markdown}
    for name, path in named.items():
        if path is not None:
            yield Wanted(f"--quant-{name}", name, path)
    for name, path in settings.reports.items():
        yield Wanted(f"--quant-report {name}", name, path)


def _written_by_others(config: pytest.Config) -> Iterator[tuple[str, Destination]]:
    """What other plugins are asked to write; whether they can is for them to say, unless they say
    it when hours of work have ended.
    """
    for option, name in _OTHERS.items():
        if given := config.getoption(name, None):
            # As pytest does, which takes an unknown home as it is written.
            named = os.path.expanduser(os.path.expandvars(given))  # noqa: PTH111
            path = config.invocation_params.dir / named
            if option in _LATE:
                yield option, checked(option, path)
            else:
                with suppress(OSError):
                    yield option, find_destination(path)


def _read_by_others(config: pytest.Config) -> Iterator[tuple[str, Path]]:
    """The files that pytest reads, by what they are."""
    if config.inipath is not None:
        yield "the settings", config.inipath
    for argument in config.args:
        yield "a test file", config.invocation_params.dir / argument.partition("::")[0]
    for plugin in config.pluginmanager.get_plugins():
        if file := getattr(plugin, "__file__", None):
            yield "a plugin", Path(file)
