"""Tell, with evidence, what quantization did to a language model.

Importing this package costs nothing: sympy and friends load when ``check`` is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_quant.checkers import check
    from pytest_quant.checkers.outcome import Outcome
    from pytest_quant.plugin.fixture import Quant

__version__ = "0.1.0"
__all__ = ["Outcome", "Quant", "__version__", "check"]


def __getattr__(name: str) -> Any:
    if name == "check":
        from pytest_quant.checkers import check

        return check
    if name == "Outcome":
        from pytest_quant.checkers.outcome import Outcome

        return Outcome
    if name == "Quant":
        from pytest_quant.plugin.fixture import Quant

        return Quant
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
