"""Is a level further from its reference than it was recorded to be?

Divergence sees a damaged file long before answers change. It is compared stretch by stretch of
the same text (chunks): the tokens of one chunk depend on each other, those of two do not.

Damage may sit in many chunks or in few, so two tests share the alpha of a check. Student's t sees
what is common to the chunks. It is blind to a rise that one chunk carries, which widens its own
standard error; there the other chunks tell how far nothing but arithmetic moves a chunk.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pytest_quant.gate.tolerance_check import CheckVerdict

# How much higher is worth failing for: this share of what was recorded, ...
DEFAULT_RISE = 0.10
# ... and more than arithmetic in another order brings, in nats per token.
NOISE = 4e-6
# The standard deviation of Student's t with three degrees of freedom, in medians of its absolute
# value: rounding moves a few chunks more than normal errors would.
_DEVIATION = 2.264
_MEDIAN_EFFICIENCY = 0.37
_RECORDED_DIGITS = 1e-6
# So near to the recorded divergence of another level is no better than that level.
_REACHED = 0.9
# Further above it than this is no longer like it: something else is broken.
_ALIKE = 1.5


class Chunk(Protocol):
    """One stretch of text: the digest of its tokens, their number, nats per token."""

    @property
    def digest(self) -> str: ...
    @property
    def tokens(self) -> int: ...
    @property
    def kld(self) -> float: ...


@dataclass(frozen=True, slots=True)
class DivergenceResult:
    """A verdict on the mean KL divergence to the reference, in nats per token.

    ``recorded`` and ``now`` are means over the ``chunks`` that both have (``tokens`` in all),
    weighted by their tokens; ``lower`` and ``upper`` bound the rise, each one-sided at
    ``alpha``, by Student's t over chunks (``None`` for a single chunk, which bounds nothing).
    ``limit`` is the smallest rise worth failing for; ``p`` is that of both tests together.
    ``carriers`` is how many chunks hold half of what was gained, ``example`` the one that gained
    most, in words. ``detectable`` is the rise that Student's t would find at least 8 times in 10 if
    chunks differ as they do here (``None`` as for the bounds).
    """

    verdict: CheckVerdict
    chunks: int
    tokens: int
    recorded: float
    now: float
    lower: float | None
    upper: float | None
    limit: float
    alpha: float
    p: float
    carriers: int
    example: str
    detectable: float | None

    @property
    def rise(self) -> float:
        return self.now - self.recorded


@dataclass(frozen=True, slots=True)
class DivergenceCheck:
    """The comparison of one level's divergence, measured on ``source``, with its record."""

    level: str
    source: str
    result: DivergenceResult

    @property
    def name(self) -> str:
        """What it is called among the checks of its level."""
        return f"divergence-{self.source}-regression"


def evaluate_divergence(
    recorded: Sequence[Chunk], now: Sequence[Chunk], alpha: float, rise: float = DEFAULT_RISE
) -> DivergenceResult | None:
    """Compare the chunks that both have; ``None`` if there is none.

    Fails if the mean is significantly higher (one-sided, by either of two tests that have half of
    ``alpha`` each) and more than ``rise`` (a share) higher; passes if it is shown to be no more
    than that higher; is inconclusive otherwise.
    """
    was = {chunk.digest: chunk for chunk in recorded}
    pairs = [_Pair(was[c.digest].kld, c.kld, c.tokens, c.digest) for c in now if c.digest in was]
    tokens = sum(pair.tokens for pair in pairs)
    if not tokens:
        return None

    before = math.fsum(pair.before * pair.tokens for pair in pairs) / tokens
    after = math.fsum(pair.after * pair.tokens for pair in pairs) / tokens
    limit = max(rise * before, NOISE)
    raised = _Estimate.of(pairs)
    p = min(1.0, 2 * min(raised.p_above_zero(), _p_by_the_others(pairs)))
    lower, upper = raised.bounds(alpha)
    verdict: CheckVerdict = "inconclusive"
    if p <= alpha and after - before > limit:
        verdict = "fail"
    elif upper is not None and upper <= limit:
        verdict = "pass"
    return DivergenceResult(
        verdict=verdict,
        chunks=len(pairs),
        tokens=tokens,
        recorded=before,
        now=after,
        lower=lower,
        upper=upper,
        limit=limit,
        alpha=alpha,
        p=p,
        carriers=_carriers(pairs),
        example=max(pairs, key=lambda pair: pair.gain).told,
        detectable=raised.detectable(alpha / 2, limit),
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """One chunk then and now, in nats per token."""

    before: float
    after: float
    tokens: int
    digest: str

    @property
    def told(self) -> str:
        return f"chunk {self.digest}, {self.tokens} tokens: {self.before:.3g} -> {self.after:.3g}"

    @property
    def gain(self) -> float:
        """In nats."""
        return (self.after - self.before) * self.tokens

    @property
    def weight(self) -> float:
        """What it held of the recorded sum, in nats; never nothing."""
        return (max(self.before, 0.0) + NOISE) * self.tokens

    @property
    def movement(self) -> float:
        """How far it moved, either way, in proportion to what it was."""
        return abs(math.log((max(self.after, 0.0) + NOISE) / (max(self.before, 0.0) + NOISE)))


def _p_by_the_others(pairs: Sequence[_Pair]) -> float:
    """How often so high a mean comes by chance if no chunk moved more than most others did.

    The scale of a chunk's relative movement is their median, where a chunk counts by its share of
    the recorded divergence, so that one which carries the damage cannot hide it. The median knows
    a scale as well as 0.37 times as many values would by their squares: hence the freedom.
    """
    from scipy.special import stdtr

    # Rounding moves the root of a chunk's divergence alike in all of them, another recipe moves
    # its logarithm alike: weighted so, the median does not understate either.
    scale = _DEVIATION * _weighted_median([(pair.movement, pair.weight) for pair in pairs])
    gain = math.fsum(pair.gain for pair in pairs)
    if gain <= 0:
        return 1.0
    squares = math.fsum(pair.weight**2 for pair in pairs)
    freedom = _MEDIAN_EFFICIENCY * math.fsum(pair.weight for pair in pairs) ** 2 / squares
    # Nothing moved at all but what carries the rise: then the record's own rounding is the scale.
    error = max(scale, _RECORDED_DIGITS) * math.sqrt(squares)
    return float(stdtr(freedom, -gain / error)) if len(pairs) > 1 else 1.0


def _weighted_median(values: Sequence[tuple[float, float]]) -> float:
    """The smallest value that, with those below it, has half of the weight."""
    half, seen = math.fsum(weight for _, weight in values) / 2, 0.0
    for value, weight in sorted(values):
        seen += weight
        if seen >= half:
            return value
    return max(value for value, _ in values)


def _carriers(pairs: Sequence[_Pair]) -> int:
    gains = sorted((pair.gain for pair in pairs if pair.gain > 0), reverse=True)
    half, held = math.fsum(gains) / 2, 0.0
    for count, gain in enumerate(gains, 1):
        held += gain
        if held >= half:
            return count
    return 0


@dataclass(frozen=True, slots=True)
class _Estimate:
    """A weighted mean over chunks with its standard error (infinite for a single chunk)."""

    mean: float
    error: float
    freedom: int

    @classmethod
    def of(cls, pairs: Sequence[_Pair]) -> _Estimate:
        """The rise of the mean."""
        total, count = sum(pair.tokens for pair in pairs), len(pairs)
        mean = math.fsum(pair.gain for pair in pairs) / total
        if count < 2:
            return cls(mean, math.inf, 0)
        spread = math.fsum((pair.gain - pair.tokens * mean) ** 2 for pair in pairs)
        return cls(mean, math.sqrt(spread * count / (count - 1)) / total, count - 1)

    def p_above_zero(self) -> float:
        """How often so high a mean comes by chance if the true one is zero."""
        if self.error == 0 or not self.freedom:
            return 0.0 if self.mean > 0 and self.freedom else 1.0
        from scipy.special import stdtr

        return float(stdtr(self.freedom, -self.mean / self.error))

    def bounds(self, alpha: float) -> tuple[float, float] | tuple[None, None]:
        if not self.freedom:
            return None, None
        from scipy.special import stdtrit

        reach = float(stdtrit(self.freedom, 1 - alpha)) * self.error
        return self.mean - reach, self.mean + reach

    def detectable(self, alpha: float, limit: float) -> float | None:
        """The true mean that is found significant, and beyond the limit, 8 times in 10."""
        if not self.freedom:
            return None
        from scipy.special import stdtrit

        found, missed = (float(stdtrit(self.freedom, p)) for p in (1 - alpha, 0.8))
        return max(found * self.error, limit) + missed * self.error


def mean_over(chunks: Sequence[Chunk], digests: Collection[str]) -> float | None:
    """The mean divergence over these chunks, by tokens; ``None`` unless all are there."""
    known = {chunk.digest: chunk for chunk in chunks}
    if not digests or not set(digests) <= known.keys():
        return None
    wanted = [known[digest] for digest in digests]
    total = sum(chunk.tokens for chunk in wanted)
    return math.fsum(chunk.kld * chunk.tokens for chunk in wanted) / total if total else None


def behaves_like(
    mean: float, bits_per_weight: float, recorded: Mapping[str, tuple[float, float]]
) -> str:
    """The lowest level whose recorded divergence a file of more bits reaches, or empty.

    Such as ``like q3``, or ``more than q3`` where it is far from that level, too. ``mean`` is the
    file's own mean divergence, ``recorded`` that of other levels of the same model with their bits
    per weight. A file requantized from a smaller one keeps honest bits per weight, and shows
    itself here only.
    """
    reached = [
        (divergence, level)
        for level, (divergence, bits) in recorded.items()
        if bits < bits_per_weight - 0.25 and mean >= _REACHED * divergence > NOISE
    ]
    if not reached:
        return ""
    divergence, level = max(reached)
    return f"{'like' if mean <= _ALIKE * divergence else 'more than'} {level}"


def explain_divergence(result: DivergenceResult) -> str:
    """Two lines: what was seen, and by what rule."""
    first = (
        f"KL divergence {result.now:.3g} nats per token, {beside_record(result)}: "
        f"{_FINDING[result.verdict]}; {_spread(result)}, {result.tokens:,} tokens, "
        f"p {result.p:.2g}"
    )
    bounds = "" if result.lower is None else f" [{result.lower:.2g}, {result.upper:.2g}]"
    second = (
        f"alpha {result.alpha:.2g}; rise {result.rise:.2g}{bounds}, worth failing above "
        f"{result.limit:.2g}"
    )
    if result.detectable is not None:
        second += f"; a true rise of {result.detectable:.2g} would fail at least 8 times in 10"
    return f"{first}\n{second}"


def beside_record(result: DivergenceResult) -> str:
    """What was recorded, and how far from it that is now: ``recorded 0.0317 (+64 %)``."""
    recorded = f"{result.recorded:.3g}"
    if recorded == f"{result.now:.3g}":
        return "as recorded"
    told = change_in_words(result.recorded, result.now)
    return f"recorded {recorded} ({told})" if told else f"recorded {recorded}"


def change_in_words(was: float, now: float) -> str:
    """How far one divergence is from another: ``+64 %``, ``8.5 times``; empty without a share."""
    if was <= 0:
        return ""
    ratio = now / was
    if abs(ratio - 1) < 0.005 or f"{now:.3g}" == f"{was:.3g}":
        return "unchanged"
    if ratio > 2:
        return f"{ratio:{'.1f' if ratio < 9.95 else ',.0f'}} times"
    return f"{100 * (ratio - 1):+.0f} %"


def _spread(result: DivergenceResult) -> str:
    held = f", half of the gain in {result.carriers}" if result.rise > result.limit else ""
    return f"{result.chunks} chunks{held}"


_FINDING: dict[CheckVerdict, str] = {
    "pass": "shown not to be higher by more than is worth failing for",
    "fail": "shown to be higher",
    "inconclusive": "not shown to be higher, nor not to be",
}
