"""A number with its bounds: how everything that one session measured is reported."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RESAMPLES = 1000
_SEED = 0
# Values held in memory at once.
_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value between its two-sided 95 % bounds, all in the unit that its field names."""

    value: float
    lower: float
    upper: float


def resampled_means(rows: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """The column means of ``rows`` in 1000 bootstrap resamples of the rows: (1000, columns).

    Poisson weights stand for drawing with replacement (Hanley and MacGibbon, 2006). The seed is
    fixed, so equal rows give equal bounds.
    """
    import numpy as np

    values = np.asarray(rows, dtype=np.float64)
    generator = np.random.default_rng(_SEED)
    step = max(1, _CHUNK // len(values))
    means = []
    for begin in range(0, _RESAMPLES, step):
        weights = generator.poisson(1.0, (min(step, _RESAMPLES - begin), len(values)))
        # A resample without any row says as much as the rows do.
        weights[weights.sum(axis=1) == 0] = 1
        means.append(weights @ values / weights.sum(axis=1, keepdims=True))
    return np.concatenate(means)


def between(value: float, draws: NDArray[np.float64]) -> Estimate:
    """A value with the percentile bounds of its resamples, which it never lies outside of."""
    import numpy as np

    lower, upper = (float(bound) for bound in np.quantile(draws, (0.025, 0.975)))
    return Estimate(value, min(value, lower), max(value, upper))


def mean_of(values: Sequence[float], alpha: float = 0.05) -> Estimate:
    """A mean with normal bounds, two-sided at ``alpha``; one value bounds itself."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return Estimate(mean, mean, mean)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    margin = NormalDist().inv_cdf(1 - alpha / 2) * math.sqrt(variance / len(values))
    return Estimate(mean, mean - margin, mean + margin)


def share_of(count: int, n: int) -> Estimate:
    """A share of ``n`` cases in per cent, with Wilson's score bounds (1927)."""
    z = NormalDist().inv_cdf(0.975)
    share = count / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    margin = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Estimate(
        100 * count / n,
        100 * max(0.0, min(share, centre - margin)),
        100 * min(1.0, max(share, centre + margin)),
    )
