"""The directory of ``--alluredir``, looked at before allure-pytest makes or clears it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_quant.base.destinations import check_directory
from pytest_quant.errors import QuantUsageError
from pytest_quant.session.probe_files import default_paths

if TYPE_CHECKING:
    import pytest

    from pytest_quant.session.settings import Settings


def allure_directory(config: pytest.Config) -> Path | None:
    """Where allure-pytest writes, if it is there and was asked to."""
    given: str | None = config.getoption("allure_report_dir", None)
    return (
        Path(given).absolute()
        if given and config.pluginmanager.has_plugin("allure_listener")
        else None
    )


def check_allure_directory(config: pytest.Config, settings: Settings) -> None:
    """Raises ``QuantUsageError`` for one that cannot be written, or must not be cleared.

    ``--clean-alluredir`` removes the whole directory, whatever is in it.
    """
    directory = config.invocation_params.dir / config.getoption("allure_report_dir")
    try:
        check_directory(directory)
    except OSError as error:
        raise QuantUsageError(
            f"--alluredir: {directory} cannot be written: {error.strerror or error}; choose "
            "another directory"
        ) from None
    if config.getoption("clean_alluredir", False) and not config.option.collectonly:
        _check_may_be_removed(directory.resolve(), config, settings)


def _check_may_be_removed(directory: Path, config: pytest.Config, settings: Settings) -> None:
    here = config.invocation_params.dir
    probes = default_paths(settings.probe_paths, config.rootpath)
    ours = (settings.baselines, settings.cache_dir, *probes)
    files = (settings.model, settings.text, *settings.artifacts.values(), *settings.suites.values())
    named = (here / argument.partition("::")[0] for argument in config.args)
    for path in (here, config.rootpath, *ours, *named, *filter(None, files)):
        found = path.resolve()
        if path.exists() and (
            found.is_relative_to(directory) or (path in ours and directory.is_relative_to(found))
        ):
            raise QuantUsageError(
                f"--clean-alluredir: would remove {directory}, which has to do with {path}; choose "
                "a directory for Allure's results alone"
            )
