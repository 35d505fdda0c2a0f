"""One session has one chance of a false alarm; this says how its checks share it.

The shares depend only on what was selected, so a verdict depends neither on the order of the
tests nor on the number of workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pytest_quant.errors import QuantUsageError

Scope = Literal["pooled", "category", "probe", "set"]

_SHARES: dict[Scope, float] = {"pooled": 0.5, "category": 0.25, "probe": 0.25, "set": 0.25}


@dataclass(frozen=True, slots=True)
class Budget:
    """The error budget of one session, and how many checks were selected in each scope.

    ``pooled`` counts the checks over all probes of a level, ``category`` those of a category at
    a level, ``probe`` those of a probe at a level, or of a parametrized test in Python (a ``set``),
    which is checked alike. A second kind of check of the same scope
    counts again. The chance that any of them fails although its level is within its limit is
    at most ``alpha`` (Bonferroni), however the checks depend on each other.
    """

    alpha: float
    pooled: int
    category: int
    probe: int

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 0.5:
            raise QuantUsageError(
                f"alpha is {self.alpha:g}; it is the chance of a false alarm in one session "
                "and lies between 0 and 0.5\nuse 0.05, or less to fail more rarely"
            )
        if min(self.pooled, self.category, self.probe) < 0:
            raise ValueError(f"negative number of checks: {self}")

    def alpha_for(self, scope: Scope) -> float:
        """The one-sided alpha of each check of a scope; ``ValueError`` if it has no check."""
        checks = {"pooled": self.pooled, "category": self.category}.get(scope, self.probe)
        if checks == 0:
            raise ValueError(f"no {scope} check was selected, so none has an alpha")
        return self.alpha * _SHARES[scope] / checks

    @property
    def checks(self) -> int:
        """The number of checks of the session."""
        return self.pooled + self.category + self.probe
