"""What each part of the weights does to a model's predictions by itself: plain types."""

from __future__ import annotations

from dataclasses import dataclass

# A weight that stands out: so many times the root mean square of its row.
OUTLIER = 4.0
# One that came back short by more than this share of itself was clipped.
CLIPPED = 0.1


@dataclass(frozen=True, slots=True)
class WeightError:
    """``rms`` is the root mean square of the errors over that of the weights, ``worst_row`` the
    same of the row where it is largest. ``outliers`` is the share of weights beyond ``OUTLIER``
    times the root mean square of their row, ``clipped`` the share of these that came back smaller
    by more than ``CLIPPED``.
    """

    rms: float
    worst_row: float
    outliers: float
    clipped: float


@dataclass(frozen=True, slots=True)
class Swap:
    """A part of the weights in turn at the level and at the reference.

    ``tensors`` are the names of its matrices, ``weights`` counts them, ``types`` are what the level
    holds them in, ``bits`` per weight. By chunk, mean KL divergence from the reference in nats:
    ``alone`` with this part alone as the level has it, ``kept`` with it alone as the reference has
    it. Where the first chunks have shown that the part does next to nothing, ``alone`` ends with
    these and ``kept`` is ``None``; that is ``None``, too, where it was not to be measured.
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


@dataclass(frozen=True, slots=True)
class Mended:
    """A damaged level with some of its tensors put right: ``tensors`` are their names, ``mended``
    the mean KL divergence from the reference of each chunk then, in nats.
    """

    part: str
    tensors: tuple[str, ...]
    mended: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Culprits:
    """What the tensors in which a level differs from a sound one do to its divergence.

    ``tokens`` counts what is scored of each chunk of the text ``title``; ``damaged`` and ``sound``
    are the mean KL divergences with all of these tensors as either has them; ``parts`` are what was
    put right at a time.
    """

    title: str
    tokens: tuple[int, ...]
    damaged: tuple[float, ...]
    sound: tuple[float, ...]
    parts: tuple[Mended, ...]
