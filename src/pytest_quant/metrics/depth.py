"""How a divergence changes with depth: with how much was read before.

A file may be sound for a thousand tokens and broken beyond: positions that are scaled wrongly, a
window of attention that was lost. So a long reading is told by ranges of depth, each twice as deep
as the one before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from pytest_quant.metrics.divergence import Chunk

# The first range, which any chunk of a text reaches.
SHALLOW = 512
# What is read in one go is scored in so many stretches a range, each of so many tokens at least:
# enough to know how much a range varies, whatever its length.
_STRETCHES = 32
_FEWEST = 8
# Beyond so many tokens a file has to be as sound as before them. What diverges so many times as far
# there, and by so many nats, looks broken whatever its type.
_DEEP = 1024
_GROWN = 4.0
_TELLING = 1e-3
# exp() of more than this is no number any more.
_MOST_NATS = 700.0


class Stretch(Protocol):
    """A part of a long reading: so many tokens are scored, behind ``depth`` others and one."""

    @property
    def depth(self) -> int: ...
    @property
    def tokens(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Depth:
    """The tokens that are foreseen from more than ``start`` and at most ``end`` tokens.

    Means over ``tokens`` of them: ``kld``, KL(reference || level), and the negative log-likelihoods
    at the level (``nll``) and the reference, in nats; ``same_top``, a share in [0, 1].
    """

    start: int
    end: int
    tokens: int
    kld: float
    same_top: float
    nll: float
    base_nll: float

    @property
    def perplexity(self) -> float:
        return math.exp(min(self.nll, _MOST_NATS))

    @property
    def base_perplexity(self) -> float:
        return math.exp(min(self.base_nll, _MOST_NATS))


def growth_warning(depths: Sequence[Depth]) -> str:
    """What a file looks like that is sound for some hundred tokens only, or empty.

    It needs no record: sound files of all types were seen to diverge at most twice as far there.
    """
    if not depths:
        return ""
    deep = [one for one in depths if one.start >= _DEEP]
    tokens = sum(one.tokens for one in deep)
    mean = math.fsum(one.kld * one.tokens for one in deep) / tokens if tokens else 0.0
    if mean < _TELLING or mean < _GROWN * depths[0].kld:
        return ""
    times = f" {mean / depths[0].kld:,.1f} times as far as" if depths[0].kld else ", and not"
    return (
        f"beyond {_DEEP:,} tokens it diverges{times} within the first {SHALLOW}: check the rotary "
        "positions, the attention window and the context length in its header"
    )


def range_of(depth: int) -> int:
    """Where the range begins that a depth is in."""
    return 0 if depth < SHALLOW else SHALLOW * 2 ** ((depth // SHALLOW).bit_length() - 1)


def deep_enough(context: int) -> int:
    """What is read in one go; raises ``ValueError`` for less than the first range."""
    if context < SHALLOW:
        raise ValueError(f"found {context}, expected at least {SHALLOW}")
    return context


def stretches(tokens: int) -> list[tuple[int, int]]:
    """Where the stretches begin and end of a reading of which so many tokens are scored."""
    found: list[tuple[int, int]] = []
    start = 0
    while start < tokens:
        end = min(tokens, max(SHALLOW, 2 * start))
        count = max(1, min(_STRETCHES, (end - start) // _FEWEST))
        cuts = [start + (end - start) * n // count for n in range(count + 1)]
        found += pairwise(cuts)
        start = end
    return found


def end_of(start: int, stretches: Iterable[Stretch]) -> int:
    """Where the range ends that begins at ``start`` and has these stretches."""
    # The last token of all is foreseen and not read.
    return min(max(SHALLOW, 2 * start), max(one.depth + one.tokens for one in stretches) + 1)


def by_depth(chunks: Iterable[Chunk]) -> tuple[Depth, ...]:
    """The ranges of a long reading, from the least depth to the greatest."""
    ranges: dict[int, list[Chunk]] = {}
    for chunk in chunks:
        ranges.setdefault(range_of(chunk.depth), []).append(chunk)
    return tuple(_over(start, ranges[start]) for start in sorted(ranges))


def _over(start: int, chunks: list[Chunk]) -> Depth:
    tokens = sum(chunk.tokens for chunk in chunks)

    def mean(name: str) -> float:
        return math.fsum(getattr(chunk, name) * chunk.tokens for chunk in chunks) / tokens

    return Depth(
        start,
        end_of(start, chunks),
        tokens,
        mean("kld"),
        mean("same_top"),
        mean("nll"),
        mean("base_nll"),
    )
