"""How far the predictions of a level are from those of the reference, token by token.

The statistics are those of llama.cpp's ``llama-perplexity --kl-divergence``, under its names and
in its units: KLD in nats, every Δp, the correlation and "Same top p" in percent. Divergences
cross process boundaries and end up in the run record, so they are made of plain types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# The held text; what the reference itself answered to the probes of the session; the held text with
# the likeliest tokens of a reference that is not at hand, as they were recorded; or the held text
# in one go, as much of it as a model's context holds.
Source = Literal["text", "responses", "recorded", "depth"]
# The held text piece by piece, by which levels are ranked.
HEADLINE: tuple[Source, ...] = ("text", "recorded")
# In the order in which they are told.
SOURCES: tuple[Source, ...] = ("text", "recorded", "responses", "depth")


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number about all tokens.

    ``error`` is its standard error, clustered by chunk; ``low`` and ``high`` are the bounds of a
    95 % interval, which percentiles have instead. ``None``: a single chunk tells none, a maximum
    or minimum has neither, and a percentile far in a tail has no bound in its direction (the other
    one still misses in at most 2.5 % of texts).
    """

    value: float
    error: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """One stretch of text that is read at once.

    ``digest`` identifies its token ids and which of them are scored, ``tokens`` counts these.
    Means over them: ``kld``, KL(reference || level) in nats; ``nll`` and ``base_nll``, the negative
    log-likelihood at the level and at the reference, in nats; ``same_top``, the share in [0, 1] on
    which both find the same token the likeliest. ``depth`` counts what is read before the first of
    them is foreseen, but for one token, where a long reading is told in stretches.
    """

    digest: str
    tokens: int
    kld: float
    nll: float
    base_nll: float
    same_top: float
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Noise:
    """How far a level is from itself, read in physical batches of ``batch`` tokens.

    Means over ``tokens`` of the held text: ``kld`` in nats, ``same_top`` as for a chunk. ``share``
    is what ``kld`` is of the level's divergence from the reference on the same tokens, at most 1.
    """

    batch: int
    tokens: int
    kld: float
    same_top: float
    share: float


@dataclass(frozen=True, slots=True)
class Divergence:
    """How far a level is from the reference on one text.

    ``title`` says for a person what was read. ``statistics`` are those of ``STATISTICS``, over the
    tokens of all ``chunks``. ``warning`` is empty, or says why the level does not read what the
    reference reads. ``noise`` is that of the level, ``None`` where it was not measured.
    """

    level: str
    source: Source
    title: str
    chunks: tuple[Chunk, ...]
    statistics: Mapping[str, Statistic]
    warning: str = ""
    noise: Noise | None = None

    @property
    def is_headline(self) -> bool:
        """Whether levels are ranked by it."""
        return self.source in HEADLINE

    @property
    def tokens(self) -> int:
        """The number of tokens that were scored."""
        return sum(chunk.tokens for chunk in self.chunks)


_KLD_PERCENTILES = (99.9, 99.0, 95.0, 90.0, 50.0, 10.0, 5.0, 1.0, 0.1)
_DELTA_PERCENTILES = (99.9, 99.0, 95.0, 90.0, 75.0, 50.0, 25.0, 10.0, 5.0, 1.0, 0.1)


def _percentiles(percents: tuple[float, ...], unit: str) -> dict[str, float]:
    return {f"{'Median' if p == 50 else f'{p:.1f}%'} {unit}": p / 100 for p in percents}


# Percentiles by name, as shares: in llama.cpp's order.
KLD_PERCENTILES = _percentiles(_KLD_PERCENTILES, "KLD")
DELTA_PERCENTILES = _percentiles(_DELTA_PERCENTILES, "Δp")

# Every statistic, in llama.cpp's order.
STATISTICS: tuple[str, ...] = (
    "Mean PPL(Q)",
    "Mean PPL(base)",
    "Cor(ln(PPL(Q)), ln(PPL(base)))",
    "Mean ln(PPL(Q)/PPL(base))",
    "Mean PPL(Q)/PPL(base)",
    "Mean PPL(Q)-PPL(base)",
    "Mean KLD",
    "Maximum KLD",
    *KLD_PERCENTILES,
    "Minimum KLD",
    "Mean Δp",
    "Maximum Δp",
    *DELTA_PERCENTILES,
    "Minimum Δp",
    "RMS Δp",
    "Same top p",
)
