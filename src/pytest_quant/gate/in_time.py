"""Cases for as long as there is time: which of them count, and what is asked next.

When the clock ends a session may depend on what was answered: a damaged model writes at greater
length. So every check goes by bets that hold at whatever moment (`evidence`), of each probe by
itself and of several in rounds: the same look of each, which only counts once all of them have
reached it, or have no more cases. Every case bets alike, so a check over several probes is about
the mean over the cases that were asked.

That is safe although which probes were reached depends on the clock, too. They are asked in an
order that was settled beforehand. With ``m_i`` the true drop of the case that comes as number i,
``prod((1 + stake * (D - x_i)) / (1 + stake * (D - m_i)))`` is a bet that gains nothing on average,
however the ``m_i`` differ, and its denominator is at most ``(1 + stake * (D - mean))^n``, where
``mean`` is that of the first n of them. So wherever the first n have a mean of ``D`` or more, the
capital against that is no larger than this bet's, and the chance that it reaches ``1 / alpha``
after any n is at most alpha. Which of these moments was shown, and why, has no say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_quant.gate.counting import Evidence, Kind, pairs_of
from pytest_quant.gate.sequential import Look, looks_up_to, own_looks, plain_look
from pytest_quant.gate.tolerance_check import count_pairs
from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.measurement import Measurement

# A category that has had less than this share of what the others have had comes first.
_FAIR = 0.5


@dataclass(frozen=True, slots=True)
class InTime:
    """Each probe up to ``most`` cases, as far as the time goes."""

    most: int

    def of_probe(self, measurement: Measurement, kind: Kind) -> Evidence:
        return own_looks(pairs_of(measurement, kind), self.most)

    def of_group(
        self,
        members: Sequence[Measurement],
        category: str | None,  # noqa: ARG002
        kind: Kind,
    ) -> Evidence:
        looks: list[Look] = []
        longest = max((len(m.cases) for m in members), default=0)
        for look in looks_up_to(self.most) if members else ():
            if any(len(m.cases) < look and not m.complete for m in members):
                break
            pairs = [pair for m in members for pair in pairs_of(m, kind, look) if pair]
            looks.append(plain_look(count_pairs(pairs)))
            if look >= longest:
                break
        return looks


@dataclass(frozen=True, slots=True)
class Open:
    """A category at a level that is undecided, and the probes that can be asked more of it.

    ``seconds`` are what deciding it may take at the rates seen so far, infinite if nothing
    realistic decides it; ``had`` is the time that it has had.
    """

    level: str
    category: str
    members: tuple[Measurement, ...]
    seconds: float
    had: float


def next_to_ask(undecided: Sequence[Open]) -> Open | None:
    """The one that is likely to be decided soonest, unless another has had too little time."""
    if not undecided:
        return None
    fair = _FAIR * sum(one.had for one in undecided) / len(undecided)
    least = min(undecided, key=lambda one: one.had)
    if least.had < fair:
        return least
    return min(undecided, key=lambda one: (one.seconds, one.had))


def undecided(
    checks: Sequence[Check],
    measurements: Sequence[Measurement],
    most: int,
    seconds_of: Callable[[Measurement], float],
) -> list[Open]:
    """The categories without a verdict that have cases left; ``checks`` are those over several
    probes, ``seconds_of`` what asking a probe has taken.
    """
    found = []
    for check in checks:
        result = check.result
        if check.scope != "category" or check.category is None or result.verdict != "inconclusive":
            continue
        members = [
            m
            for m in measurements
            if m.informative and (m.level, m.category) == (check.level, check.category)
        ]
        left = tuple(m for m in members if not m.complete and len(m.cases) < most)
        if not left:
            continue
        had = sum(map(seconds_of, members))
        asked = sum(len(m.cases) for m in members)
        more = (
            None if result.cases_needed is None else max(1, result.cases_needed - result.counts.n)
        )
        seconds = float("inf") if more is None or result.uninformative else more * had / asked
        found.append(Open(check.level, check.category, left, seconds, had))
    return found


def next_look(members: Sequence[Measurement], most: int) -> int:
    """How many cases of each make the next round."""
    fewest = min(len(m.cases) for m in members)
    return next(look for look in looks_up_to(most) if look > fewest)
