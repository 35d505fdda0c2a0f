"""What two models predict at the same places, compared over the whole vocabulary.

Nothing is approximated: logits come as llama.cpp's 32-bit numbers, everything after that is in
64 bits, so a divergence is known to about 1e-14 nats and a model's divergence from itself is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

# A target that stands for the token that the reference finds the likeliest.
TOP = -1
# Logits compared at once, few enough to stay in a processor's cache with all that is made of them.
_BLOCK = 2**15


@dataclass(frozen=True, slots=True)
class TokenStatistics:
    """One number for each scored token, in arrays of one length.

    ``kld`` is KL(reference || level), ``nll`` and ``base_nll`` are the negative log-likelihoods of
    the token at the level and at the reference, all in nats; ``same_top`` tells whether both find
    the same token the likeliest.
    """

    kld: Floats
    nll: Floats
    base_nll: Floats
    same_top: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.kld)

    @property
    def delta(self) -> Floats:
        """By how much the token's probability rose from the reference to the level."""
        change: Floats = np.exp(-self.nll) - np.exp(-self.base_nll)
        return change


def joined(parts: Sequence[TokenStatistics]) -> TokenStatistics:
    """The tokens of all parts, in their order; there is at least one part."""
    return TokenStatistics(
        np.concatenate([part.kld for part in parts]),
        np.concatenate([part.nll for part in parts]),
        np.concatenate([part.base_nll for part in parts]),
        np.concatenate([part.same_top for part in parts]),
    )


def split(tokens: TokenStatistics, lengths: Sequence[int]) -> list[TokenStatistics]:
    """The inverse of ``joined``."""
    ends = np.cumsum(lengths)[:-1]
    columns = (tokens.kld, tokens.nll, tokens.base_nll, tokens.same_top)
    return [
        TokenStatistics(*part)
        for part in zip(*(np.split(column, ends) for column in columns), strict=True)
    ]


def compare_logits(
    base: Logits, own: Logits, targets: npt.NDArray[np.int32], threads: int = 1
) -> TokenStatistics:
    """Compare the logits of the reference (``base``) and a level, both (tokens, vocabulary).

    ``targets`` are the ids of the tokens that follow, or ``TOP``. Raises ``ValueError`` if a logit
    is not a finite number.
    """
    rows = max(1, _BLOCK // base.shape[1])
    starts = range(0, len(targets), rows)

    def block(start: int) -> TokenStatistics:
        part = slice(start, start + rows)
        return _compare(base[part], own[part], targets[part])

    if threads == 1 or len(starts) == 1:
        return joined([block(start) for start in starts])
    with ThreadPoolExecutor(threads) as pool:
        return joined([*pool.map(block, starts)])


def _compare(base: Logits, own: Logits, targets: npt.NDArray[np.int32]) -> TokenStatistics:
    rows = np.arange(len(targets))
    base_top, own_top = base.argmax(axis=1), own.argmax(axis=1)
    # What is no number is found at the end, once for all.
    with np.errstate(invalid="ignore"):
        # In units of the likeliest token's probability, so that no exponential overflows.
        base_logs = base - base[rows, base_top].astype(np.float64)[:, np.newaxis]
        own_logs = own - own[rows, own_top].astype(np.float64)[:, np.newaxis]
        weights = np.exp(base_logs)
        base_sums = weights.sum(axis=1)
        own_sums = np.exp(own_logs).sum(axis=1)
        means = np.einsum("ij,ij->i", weights, base_logs - own_logs) / base_sums
        base_norms, own_norms = np.log(base_sums), np.log(own_sums)
        kld = means - (base_norms - own_norms)
    if not np.isfinite(kld).all():
        raise ValueError("a logit is not a finite number")
    wanted = np.where(targets == TOP, base_top, targets)
    return TokenStatistics(
        # Rounding may leave a hair less than nothing.
        kld=np.maximum(kld, 0.0),
        nll=own_norms - own_logs[rows, wanted],
        base_nll=base_norms - base_logs[rows, wanted],
        same_top=base_top == own_top,
    )
