"""Did the divergence of a text rise? Two tests on its chunks, each valid whatever the other sees.

Chunks that are read in one batch move together, so neighbours count as one group. What is common
to the groups, a t test of the rise tells. It is blind to what few chunks carry: these widen its own
standard error. There the movements of the other chunks tell how far a chunk moves without damage.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Neighbours that may move together: as many questions with their answers as fill a batch.
GROUP = 8
# With fewer chunks nothing is told: two groups have no spread to speak of.
LEAST_CHUNKS = 17
# Of a chunk that did not move at all it is only known that it may by half, up or down; more than
# that was never seen of arithmetic alone, so what carries damage has at least doubled.
_HALF = math.sqrt(1.5) - 1
_DOUBLED = math.sqrt(2) - 1
# What the recorded digits hide is no movement.
_STILL = 1e-6
# The most chunks that may carry a rise, and how many of the others tell how far chunks move.
_FEW = 16
_OTHERS = 16


@dataclass(frozen=True, slots=True)
class Moved:
    """One chunk, in nats over all of its tokens: what it held and holds now, each more than
    nothing.
    """

    before: float
    after: float

    @property
    def gain(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Rise:
    """The rise of the sum as a share of what it was, with its standard error over groups.

    ``freedom`` is that of Student's t, 0 for too few groups: then ``error`` is infinite.
    """

    share: float
    error: float
    freedom: int

    @classmethod
    def over(cls, chunks: Sequence[Moved]) -> Rise:
        """There is at least one chunk."""
        total = math.fsum(chunk.before for chunk in chunks)
        share = math.fsum(chunk.gain for chunk in chunks) / total
        groups = [chunks[start : start + GROUP] for start in range(0, len(chunks), GROUP)]
        if len(chunks) < LEAST_CHUNKS:
            return cls(share, math.inf, 0)
        squares = []
        for group in groups:
            weight = math.fsum(chunk.before for chunk in group) / total
            excess = math.fsum(chunk.gain - share * chunk.before for chunk in group) / total
            # The group is left out of the mean that it is held against (the jackknife): one that
            # holds much of the sum would else hide its own movement.
            squares.append((excess / (1 - weight)) ** 2)
        return cls(share, math.sqrt(math.fsum(squares)), len(groups) - 1)

    def p_above(self, share: float) -> float:
        """How often so great a rise comes by chance if the true one is ``share``."""
        if not self.freedom:
            return 1.0
        if self.error == 0:
            return 0.0 if self.share > share else 1.0
        from scipy.special import stdtr

        return float(stdtr(self.freedom, (share - self.share) / self.error))

    def reach(self, alpha: float) -> float:
        """How far the true rise may be from this one, to one side."""
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, 1 - alpha)) * self.error if self.freedom else math.inf


def p_of_few(chunks: Sequence[Moved]) -> float:
    """How often so few chunks come to stand out so far, upwards, by chance.

    The movements of the chunks are put in order. If the logarithm of a movement is a concave
    function of that of a power law, as for normal errors, for those of Student's t with any
    freedom, and for what is not a power law itself, then the gaps of the logarithms, each
    times its rank, get no larger towards the top. So the mean gap of the farthest, in mean gaps of
    those that follow, is no greater than F has it, whatever the scale and the tail. Chunks of one
    group count once among the farthest.

    That the ``few`` farthest all moved up has a chance of 1 in 2^few if nothing was damaged. These
    sum up to no more than one, so that the least p over all ``few`` needs no correction.
    """
    if len(chunks) < LEAST_CHUNKS:
        return 1.0
    from scipy.special import fdtrc

    ordered = sorted(map(_move, chunks, range(len(chunks))), reverse=True)
    drops = [math.log(one[0] / other[0]) for one, other in pairwise(ordered)]
    gaps = [rank * drop for rank, drop in enumerate(drops, 1)]
    p, top, groups = 1.0, 0.0, set[int]()
    for few, (_, damaged, group) in enumerate(ordered[: min(_FEW, len(chunks) // 3)], 1):
        if not damaged:
            break
        groups.add(group)
        last = len(groups) * drops[few - 1]
        top += last
        rest = gaps[few : few + _OTHERS]
        usual = math.fsum(rest) / len(rest)
        if not usual:
            return 0.0
        whole = float(fdtrc(2 * len(groups), 2 * len(rest), top / len(groups) / usual))
        step = float(fdtrc(2, 2 * len(rest), last / usual))
        p = min(p, whole if few == 1 else 2 * min(whole, step))
    return p


def _move(chunk: Moved, index: int) -> tuple[float, bool, int]:
    """How far, whether it is far enough to be damage, and in which group.

    Rounding moves the root of every chunk alike, another recipe in proportion to it: it is taken
    half way between, and alike in both directions.
    """
    then, now = math.sqrt(chunk.before), math.sqrt(chunk.after)
    step, group = now - then, index // GROUP
    if abs(step) <= _STILL * then:
        return _HALF * math.sqrt(then), False, group
    return abs(step) / math.sqrt(min(then, now)), step > _DOUBLED * then, group
