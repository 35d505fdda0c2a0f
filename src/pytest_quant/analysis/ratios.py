"""How many times as large one sum over chunks is as another, and how well that is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# What each side of a 95 % interval leaves out.
_TAIL = 0.025
# Of fewer chunks the spread itself is hardly known, and nothing is told.
FEWEST_CHUNKS = 6


def errors_beside(chunks: int, tail: float = _TAIL) -> float:
    """How many standard errors, known from so many chunks, leave out this share on one side."""
    from scipy.stats import t

    return float(t.ppf(1 - tail, chunks - 1)) if chunks > 1 else math.inf


@dataclass(frozen=True, slots=True)
class Ratio:
    """With the bounds of a 95 % interval."""

    value: float
    lower: float
    upper: float


def ratio_of_sums(above: Sequence[float], below: Sequence[float]) -> Ratio | None:
    """From what each chunk adds to both, so chunk by chunk paired; bounds by leaving out each chunk
    in turn (the jackknife, on the logarithm, with Student's t). ``None`` of fewer than
    ``FEWEST_CHUNKS``, or where a sum, or one without a chunk, is not above 0.
    """
    chunks = len(above)
    if chunks < FEWEST_CHUNKS:
        return None
    tops, bottoms = sum(above), sum(below)
    try:
        value = math.log(tops / bottoms)
        others = [math.log((tops - a) / (bottoms - b)) for a, b in zip(above, below, strict=True)]
        middle = sum(others) / chunks
        spread = sum((other - middle) ** 2 for other in others)
        error = math.sqrt((chunks - 1) / chunks * spread)
    except (ValueError, ZeroDivisionError):
        return None
    reach = errors_beside(chunks) * error
    return Ratio(*(math.exp(value + side * reach) for side in (0, -1, 1)))
