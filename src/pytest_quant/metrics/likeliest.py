"""What a model finds the likeliest at every place of a text: enough to compare others with it.

Kept are few tokens and the probability of all others together, in kilobytes instead of a model or
a file of logits. The divergence over these is never more than that over the whole vocabulary, and
is compared with its own kind alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pytest_quant.metrics.distributions import Floats, Logits, TokenStatistics

Tokens = npt.NDArray[np.int32]

# More tell little more: on the embedded model these hold 0.9 of the divergence of each level.
KEPT = 8


@dataclass(frozen=True, slots=True, eq=False)
class Likeliest:
    """The likeliest tokens of a model at n places.

    ``ids`` are theirs, the likeliest first (n, k); ``logs`` the natural logarithms of their
    probabilities and, last, of that of all others together (n, k + 1); ``nll`` is the negative
    log-likelihood of the token that follows (n), in nats.
    """

    ids: Tokens
    logs: npt.NDArray[np.float16]
    nll: npt.NDArray[np.float32]

    def __getitem__(self, places: slice) -> Likeliest:
        return Likeliest(self.ids[places], self.logs[places], self.nll[places])


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What the reference predicts on a text, in the tokens that it read.

    ``tokens`` are those of all passages on end, ``lengths`` counts them by passage, ``scored``
    how many of a passage's last predictions are kept, of which ``targets`` are the tokens that
    follow.
    """

    title: str
    vocabulary_size: int
    tokens: Tokens
    lengths: Tokens
    scored: Tokens
    targets: Tokens
    likeliest: Likeliest

    def passages(self) -> Iterator[tuple[Tokens, Tokens]]:
        """The tokens and the targets of every passage."""
        read = np.split(self.tokens, np.cumsum(self.lengths)[:-1])
        return zip(read, np.split(self.targets, np.cumsum(self.scored)[:-1]), strict=True)


def likeliest(logits: Logits, targets: Tokens, kept: int = KEPT) -> Likeliest:
    """From the logits of a model (n, vocabulary) and the tokens that follow (n)."""
    logs = _log_softmax(logits)
    ids = np.argsort(-logs, axis=1, kind="stable")[:, : min(kept, logs.shape[1] - 1)]
    return Likeliest(
        ids.astype(np.int32),
        _grouped(logs, ids).astype(np.float16),
        -logs[np.arange(len(targets)), targets].astype(np.float32),
    )


def concatenated(parts: Sequence[Likeliest]) -> Likeliest:
    """All places of all parts, in their order; there is at least one part."""
    return Likeliest(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.logs for part in parts]),
        np.concatenate([part.nll for part in parts]),
    )


def compare_with(known: Likeliest, own: Logits, targets: Tokens) -> TokenStatistics:
    """Compare a level's logits (n, vocabulary) with what the reference finds the likeliest.

    Raises ``ValueError`` if a logit is not a finite number.
    """
    if not np.isfinite(own).all():
        raise ValueError("a logit is not a finite number")
    own_logs = _log_softmax(own)
    # What 16 bits left of the probabilities is made to sum to one again.
    base = _log_softmax(known.logs)
    kld = (np.exp(base) * (base - _grouped(own_logs, known.ids))).sum(axis=1)
    return TokenStatistics(
        kld=np.maximum(kld, 0.0),
        nll=-own_logs[np.arange(len(targets)), targets],
        base_nll=known.nll.astype(np.float64),
        same_top=own.argmax(axis=1) == known.ids[:, 0],
    )


def _log_softmax(logits: npt.NDArray[np.floating]) -> Floats:
    # scipy takes a third of a second to import, in every process of a session.
    from scipy.special import log_softmax

    logs: Floats = log_softmax(logits.astype(np.float64), axis=1)
    return logs


def _grouped(logs: Floats, ids: npt.NDArray[np.integer]) -> Floats:
    """The logarithms of the probabilities of some tokens, and of all others together."""
    from scipy.special import logsumexp

    others = logs.copy()
    np.put_along_axis(others, ids, -np.inf, axis=1)
    rest = logsumexp(others, axis=1, keepdims=True)
    return np.concatenate([np.take_along_axis(logs, ids, axis=1), rest], axis=1)
