"""What each part of the weights does to a model's predictions by itself: plain types."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_quant.metrics.weight_error import WeightError


@dataclass(frozen=True, slots=True)
class Swap:
    """A part of the weights in turn at the level and at the reference.

    ``tensors`` are the names of its matrices, ``weights`` counts them, ``types`` are what the level
    holds them in, ``bits`` per weight. By chunk, mean KL divergence from the reference in nats:
    ``alone`` with this part alone as the level has it, ``kept`` with it alone as the reference has
    it. Where the first chunks have shown that the part does next to nothing, ``alone`` ends with
    these and ``kept`` is ``None``.
    """

    part: str
    tensors: tuple[str, ...]
    weights: int
    types: tuple[str, ...]
    bits: float
    error: WeightError
    alone: tuple[float, ...]
    kept: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Swaps:
    """All parts of a level.

    ``title`` says what was read, ``tokens`` counts what is scored of each chunk; ``whole`` is the
    mean KL divergence of each with all parts as the level has them.
    """

    title: str
    tokens: tuple[int, ...]
    whole: tuple[float, ...]
    parts: tuple[Swap, ...]
