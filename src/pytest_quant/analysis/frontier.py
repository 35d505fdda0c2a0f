"""Which levels are worth their size: those that no other beats in size and quality at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pytest_quant.analysis.estimates import Estimate, share_of
from pytest_quant.analysis.ladder import Ladder
from pytest_quant.metrics.divergence import Chunk, Divergence


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """A level by size and quality.

    ``size`` in bytes; ``accuracy`` in per cent over the ``n`` cases that every level answered;
    ``divergence`` is the mean KL divergence from the reference in nats per token, ``None`` if it
    was not measured. A level is on a frontier if no other is at most as large and at least as
    good, and better in one of the two; ``beaten_in_accuracy_by`` and ``beaten_in_divergence_by``
    name one that is, ``None`` on the frontier, and where nothing was measured.
    """

    level: str
    size: int
    bits_per_weight: float
    n: int
    accuracy: Estimate | None
    divergence: Estimate | None
    beaten_in_accuracy_by: str | None
    beaten_in_divergence_by: str | None


def frontier(ladder: Ladder, divergences: Iterable[Divergence]) -> tuple[FrontierPoint, ...]:
    """One point for each level, the reference among them, most bits per weight first."""
    shared = ladder.shared()
    known = {ladder.reference: Estimate(0.0, 0.0, 0.0), **_by_level(divergences)}
    bare = [
        FrontierPoint(
            level=rung.level,
            size=rung.size,
            bits_per_weight=rung.bits_per_weight,
            n=len(shared),
            accuracy=share_of(sum(ladder.right[rung.level][key] for key in shared), len(shared))
            if shared
            else None,
            divergence=known.get(rung.level) if len(known) > 1 else None,
            beaten_in_accuracy_by=None,
            beaten_in_divergence_by=None,
        )
        for rung in ladder.rungs
    ]
    return tuple(
        replace(
            point,
            beaten_in_accuracy_by=_beaten(point, bare, lambda p: _negative(p.accuracy)),
            beaten_in_divergence_by=_beaten(point, bare, lambda p: _value(p.divergence)),
        )
        for point in bare
    )


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _negative(estimate: Estimate | None) -> float | None:
    return None if estimate is None else -estimate.value


def _by_level(divergences: Iterable[Divergence]) -> dict[str, Estimate]:
    """The mean divergence on the held text, or else on the reference's responses."""
    chosen: dict[str, Divergence] = {}
    for divergence in sorted(divergences, key=lambda d: d.is_headline):
        if divergence.tokens and divergence.source != "depth":
            chosen[divergence.level] = divergence
    return {level: _mean(found.chunks) for level, found in chosen.items()}


def _mean(chunks: Sequence[Chunk]) -> Estimate:
    """The mean over tokens. Tokens of one chunk depend on each other, so the bounds rest on the
    spread between chunks.
    """
    tokens = sum(chunk.tokens for chunk in chunks)
    mean = math.fsum(chunk.tokens * chunk.kld for chunk in chunks) / tokens
    spread = math.fsum((chunk.tokens * (chunk.kld - mean)) ** 2 for chunk in chunks)
    correction = len(chunks) / (len(chunks) - 1) if len(chunks) > 1 else 1.0
    margin = 1.96 * math.sqrt(correction * spread) / tokens
    return Estimate(mean, mean - margin, mean + margin)


def _beaten(
    point: FrontierPoint,
    points: Sequence[FrontierPoint],
    cost_of: Callable[[FrontierPoint], float | None],
) -> str | None:
    """The smallest level that is at most as large and costs at most as much, if one is better."""
    cost = cost_of(point)
    if cost is None:
        return None
    better = [
        other
        for other in points
        if (theirs := cost_of(other)) is not None
        and other.size <= point.size
        and theirs <= cost
        and (other.size < point.size or theirs < cost)
    ]
    return min(better, key=lambda other: (other.size, other.level)).level if better else None
