"""Is a level further from its reference than it was recorded to be?

Divergence sees a damaged file long before answers change. It is compared stretch by stretch of
the same text (chunks): the tokens of one chunk depend on each other, those of two do not.

Damage may sit in many chunks or in few, so two tests share the alpha of a check: `chunk_tests`.
A long reading has checks of its own, in `depth_regression`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pytest_quant.base.amounts import counted
from pytest_quant.gate.chunk_tests import (
    GROUP,
    HALF,
    LEAST_CHUNKS,
    Moved,
    Rise,
    p_of_common,
    p_of_few,
)
from pytest_quant.gate.tolerance_check import CheckVerdict

# How much higher is worth failing for: this share of what was recorded, ...
DEFAULT_RISE = 0.10
# ... more than this share of what the level's own noise is of its divergence: other kernels have
# been seen to move a mean by up to a sixth of it, ...
OF_NOISE = 0.25
# ... and more than arithmetic in another order brings, in nats per token.
NOISE = 4e-6
# Half of what is worth failing for may be common to all chunks, and harmless; where so few groups
# cannot show that by their signs, as much as any group was seen to move.
_HARMLESS = 0.5
_RECORDED_DIGITS = 1e-5
# What the test of what is common to the chunks has of alpha; the other one is less sharp.
_COMMON = 0.3
# Both signs and sizes have to show a rise that is common. So the exact chance of the signs, which
# knows nothing of sizes, may be so many times as large: it holds what Student's t lets pass.
_SIGNS = 2
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
    ``alpha``, by Student's t over groups of chunks (``None`` for too few chunks to tell).
    ``limit`` is the smallest rise worth failing for; ``p`` is that of both tests together, of a
    rise of no more than half of it, or by half where there are too few groups. ``noise`` is the
    level's own, as a share of its divergence. ``carriers`` is how many chunks hold half of what was
    gained, ``example`` the one that gained most, in words. ``detectable`` is the rise common to all
    chunks that would be found at least 8 times in 10 if they differ as they do here (``None`` as
    for the bounds).
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
    noise: float = 0.0

    @property
    def rise(self) -> float:
        return self.now - self.recorded


@dataclass(frozen=True, slots=True)
class DivergenceCheck:
    """The comparison of one level's divergence, measured on ``source``, with its record.

    ``where`` is the range of depth that decided it, empty where it is not told by depth.
    """

    level: str
    source: str
    result: DivergenceResult
    where: str = ""

    @property
    def name(self) -> str:
        """What it is called among the checks of its level."""
        return f"divergence-{self.source}-regression"


def evaluate_divergence(
    recorded: Sequence[Chunk],
    now: Sequence[Chunk],
    alpha: float,
    rise: float = DEFAULT_RISE,
    noise: float = 0.0,
    *,
    group: int = GROUP,
    common: float = _COMMON,
) -> DivergenceResult | None:
    """Compare the chunks that both have; ``None`` if there is none.

    Worth failing for is a rise by the share ``rise``, or by a quarter of ``noise``, the share of
    the level's divergence that is its own noise, if that is more. The check fails if the mean is
    significantly higher (one-sided, by either of two tests that share ``alpha``), and by more than
    that; passes if it is shown to be no more than that higher; is inconclusive otherwise. So many
    chunks move together (a ``group``); the test of what is ``common`` to groups has this share.
    """
    was = {chunk.digest: chunk for chunk in recorded}
    pairs = [_Pair(was[c.digest].kld, c.kld, c.tokens, c.digest) for c in now if c.digest in was]
    tokens = sum(pair.tokens for pair in pairs)
    if not tokens:
        return None

    before = math.fsum(pair.before * pair.tokens for pair in pairs) / tokens
    after = math.fsum(pair.after * pair.tokens for pair in pairs) / tokens
    limit = max(rise * before, OF_NOISE * min(1.0, noise) * before, NOISE)
    moved = [pair.moved for pair in pairs]
    raised, scale = Rise.over(moved, group), math.fsum(one.before for one in moved) / tokens
    share = _HARMLESS * limit / scale
    if raised.signs_tell(_SIGNS * common * alpha):
        found = max(raised.p_above(share), p_of_common(moved, share, group) / _SIGNS)
    else:
        share = max(share, HALF)
        found = raised.p_above(share)
    p = min(1.0, found / common, p_of_few(moved) / (1 - common) if common < 1 else 1.0)
    reach, gain = raised.reach(alpha) * scale, after - before
    lower, upper = (gain - reach, gain + reach) if raised.freedom else (None, None)
    verdict: CheckVerdict = "inconclusive"
    if p <= alpha and gain > limit:
        verdict = "fail"
    elif all(pair.is_still for pair in pairs) or (upper is not None and upper <= limit):
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
        detectable=_detectable(raised, common * alpha, share, limit / scale, scale),
        noise=min(1.0, noise),
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
        where = f"chunk {self.digest}, {counted(self.tokens, 'token')}"
        return f"{where}: {self.before:.3g} -> {self.after:.3g}"

    @property
    def is_still(self) -> bool:
        """Whether nothing moved that the record's digits can tell."""
        return math.isclose(self.before, self.after, rel_tol=_RECORDED_DIGITS, abs_tol=1e-9)

    @property
    def gain(self) -> float:
        """In nats."""
        return (self.after - self.before) * self.tokens

    @property
    def moved(self) -> Moved:
        """Never from nothing: what arithmetic brings is added to both sides."""
        then, now = (max(kld, 0.0) + NOISE for kld in (self.before, self.after))
        return Moved(then * self.tokens, now * self.tokens)


def _carriers(pairs: Sequence[_Pair]) -> int:
    gains = sorted((pair.gain for pair in pairs if pair.gain > 0), reverse=True)
    half, held = math.fsum(gains) / 2, 0.0
    for count, gain in enumerate(gains, 1):
        held += gain
        if held >= half:
            return count
    return 0


def _detectable(
    raised: Rise, alpha: float, harmless: float, limit: float, scale: float
) -> float | None:
    """The true rise that is found significant, and beyond the limit, 8 times in 10."""
    if not raised.freedom:
        return None
    found = harmless + raised.reach(alpha)
    return scale * (max(found, limit) + raised.reach(0.2))


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
        f"{_FINDING[result.verdict]}; {_spread(result)}, {counted(result.tokens, 'token')}, "
        f"p {result.p:.2g}"
    )
    bounds = "" if result.lower is None else f" [{result.lower:.2g}, {result.upper:.2g}]"
    second = (
        f"alpha {result.alpha:.2g}; rise {result.rise:.2g}{bounds}, worth failing above "
        f"{result.limit:.2g}{_of_noise(result)}"
    )
    if result.chunks < LEAST_CHUNKS:
        second += f"; nothing is decided by fewer than {LEAST_CHUNKS} chunks"
    if result.detectable is not None:
        second += f"; a true rise of {result.detectable:.2g} would fail at least 8 times in 10"
    return f"{first}\n{second}"


def _of_noise(result: DivergenceResult) -> str:
    """Why the limit is higher than usual, if the level's own noise is the reason."""
    if OF_NOISE * result.noise <= DEFAULT_RISE or result.limit <= NOISE:
        return ""
    return f" (a quarter of its own noise, {100 * result.noise:.0f} % of its divergence)"


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
    return f"{counted(result.chunks, 'chunk')}{held}"


_FINDING: dict[CheckVerdict, str] = {
    "pass": "shown not to be higher by more than is worth failing for",
    "fail": "shown to be higher",
    "inconclusive": "not shown to be higher, nor not to be",
}
