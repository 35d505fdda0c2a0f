"""Tell, with evidence, what quantization did to a language model.

Importing this package costs nothing: sympy and friends load when ``check`` is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_quant.base.categories import Category
    from pytest_quant.base.version import __version__
    from pytest_quant.checkers import check
    from pytest_quant.checkers.checker import Checker
    from pytest_quant.checkers.outcome import Outcome
    from pytest_quant.errors import QuantUsageError
    from pytest_quant.plugin.fixture import Quant
    from pytest_quant.probes.model import Probe
    from pytest_quant.record.run import RunRecord
    from pytest_quant.session.run import run
    from pytest_quant.suites.fixed import fixed_probe
    from pytest_quant.suites.rows import read_rows

__all__ = [
    "Category",
    "Checker",
    "Outcome",
    "Probe",
    "Quant",
    "QuantUsageError",
    "RunRecord",
    "__version__",
    "check",
    "fixed_probe",
    "read_rows",
    "run",
]

_HOMES = {
    "Category": "pytest_quant.base.categories",
    "Checker": "pytest_quant.checkers.checker",
    "Outcome": "pytest_quant.checkers.outcome",
    "Probe": "pytest_quant.probes.model",
    "Quant": "pytest_quant.plugin.fixture",
    "QuantUsageError": "pytest_quant.errors",
    "RunRecord": "pytest_quant.record.run",
    "__version__": "pytest_quant.base.version",
    "check": "pytest_quant.checkers",
    "fixed_probe": "pytest_quant.suites.fixed",
    "read_rows": "pytest_quant.suites.rows",
    "run": "pytest_quant.session.run",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
