"""Did the divergence of a text rise? Two tests on its chunks, each valid whatever the other sees.

Chunks that are read in one batch move together, so neighbours count as one group. What is common
to the groups, their signs tell. These are blind to what few chunks carry: there the movements of
the other chunks tell how far a chunk moves without damage.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# Neighbours that may move together: as many questions with their answers as fill a batch.
GROUP = 8
# With fewer chunks nothing is told: two groups have no spread to speak of.
LEAST_CHUNKS = 17
# Of so many groups, each of which may count or not, all sums are worked out; a longer text has
# larger groups.
_MOST_GROUPS = 24
# More than by half no chunk and no group was ever seen to move by arithmetic alone.
HALF = 0.5
# Of a chunk that did not move at all it is only known that it may by half, up or down; what carries
# damage has at least doubled.
_BY_HALF = math.sqrt(1 + HALF) - 1
_DOUBLED = math.sqrt(2) - 1
# What the recorded digits hide is no movement.
_STILL = 1e-6
# Rounding moves the root of every chunk alike, another recipe in proportion to it: movements are
# held against this power of the root.
_POWER = 0.75
# The most chunks that may carry a rise, and how many of the others tell how far chunks move.
_FEW = 16
_OTHERS = 24
# What of a chance a single chunk has that stands out; more of them share the rest.
_ONE = 0.75


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
    def over(cls, chunks: Sequence[Moved], group: int = GROUP) -> Rise:
        """There is at least one chunk; so many neighbours are a group."""
        total = math.fsum(chunk.before for chunk in chunks)
        share = math.fsum(chunk.gain for chunk in chunks) / total
        groups = _groups(chunks, group)
        if len(chunks) < LEAST_CHUNKS:
            return cls(share, math.inf, 0)
        squares = []
        for members in groups:
            weight = math.fsum(chunk.before for chunk in members) / total
            excess = math.fsum(chunk.gain - share * chunk.before for chunk in members) / total
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

    def signs_tell(self, alpha: float) -> bool:
        """Whether the signs of so many groups can show anything at all."""
        return self.freedom > 0 and 0.5 ** (self.freedom + 1) <= alpha

    def reach(self, alpha: float) -> float:
        """How far the true rise may be from this one, to one side."""
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, 1 - alpha)) * self.error if self.freedom else math.inf


def p_of_common(chunks: Sequence[Moved], share: float, group: int = GROUP) -> float:
    """How often what the groups have in common comes by chance, if each of them moves as far up
    as down, but for a rise by ``share`` or less.

    Then every set of groups could as well have moved the other way, and no more is known of the
    sizes of the movements than what is seen. So the chance is the share of all sets, the empty one
    among them, that together rose by no more (Fisher's sign flips): for G groups 1 in 2^G at least.
    """
    groups = _groups(chunks, group)
    gains = [math.fsum(chunk.gain - share * chunk.before for chunk in one) for one in groups]
    # The sums of one half of the groups meet those of the other; what rounding hides is no gain.
    one, other = _sums(gains[::2]), sorted(_sums(gains[1::2]))
    hidden = 1e-12 * math.fsum(map(abs, gains))
    return 0.5 ** len(groups) * sum(bisect_right(other, hidden - gained) for gained in one)


def _groups(chunks: Sequence[Moved], least: int) -> list[Sequence[Moved]]:
    size = max(least, -(-len(chunks) // _MOST_GROUPS))
    return [chunks[start : start + size] for start in range(0, len(chunks), size)]


def _sums(values: Sequence[float]) -> list[float]:
    """Those of all sets of the values."""
    sums = [0.0]
    for value in values:
        sums += [one + value for one in sums]
    return sums


def p_of_few(chunks: Sequence[Moved]) -> float:
    """How often so few chunks come to stand out so far, upwards, by chance.

    The movements of the chunks are put in order. If the logarithm of a movement is a concave
    function of that of a power law, as for normal errors, for those of Student's t with any
    freedom, and for what is not a power law itself, then the gaps of the logarithms, each
    times its rank, get no larger towards the top. So what the gap below the farthest is in a mean
    of those that follow is no more than if all were exponential alike, whatever the scale and the
    tail. The nearer to the top, the more a gap counts in that mean: there it is like the one that
    is asked about. Chunks of one group count once among the farthest.

    That these all moved up has a chance of 1 in 2^g for g groups if nothing was damaged. So the
    p of each number of them may count that many times as much, and all of them are given parts of
    one chance: 3 / 4 to a single chunk, 1 / 4 / (few (few - 1)) to every other number.
    """
    if len(chunks) < LEAST_CHUNKS:
        return 1.0
    ordered = sorted(map(_move, chunks, range(len(chunks))), reverse=True)
    drops = [math.log(one[0] / other[0]) for one, other in pairwise(ordered)]
    gaps = [rank * drop for rank, drop in enumerate(drops, 1)]
    p, groups = 1.0, set[int]()
    for few, (_, damaged, group) in enumerate(ordered[: min(_FEW, len(chunks) // 3)], 1):
        if not damaged:
            break
        groups.add(group)
        part = _ONE if few == 1 else (1 - _ONE) / (few * (few - 1))
        chance = _p_of_gap(len(groups) * drops[few - 1], gaps[few : few + _OTHERS])
        p = min(p, chance / (part * 2 ** len(groups)))
    return p


def _p_of_gap(gap: float, others: Sequence[float]) -> float:
    """How often a gap is so large beside those that follow, if all are exponential alike."""
    weights = range(len(others), 0, -1)
    usual = math.fsum(weight * other for weight, other in zip(weights, others, strict=True))
    if not usual:
        return 0.0 if gap else 1.0
    # The chance that an exponential exceeds a sum of others: a product of Laplace transforms.
    return math.exp(-math.fsum(math.log1p(weight * gap / usual) for weight in weights))


def _move(chunk: Moved, index: int) -> tuple[float, bool, int]:
    """How far, whether it is far enough to be damage, and in which group; up and down alike."""
    then, now = math.sqrt(chunk.before), math.sqrt(chunk.after)
    step, group = now - then, index // GROUP
    if abs(step) <= _STILL * then:
        return _BY_HALF * then ** (1 - _POWER), False, group
    return abs(step) / min(then, now) ** _POWER, step > _DOUBLED * then, group
