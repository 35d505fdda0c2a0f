"""The pytest plugin. This module is imported by every pytest run of every user: keep it light."""

from __future__ import annotations

import pytest

from pytest_quant.plugin.options import add_options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and their ini twins."""
    add_options(parser)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the plugin proper, if any level was asked for."""
    if config.getoption("quant_levels") is None and not config.getini("quant_levels"):
        return
    from pytest_quant.plugin.session import start

    start(config)
