"""How many times as large one sum over chunks is as another, and how well that is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Standard errors on each side of a 95 % interval.
_TWO_SIDED = 1.96


@dataclass(frozen=True, slots=True)
class Ratio:
    """With the bounds of a 95 % interval."""

    value: float
    lower: float
    upper: float


def ratio_of_sums(above: Sequence[float], below: Sequence[float]) -> Ratio | None:
    """From what each chunk adds to both, so chunk by chunk paired; bounds by leaving out each chunk
    in turn (the jackknife, on the logarithm). ``None`` of fewer than two chunks, or where a sum, or
    one without a chunk, is not above 0.
    """
    chunks = len(above)
    tops, bottoms = sum(above), sum(below)
    try:
        value = math.log(tops / bottoms)
        others = [math.log((tops - a) / (bottoms - b)) for a, b in zip(above, below, strict=True)]
        middle = sum(others) / chunks
        spread = sum((other - middle) ** 2 for other in others)
        error = math.sqrt((chunks - 1) / chunks * spread)
    except (ValueError, ZeroDivisionError):
        return None
    return Ratio(*(math.exp(value + side * _TWO_SIDED * error) for side in (0, -1, 1)))
