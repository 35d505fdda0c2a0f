"""How far an artifact is from itself: what a difference must exceed to mean anything.

A model that is read in smaller batches adds the same numbers up in another order. What that
changes is noise, on this machine and for this model.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_quant.metrics.divergence import Divergence


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """A level against itself, read in physical batches of ``batch`` tokens.

    ``kld`` is the mean KL divergence over ``tokens`` tokens of its own responses, in nats.
    ``changed`` of ``answers`` responses have a token that is not the likeliest any more, so that
    the model would go on otherwise.
    """

    level: str
    batch: int
    tokens: int
    kld: float
    answers: int
    changed: int


def noise_floor(divergence: Divergence, level: str, batch: int) -> NoiseFloor:
    """The noise that the divergence of a level from itself shows, on its own responses."""
    return NoiseFloor(
        level=level,
        batch=batch,
        tokens=divergence.tokens,
        kld=divergence.statistics["Mean KLD"].value,
        answers=len(divergence.chunks),
        changed=sum(chunk.same_top < 1 for chunk in divergence.chunks),
    )
