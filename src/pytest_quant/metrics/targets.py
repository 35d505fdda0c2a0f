"""How likely the right answer itself is: a continuous outcome beside right and wrong.

The right answer, written out, is the target of a case (as ``doc_to_target`` is in lm-evaluation-
harness). It is read behind the prompt, with every token given (teacher forcing), so that nothing
is generated, and its log-probability falls long before an answer flips.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

# No target is less likely than this, in nats: what a model finds impossible has to be a number.
LEAST_LOGPROB = -10_000.0


@dataclass(frozen=True, slots=True)
class Target:
    """The right answer to one case, and the natural-log probability of the whole of it.

    ``index`` and ``digest`` are those of the case, ``text`` is what was read in ``tokens`` tokens.
    ``reference`` is ``None`` where the reference is not at hand and nothing of it is recorded;
    ``recorded`` is the level's own in its baseline, ``None`` if this very target is not recorded.
    """

    index: int
    digest: str
    text: str
    tokens: int
    reference: float | None
    level: float
    recorded: float | None = None

    @property
    def key(self) -> str:
        """A digest of the case and the text: what is compared is the same text behind the same
        prompt.
        """
        return hashlib.sha256(f"{self.digest}\n{self.text}".encode()).hexdigest()[:8]

    @property
    def probability(self) -> float:
        """That of the whole text at the level, in per cent."""
        return _percent(self.level)

    @property
    def points(self) -> float | None:
        """How much of the reference's probability is lost, in percentage points."""
        return None if self.reference is None else _percent(self.reference) - self.probability

    @property
    def nats(self) -> float | None:
        """How much log-probability a token of it lost against the reference, in nats."""
        return None if self.reference is None else (self.reference - self.level) / self.tokens

    @property
    def nats_since_recorded(self) -> float | None:
        """The same against the level's own record."""
        return None if self.recorded is None else (self.recorded - self.level) / self.tokens

    @property
    def points_since_recorded(self) -> float | None:
        """How much of the recorded probability is lost, in percentage points."""
        return None if self.recorded is None else _percent(self.recorded) - self.probability


def _percent(logprob: float) -> float:
    return 100 * math.exp(min(0.0, logprob))


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
    def over(cls, values: Iterable[Sequence[float]]) -> Self | None:
        """Of the values of each probe; ``None`` if no probe has any."""
        means = [math.fsum(of_probe) / len(of_probe) for of_probe in values if of_probe]
        count = len(means)
        if not count:
            return None
        value = math.fsum(means) / count
        if count < 2:
            return cls(value, None, count)
        squares = math.fsum((mean - value) ** 2 for mean in means)
        return cls(value, math.sqrt(squares / (count * (count - 1))), count)


def present(values: Iterable[float | None]) -> list[float]:
    """Those that are known."""
    return [value for value in values if value is not None]
