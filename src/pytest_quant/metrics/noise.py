"""How far an artifact is from itself: what a difference must exceed to mean anything.

A model that is read in smaller batches adds the same numbers up in another order. Where its
kernels round what they work on to a few bits, as those of quantized weights do, a rounding falls
otherwise here and there, and what follows from it differs. That is noise, of this machine's
kernels and of this file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_quant.metrics.divergence import Chunk, Divergence, Noise


@dataclass(frozen=True, slots=True)
class _Sums:
    tokens: int
    kld: float
    same_top: float

    @classmethod
    def of(cls, chunks: Sequence[Chunk]) -> _Sums:
        return cls(
            sum(chunk.tokens for chunk in chunks),
            math.fsum(chunk.tokens * chunk.kld for chunk in chunks),
            math.fsum(chunk.tokens * chunk.same_top for chunk in chunks),
        )


def noise_of(itself: Divergence, divergence: Divergence, batch: int) -> Noise | None:
    """The noise in a level's divergence from the reference, told by that from ``itself``.

    That was read in physical batches of ``batch`` tokens, on some of the same chunks; ``None`` if
    they have none in common.
    """
    read = {chunk.digest: chunk for chunk in itself.chunks}
    beside = _Sums.of([chunk for chunk in divergence.chunks if chunk.digest in read])
    if not beside.tokens:
        return None
    common = {chunk.digest for chunk in divergence.chunks}
    own = _Sums.of([chunk for chunk in itself.chunks if chunk.digest in common])
    return Noise(
        batch=batch,
        tokens=own.tokens,
        kld=own.kld / own.tokens,
        same_top=own.same_top / own.tokens,
        share=min(1.0, own.kld / beside.kld) if beside.kld > 0 else 0.0,
    )
