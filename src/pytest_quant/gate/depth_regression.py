"""Is a level further from its reference than it was recorded to be, in any range of depth?

Each range of a long reading is compared by itself: a fault that shows only behind a thousand tokens
would be thinned out in the mean of all. They share the alpha of one check evenly (Bonferroni).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from pytest_quant.gate.divergence_regression import (
    NOISE,
    Chunk,
    DivergenceCheck,
    DivergenceResult,
    evaluate_divergence,
)
from pytest_quant.gate.tolerance_check import CheckVerdict
from pytest_quant.metrics import depth

# How much higher is worth failing for. All stretches of a reading have read the same beginning, so
# that what rounding does there may move them all one way: half of this may be harmless.
DEEP_RISE = 0.5
# A stretch is a group: its tokens were read one after the other.
_GROUP = 1
# What few stretches carry, such as a rare token, the pieces of the text show better: here the test
# of what they have in common has all of alpha.
_COMMON = 1.0
_WORST: Sequence[CheckVerdict] = ("fail", "inconclusive", "pass")


class Stretch(Chunk, depth.Stretch, Protocol):
    """A chunk of a long reading."""


def depth_check(
    level: str, recorded: Sequence[Chunk], now: Sequence[Stretch], alpha: float
) -> DivergenceCheck | None:
    """What the range shows that decides; ``None`` if nothing is recorded of what was read.

    Fails if a range does, passes if all do. The first one is left to the pieces of the text.
    """
    ranges: defaultdict[int, list[Stretch]] = defaultdict(list)
    for stretch in now:
        ranges[depth.range_of(stretch.depth)].append(stretch)
    ranges.pop(0, None)
    found: dict[int, DivergenceResult] = {}
    for start, members in sorted(ranges.items()):
        share = alpha / len(ranges)
        result = evaluate_divergence(
            recorded, members, share, DEEP_RISE, group=_GROUP, common=_COMMON
        )
        if result is not None:
            found[start] = result
    if not found:
        return None
    # Of those that say the worst, the one that rose most.
    start = min(found, key=lambda one: (_WORST.index(found[one].verdict), -_ratio(found[one])))
    where = f"behind {start:,} to {depth.end_of(start, ranges[start]):,} tokens"
    return DivergenceCheck(level, "depth", found[start], where)


def _ratio(result: DivergenceResult) -> float:
    return result.now / max(result.recorded, NOISE)
