"""How far quantized weights are from what they were made of, row by row."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pytest_quant.metrics.swaps import CLIPPED, OUTLIER, WeightError

Weights = npt.NDArray[np.float32]


def weight_error(rows: Iterable[tuple[Weights, Weights]]) -> WeightError:
    """From pairs of the same rows, as they were and as they are: both (rows, width)."""
    error = power = worst = 0.0
    weights = outliers = clipped = 0
    for before, after in rows:
        wide = before.astype(np.float64)
        errors = np.square(after - wide).sum(axis=1)
        powers = np.square(wide).sum(axis=1)
        error += float(errors.sum())
        power += float(powers.sum())
        with_weights = powers > 0
        if with_weights.any():
            worst = max(worst, float((errors[with_weights] / powers[with_weights]).max()))
        scale = np.sqrt(powers / before.shape[1])[:, np.newaxis]
        out = np.abs(wide) > OUTLIER * scale
        # Towards zero, or past it.
        short = (after * np.sign(wide)) < (1 - CLIPPED) * np.abs(wide)
        weights += before.size
        outliers += int(out.sum())
        clipped += int((out & short).sum())
    return WeightError(
        rms=(error / power) ** 0.5 if power else 0.0,
        worst_row=worst**0.5,
        outliers=outliers / weights if weights else 0.0,
        clipped=clipped / outliers if outliers else 0.0,
    )
