"""Tests of isolation run where programs can be isolated, and say why where they cannot."""

from __future__ import annotations

import pytest

from pytest_quant.errors import SandboxUnavailable
from pytest_quant.sandbox import require


@pytest.fixture
def sandbox() -> None:
    try:
        require()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
