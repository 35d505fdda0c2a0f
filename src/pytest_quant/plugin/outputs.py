"""The files that a session writes: refused before it starts, or written when it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_quant.base.destinations import (
    Destination,
    check_destination,
    find_destination,
    identity,
)
from pytest_quant.errors import QuantUsageError
from pytest_quant.reports.written import REPORTS, write_report

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


def check_outputs(config: pytest.Config, session: Session) -> None:
    """Raises ``QuantUsageError`` now rather than after hours of work.

    A file that cannot be written, one that two outputs would share, and one that the session
    reads: it would be gone.
    """
    wanted = list(_wanted(session.plan.settings))
    for _, name, _ in wanted:
        REPORTS.get(name)
    reports = {option: path for option, _, path in wanted}
    outputs = {**reports, **dict(_baselines(session))}
    places = {option: _checked(option, path) for option, path in outputs.items()}
    taken: dict[object, str] = {}
    for option, place in (*places.items(), *_written_by_others(config)):
        other = taken.setdefault(place.identity or object(), option)
        if other != option:
            raise QuantUsageError(
                f"{option}: {place.path} is also what {other} writes; give each its own file"
            )
    read = {identity: what for what, path in _inputs(config, session) for identity in _there(path)}
    for option, path in reports.items():
        place = places[option]
        what = read.get(place.identity, "")
        if place.is_file and place.status is not None and not what:
            claimed = session.files.claims(path) or session.files.claims(place.path)
            what = "a probe file" if claimed else ""
        if what:
            raise QuantUsageError(
                f"{option}: {path} is {what} of this session, and would be replaced; choose "
                "another file"
            )


def write_outputs(settings: Settings, record: RunRecord) -> Iterator[str]:
    """Write every file that was named; a line for each one that could not be."""
    for option, name, path in _wanted(settings):
        try:
            write_report(name, record, path)
        except OSError as error:
            yield f"{option}: {path} cannot be written: {error.strerror or error}"
        except QuantUsageError as error:
            yield f"{option}: {path} is not written: {error}"


def _wanted(settings: Settings) -> Iterator[tuple[str, str, Path]]:
    """The option that asks for a report, the report's name, and its file."""
    named = {"json": settings.json, "html": settings.html, "markdown": settings.markdown}
    for name, path in named.items():
        if path is not None:
            yield f"--quant-{name}", name, path
    for name, path in settings.reports.items():
        yield f"--quant-report {name}", name, path


def _baselines(session: Session) -> Iterator[tuple[str, Path]]:
    """What is recorded, if anything is."""
    if session.plan.settings.update != "no" and session.plan.model_name:
        for level in session.plan.tested:
            yield f"--quant-update-baselines of {level}", session.plan.baselines.path(level)
        yield "--quant-update-baselines", session.plan.baselines.predictions_path


def _checked(option: str, path: Path) -> Destination:
    try:
        return check_destination(path)
    except OSError as error:
        raise QuantUsageError(
            f"{option}: {path} cannot be written: {error.strerror or error}; choose another place"
        ) from None


def _written_by_others(config: pytest.Config) -> Iterator[tuple[str, Destination]]:
    """What other plugins are asked to write; whether they can is for them to say."""
    for option, name in _OTHERS.items():
        if path := config.getoption(name, None):
            with suppress(OSError):
                yield option, find_destination(config.invocation_params.dir / path)


def _inputs(config: pytest.Config, session: Session) -> Iterator[tuple[str, Path]]:
    """The files that a session reads, by what they are."""
    from pytest_quant.base.library import EXPECTED_IMPACT, GUIDE_TABLES, HELD_TEXT
    from pytest_quant.runtimes.backend import backend_of
    from pytest_quant.session.lineup import model_files

    if config.inipath is not None:
        yield "the settings", config.inipath
    for argument in config.args:
        yield "a test file", config.invocation_params.dir / argument.partition("::")[0]
    for plugin in config.pluginmanager.get_plugins():
        if file := getattr(plugin, "__file__", None):
            yield "a plugin", Path(file)
    chosen = session.plan.settings
    for model in model_files(chosen.model, chosen.artifacts):
        with suppress(QuantUsageError):
            parts = backend_of(model).inspect(model).parts
            yield from (("a part of a model", part) for part in parts)
        yield "a model", model
    yield "the held text", chosen.text or HELD_TEXT
    yield from (("a suite", path) for path in chosen.suites.values())
    yield from (("a file of the library", path) for path in (EXPECTED_IMPACT, GUIDE_TABLES))
    if session.plan.model_name:
        recorded = session.plan.baselines.path("any").parent
        yield from (("a baseline", path) for path in recorded.glob("*"))


def _there(path: Path) -> Iterator[object]:
    """The identity of a file, if there is one."""
    with suppress(OSError):
        yield identity(path.stat())
