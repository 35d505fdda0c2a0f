"""How likely the right answer itself is: a continuous outcome beside right and wrong.

The right answer, written out, is the target of a case (as ``doc_to_target`` is in lm-evaluation-
harness). It is read behind the prompt with every token of it given (teacher forcing), so nothing is
generated, and a model finds it less likely long before an answer flips.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

# No target is less likely than this, in nats: what a model finds impossible has to be a number.
LEAST_LOGPROB = -10_000.0
# Probabilities this near to 0 or 1 are not told apart: there, log-odds are made of rounding, and
# of how sure a model is that something is wrong.
NEGLIGIBLE = 1e-4


@dataclass(frozen=True, slots=True)
class TargetScore:
    """How likely one model finds a target.

    ``logprob`` is the natural-log probability of the whole text, ``log_odds`` the mean over its
    tokens of ``ln((p + e) / (1 - p + e))`` with ``e`` = `NEGLIGIBLE`, for the probability ``p`` of
    each behind the prompt and the tokens before it. Log-odds tell 0.99 from 0.999 as well as 0.01
    from 0.001, and a single token that the model finds impossible does not decide them.
    """

    logprob: float
    log_odds: float

    @classmethod
    def of(cls, logprobs: Sequence[float]) -> Self | None:
        """From the log-probability of each token; ``None`` if there are none, or no numbers."""
        if not logprobs or any(map(math.isnan, logprobs)):
            return None
        # Rounding may put what is certain a little above 0.
        bounded = [min(0.0, max(LEAST_LOGPROB, logprob)) for logprob in logprobs]
        return cls(
            logprob=max(LEAST_LOGPROB, math.fsum(bounded)),
            log_odds=math.fsum(map(_log_odds, bounded)) / len(bounded),
        )

    @property
    def percent(self) -> float:
        """The probability of the whole text."""
        return 100 * math.exp(self.logprob)


def _log_odds(logprob: float) -> float:
    return math.log((math.exp(logprob) + NEGLIGIBLE) / (NEGLIGIBLE - math.expm1(logprob)))


@dataclass(frozen=True, slots=True)
class Target:
    """The right answer to one case, and how likely it is.

    ``index`` and ``digest`` are those of the case, ``text`` is what was read. ``reference`` is
    ``None`` where the reference is not at hand and nothing of it is recorded; ``recorded`` is the
    level's own in its baseline, ``None`` if this very target is not recorded.
    """

    index: int
    digest: str
    text: str
    reference: TargetScore | None
    level: TargetScore
    recorded: TargetScore | None = None

    @property
    def key(self) -> str:
        """A digest of the case and the text: what is compared is the same text behind the same
        prompt.
        """
        return hashlib.sha256(f"{self.digest}\n{self.text}".encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over ``probes`` with its standard error, ``None`` for a single probe.

    A probe's cases come from one template and move together, so the probe is the unit (cluster),
    and each counts the same.
    """

    value: float
    error: float | None
    probes: int

    @classmethod
    def over(cls, values: Iterable[Sequence[float]]) -> Self:
        """Of the values of each probe; raises ``ValueError`` if a probe has none."""
        means = [math.fsum(of_probe) / len(of_probe) for of_probe in values if len(of_probe)]
        count = len(means)
        if not count:
            raise ValueError("a mean of nothing")
        value = math.fsum(means) / count
        if count < 2:
            return cls(value, None, count)
        squares = math.fsum((mean - value) ** 2 for mean in means)
        return cls(value, math.sqrt(squares / (count * (count - 1))), count)


Pair = tuple[TargetScore, TargetScore]


def against_reference(targets: Iterable[Target]) -> list[Pair]:
    """The reference and the level, of each target of which both are known."""
    return [(target.reference, target.level) for target in targets if target.reference]


def against_record(targets: Iterable[Target]) -> list[Pair]:
    """The level as it was recorded and as it is, of each target that is recorded."""
    return [(target.recorded, target.level) for target in targets if target.recorded]


def log_odds_lost(pairs: Iterable[Sequence[Pair]]) -> Mean:
    """The mean drop, by probe."""
    return Mean.over([was.log_odds - now.log_odds for was, now in of] for of in pairs)


def points_lost(pairs: Iterable[Sequence[Pair]]) -> Mean:
    """That of the probability of whole answers, in percentage points."""
    return Mean.over([was.percent - now.percent for was, now in of] for of in pairs)
