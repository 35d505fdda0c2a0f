"""One alpha for failing and for passing, where the difference is not the point."""

from __future__ import annotations

from pytest_quant.gate.tolerance_check import Alphas


def alike(alpha: float) -> Alphas:
    return Alphas(to_fail=alpha, to_pass=alpha)
