"""Which response a judge preferred, pair by pair, and what that says of a level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_quant.analysis.estimates import Estimate, share_of
from pytest_quant.gate.statistics import tango_bounds

Choice = Literal["level", "reference", "tie", "unreadable"]


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """The responses of a level and the reference to one case, compared in both orders.

    ``reference_first`` is what was preferred where the reference's response stood first. Equal
    responses (not ``asked``) are ties.
    """

    level: str
    nodeid: str
    index: int
    asked: bool
    reference_first: Choice
    level_first: Choice

    @property
    def outcome(self) -> Choice:
        """What both orders say; orders that disagree leave a tie."""
        if self.reference_first == self.level_first:
            return self.level_first
        return "unreadable" if self.unreadable else "tie"

    @property
    def unreadable(self) -> bool:
        return "unreadable" in (self.reference_first, self.level_first)


@dataclass(frozen=True, slots=True)
class Preference:
    """A level's free text against the reference's, over the judged of its ``pairs``.

    ``wins``, ``ties`` and ``losses`` count pairs by what both orders say: a pair whose orders
    ``disagree`` is a tie, and so are ``equal`` responses, which no judge was asked about. Pairs
    with an ``unreadable`` answer count for nothing else.

    ``preferred`` is the share of wins and half of the ties, in per cent of all that was read: 50 is
    as good as the reference. Its bounds are Tango's of the difference of wins and losses.
    ``agreement`` is the share of the pairs that were asked and read of which both orders say the
    same, in per cent; a judge that tosses coins agrees with itself in half of them, and
    ``consistent`` says whether this one is shown to do better. ``None``: of no pair.
    """

    level: str
    pairs: int
    wins: int
    ties: int
    losses: int
    equal: int
    disagree: int
    unreadable: int
    preferred: Estimate | None
    agreement: Estimate | None
    consistent: bool

    @property
    def read(self) -> int:
        return self.wins + self.ties + self.losses

    @property
    def judged(self) -> int:
        return self.read + self.unreadable


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that a judge was asked in a session, and what it answered.

    ``prompt`` is the template of its prompts, ``most_pairs`` the limit for each level. ``problem``
    is empty, or says why nothing, or not all up to that limit, was judged.
    """

    endpoint: str
    model: str
    prompt: str
    most_pairs: int
    preferences: tuple[Preference, ...]
    judged: tuple[JudgedPair, ...]
    problem: str = ""


def preferences(
    judged: Sequence[JudgedPair], available: Mapping[str, int]
) -> tuple[Preference, ...]:
    """For each level of which a pair was judged; ``available`` counts the pairs that it has."""
    by_level: dict[str, list[JudgedPair]] = {}
    for pair in judged:
        by_level.setdefault(pair.level, []).append(pair)
    return tuple(_preference(level, found, available[level]) for level, found in by_level.items())


def _preference(level: str, judged: Sequence[JudgedPair], available: int) -> Preference:
    outcomes = [pair.outcome for pair in judged]
    wins, ties, losses = (outcomes.count(what) for what in ("level", "tie", "reference"))
    asked = [pair for pair in judged if pair.asked and not pair.unreadable]
    agreed = sum(pair.reference_first == pair.level_first for pair in asked)
    agreement = share_of(agreed, len(asked)) if asked else None
    return Preference(
        level,
        available,
        wins,
        ties,
        losses,
        equal=sum(not pair.asked for pair in judged),
        disagree=len(asked) - agreed,
        unreadable=outcomes.count("unreadable"),
        preferred=_preferred(wins, losses, wins + ties + losses),
        agreement=agreement,
        consistent=agreement is None or agreement.lower > 50,
    )


def _preferred(wins: int, losses: int, read: int) -> Estimate | None:
    if not read:
        return None
    lower, upper = (50 + 50 * bound for bound in tango_bounds(wins, losses, read, 0.025))
    value = 50 + 50 * (wins - losses) / read
    return Estimate(value, min(value, lower), max(value, upper))
