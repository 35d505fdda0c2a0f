"""The pytest plugin. This module is imported by every pytest run of every user: keep it light."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_quant.plugin import hookspecs
from pytest_quant.plugin.marks import MARKS, declare
from pytest_quant.plugin.options.declaring import add_options
from pytest_quant.plugin.options.table import OPTIONS

if TYPE_CHECKING:
    from pytest_quant.plugin.fixture import Quant


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that others may implement, whether or not a level is asked for."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and their ini twins."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Look at Allure's directory, if any level was asked for, before allure-pytest does."""
    if config.getoption("allure_report_dir", None) and _is_on(config):
        from pytest_quant.plugin.start import check_allure

        check_allure(config)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make our marks known, and start the plugin proper, if any level was asked for."""
    declare(config, MARKS)
    if not _is_on(config):
        _refuse_options_without_levels(config)
        return
    from pytest_quant.plugin.start import start

    start(config)


def _refuse_options_without_levels(config: pytest.Config) -> None:
    """Raises ``pytest.UsageError`` if this very command asks for what needs a level.

    What ``addopts`` holds may be meant for other commands of the project.
    """
    words = [str(word).partition("=")[0] for word in config.invocation_params.args]
    given = {option.flag: option.key for option in OPTIONS if option.flag in words}
    for flag, key in given.items():
        # Behind "--" it is no option, and pytest takes it for a path.
        if config.getoption(key) is not None:
            raise pytest.UsageError(
                f"{flag}: no level to test; add --quant-levels, as in --quant-levels=q4,q8"
            )


def _is_on(config: pytest.Config) -> bool:
    try:
        return config.getoption("quant_levels") is not None or bool(config.getini("quant_levels"))
    except TypeError:
        # pytest 9.0 refuses a value of another type here; whoever reads the settings says it.
        return True


@pytest.fixture
def _quant_level(request: pytest.FixtureRequest) -> str | None:
    """The level of a test that asks for ``quant``; set for each level under test."""
    level: str | None = getattr(request, "param", None)
    return level


@pytest.fixture
def quant(request: pytest.FixtureRequest, _quant_level: str | None) -> Quant:
    """Ask the model at a level, and the reference: ``quant.ask(...)``, ``quant.check(...)``.

    The test runs once for each level of ``--quant-levels``, and is skipped without that option.
    """
    if _quant_level is None:
        pytest.skip("asks a quantized model: say which, as in --quant-levels=q4,q8")
    from pytest_quant.plugin.fixture import of_level

    return of_level(request, _quant_level)
