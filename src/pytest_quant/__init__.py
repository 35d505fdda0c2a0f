"""Tell, with evidence, what quantization did to a language model.

Importing this package costs nothing: sympy and friends load when ``check`` is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_quant.base.version import __version__
    from pytest_quant.checkers import check
    from pytest_quant.checkers.outcome import Outcome
    from pytest_quant.plugin.fixture import Quant
    from pytest_quant.record.run import RunRecord
    from pytest_quant.session.run import run

__all__ = ["Outcome", "Quant", "RunRecord", "__version__", "check", "run"]

_HOMES = {
    "Outcome": "pytest_quant.checkers.outcome",
    "Quant": "pytest_quant.plugin.fixture",
    "RunRecord": "pytest_quant.record.run",
    "__version__": "pytest_quant.base.version",
    "check": "pytest_quant.checkers",
    "run": "pytest_quant.session.run",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
