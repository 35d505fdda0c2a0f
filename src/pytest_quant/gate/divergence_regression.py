"""Is a level further from its reference than it was recorded to be?

Divergence sees a damaged file long before answers change. It is compared stretch by stretch of
the same text (chunks): the tokens of one chunk depend on each other, those of two do not.
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
NOISE = 1e-6
# So near to the recorded divergence of another level is no better than that level.
_REACHED = 0.9


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
    ``limit`` is the smallest rise worth failing for.
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

    Fails if the mean is significantly higher (one-sided t test of the paired differences,
    clustered by chunk) and more than ``rise`` (a share) higher; passes if it is shown to be no
    more than that higher; is inconclusive otherwise.
    """
    was = {chunk.digest: chunk for chunk in recorded}
    pairs = [(was[c.digest].kld, c.kld, c.tokens) for c in now if c.digest in was]
    tokens = sum(weight for *_, weight in pairs)
    if not tokens:
        return None

    before, after = (math.fsum(pair[i] * pair[2] for pair in pairs) / tokens for i in (0, 1))
    limit = max(rise * before, NOISE)
    raised = _Estimate.of([(b - a, w) for a, b, w in pairs])
    p = raised.p_above_zero()
    lower, upper = raised.bounds(alpha)
    verdict: CheckVerdict = "inconclusive"
    if p <= alpha and after - before > limit:
        verdict = "fail"
    elif upper is not None and upper <= limit:
        verdict = "pass"
    return DivergenceResult(
        verdict, len(pairs), tokens, before, after, lower, upper, limit, alpha, p
    )


@dataclass(frozen=True, slots=True)
class _Estimate:
    """A weighted mean over chunks with its standard error (infinite for a single chunk)."""

    mean: float
    error: float
    freedom: int

    @classmethod
    def of(cls, values: Sequence[tuple[float, int]]) -> _Estimate:
        total, count = sum(w for _, w in values), len(values)
        mean = math.fsum(value * w for value, w in values) / total
        if count < 2:
            return cls(mean, math.inf, 0)
        spread = math.fsum((w * (value - mean)) ** 2 for value, w in values)
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
) -> str | None:
    """The lowest level whose recorded divergence a file of more bits reaches, if any.

    ``mean`` is the file's own mean divergence, ``recorded`` that of other levels of the same
    model with their bits per weight. A file requantized from a smaller one keeps honest bits per
    weight, and shows itself here only.
    """
    reached = [
        (divergence, level)
        for level, (divergence, bits) in recorded.items()
        if bits < bits_per_weight - 0.25 and mean >= _REACHED * divergence > NOISE
    ]
    return max(reached)[1] if reached else None


def explain_divergence(result: DivergenceResult) -> str:
    """Two lines: what was seen, and by what rule."""
    share = f" ({result.rise / result.recorded:+.0%})" if result.recorded > 0 else ""
    first = (
        f"KL divergence {result.now:.3g} nats per token, recorded {result.recorded:.3g}{share}: "
        f"{_FINDING[result.verdict]}; {result.chunks} chunks, {result.tokens:,} tokens, "
        f"p {result.p:.2g}"
    )
    bounds = "" if result.lower is None else f" [{result.lower:.2g}, {result.upper:.2g}]"
    second = (
        f"alpha {result.alpha:.2g}; rise {result.rise:.2g}{bounds}, worth failing above "
        f"{result.limit:.2g}"
    )
    return f"{first}\n{second}"


_FINDING: dict[CheckVerdict, str] = {
    "pass": "shown not to be higher by more than is worth failing for",
    "fail": "shown to be higher",
    "inconclusive": "not shown to be higher, nor not to be",
}
