"""Which type each tensor gets, so that the least is lost in a given size: solved, not guessed.

Choosing one type for each tensor at the least sum of losses within a sum of sizes is the
multiple-choice knapsack problem; scipy's ``milp`` (HiGHS) solves it and says how far the answer can
be from the best one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Relative to the best answer there can be; and the seconds until the best one found is taken.
GAP = 1e-4
_SECONDS = 60.0


class NoRoom(ValueError):
    """All tensors together take more than there is, whatever their types; says how much."""


@dataclass(frozen=True, slots=True)
class Option:
    """A type that a tensor may have, what it takes in bytes, and the divergence that it costs."""

    kind: str
    nbytes: int
    loss: float


@dataclass(frozen=True, slots=True)
class Allocation:
    """The type of each tensor; ``loss`` is the sum of theirs, which is at most ``gap`` (a share of
    itself) above the least that there is in ``nbytes``.
    """

    kinds: Mapping[str, str]
    nbytes: int
    loss: float
    gap: float


def smallest(options: Mapping[str, Sequence[Option]]) -> int:
    """The bytes that all tensors take at least."""
    return sum(min(option.nbytes for option in of) for of in options.values())


def allocate(options: Mapping[str, Sequence[Option]], budget: int) -> Allocation:
    """The allocation of least loss in ``budget`` bytes; raises ``NoRoom``."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    flat = [(name, option) for name, of in options.items() for option in of]
    if smallest(options) > budget:
        raise NoRoom(
            f"they take at least {smallest(options):,} bytes, {budget:,} are left for them"
        )
    losses = np.array([option.loss for _, option in flat])
    sizes = np.array([option.nbytes for _, option in flat], np.float64)
    places = {name: row for row, name in enumerate(options)}
    rows = [places[name] for name, _ in flat]
    one_each = csr_array((np.ones(len(flat)), (rows, range(len(flat)))))
    # In units of what is to be shared out, so that no number is large.
    scale = max(losses.max(), 1e-300)
    found = milp(
        losses / scale,
        integrality=np.ones(len(flat)),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(one_each, 1, 1),
            LinearConstraint((sizes / budget)[np.newaxis, :], -np.inf, 1.0),
        ],
        options={"mip_rel_gap": GAP, "time_limit": _SECONDS},
    )
    if found.x is None:
        raise RuntimeError(f"scipy's milp found nothing: {found.message}")
    chosen = {name: option for (name, option), x in zip(flat, found.x, strict=True) if x > 0.5}
    return Allocation(
        {name: option.kind for name, option in chosen.items()},
        sum(option.nbytes for option in chosen.values()),
        sum(option.loss for option in chosen.values()),
        float(found.mip_gap or 0.0),
    )
