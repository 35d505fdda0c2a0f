"""How many cases are asked, and which of them a check goes by.

Three ways: a number that was `Settled` beforehand, each probe `UpTo` a number until its own checks
are decided, or, unless someone says otherwise, `BySize`: as many of each category as its decision
takes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pytest_quant.gate.sequential import (
    FIRST_LOOK,
    Compared,
    Look,
    Member,
    common_looks,
    is_regression_settled,
    is_settled,
    looks_up_to,
    own_looks,
)
from pytest_quant.gate.statistics import cases_to_pass
from pytest_quant.gate.tolerance_check import Alphas, Paired, count_pairs
from pytest_quant.metrics.measurement import (
    CaseResult,
    Measurement,
    answered,
    compared,
    placed_outcomes,
)

# Against the reference of the session, or against the recorded baseline.
Kind = Literal["tolerance", "regression"]
# Counts of a number of cases that depends on no outcome, or the looks at cases that came in turn.
Evidence = Paired | list[Look]
# So many cases of each probe, by node id.
Shares = Mapping[str, int]
# The limit in percentage points of a level for a category (``None``: all probes together).
LimitOf = Callable[[str, str | None], float]

# A category is planned to pass with this power if so many of its answers flip, evenly in both
# directions: more than a good file of eight bits flips, about what one of four does.
PLANNED_FLIPS = 0.01
PLANNED_POWER = 0.9
# A wider limit is planned like this one: whoever reads a category's row wants a figure.
WIDEST_PLANNED = 5.0
# A limit of one point would take more than a thousand; so many decide if nearly nothing flips.
MOST_PLANNED = 300
# An undecided category is asked so many times its size at most.
MOST_SIZES = 2
# No probe is asked as many; the looks up to it are those of any number.
ENDLESS = 1 << 24


class Counting(Protocol):
    """Which of the cases that were asked a check goes by."""

    def of_probe(self, measurement: Measurement, kind: Kind) -> Evidence:
        """What a probe's own check goes by."""
        ...

    def of_group(
        self, members: Sequence[Measurement], category: str | None, kind: Kind
    ) -> Evidence:
        """What the check over the probes of a category goes by; ``None``: over all of a level."""
        ...


class InTurn(Counting, Protocol):
    """Cases that come in turn: what else may be asked for the sake of a group of probes."""

    def planned(self, members: Sequence[Measurement], category: str | None) -> Shares:
        """How many cases of each are asked in any case."""
        ...

    def most(self, members: Sequence[Measurement], category: str | None) -> Shares:
        """How many cases of each may be asked at all, each a look; none if nothing is asked on."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """All cases that were asked count: their number was settled beforehand."""

    def of_probe(self, measurement: Measurement, kind: Kind) -> Evidence:
        return self.of_group((measurement,), None, kind)

    def of_group(
        self,
        members: Sequence[Measurement],
        category: str | None,  # noqa: ARG002
        kind: Kind,
    ) -> Evidence:
        return count_pairs(pair for m in members for pair in pairs_of(m, kind) if pair)


@dataclass(frozen=True, slots=True)
class UpTo:
    """Each probe up to ``max_cases``, in turn, until its own checks are decided.

    ``limit_of`` is the limit of a probe's tolerance check and ``least_points`` the smallest drop
    that its regression check fails for, in percentage points; ``alphas`` are those of both.
    """

    max_cases: int
    limit_of: Callable[[Measurement], float]
    least_points: float
    alphas: Alphas

    def of_probe(self, measurement: Measurement, kind: Kind) -> Evidence:
        """What was asked beyond the look that decided it, for the sake of another check, takes no
        part: a verdict does not depend on what else is selected.
        """
        m, limit = measurement, self.limit_of(measurement)
        for look in looks_up_to(len(m.cases)):
            first = m.cases[:look]
            if (
                self._is_placed(first, limit, m.chance)
                if kind == "tolerance"
                else self.is_settled(first, limit, m.chance, m.recorded_cases)
            ):
                return own_looks(pairs_of(m, kind, look), self.max_cases)
        return own_looks(pairs_of(m, kind), self.max_cases)

    def of_group(
        self,
        members: Sequence[Measurement],
        category: str | None,
        kind: Kind,
    ) -> Evidence:
        return _common_looks(members, kind, self.most(members, category))

    def planned(
        self,
        members: Sequence[Measurement],
        category: str | None,  # noqa: ARG002
    ) -> Shares:
        return {m.nodeid: 0 for m in members}

    def most(
        self,
        members: Sequence[Measurement],
        category: str | None,  # noqa: ARG002
    ) -> Shares:
        return {m.nodeid: self.max_cases for m in members}

    def is_settled(
        self, cases: Sequence[CaseResult], limit_points: float, chance: float, recorded: int
    ) -> bool:
        """Whether neither of a probe's own checks asks for more than these cases.

        ``recorded`` of its first cases are in the baseline.
        """
        return self._is_placed(cases, limit_points, chance) and is_regression_settled(
            own_looks(compared(cases), self.max_cases),
            self.least_points,
            self.alphas.to_fail,
            min(self.max_cases, recorded),
        )

    def _is_placed(self, cases: Sequence[CaseResult], limit_points: float, chance: float) -> bool:
        looks = own_looks(answered(cases), self.max_cases)
        return is_settled(looks, limit_points, self.alphas, chance, self.max_cases)


@dataclass(frozen=True, slots=True)
class BySize:
    """As many cases of a category as its decision takes, evenly from the probes that tell anything.

    The ``size`` of a category at a level follows from its limit. Each probe is first asked its
    share for its own sake, as if half of those that were ``selected`` (by level and category) told
    anything; then all that do are asked in turn, a batch each, until the category has its size,
    and where that leaves it undecided, on to twice as many. Neither share nor size depends on an
    outcome of the level: so the checks of a probe, and those over all probes of a level, go by a
    number of cases that is settled. Those of a category look at every batch.
    """

    selected: Mapping[str, Mapping[str, int]]
    limit_of: LimitOf
    alpha: float

    def size(self, level: str, category: str) -> int:
        """How many cases of a category show at a level that nothing is lost."""
        limit = min(self.limit_of(level, category), WIDEST_PLANNED) / 100
        cases = cases_to_pass(PLANNED_FLIPS, limit, self.alpha, PLANNED_POWER)
        return MOST_PLANNED if cases is None else min(cases, MOST_PLANNED)

    def own(self, level: str, category: str) -> int:
        """How many cases a probe is asked for its own sake, a look."""
        share = (
            2 * self.size(level, category) / max(2, self.selected.get(level, {}).get(category, 0))
        )
        return max(look for look in looks_up_to(ENDLESS) if look <= max(FIRST_LOOK, share))

    def of_probe(self, measurement: Measurement, kind: Kind) -> Evidence:
        return count_pairs(pair for pair in pairs_of(measurement, kind, measurement.own) if pair)

    def of_group(
        self, members: Sequence[Measurement], category: str | None, kind: Kind
    ) -> Evidence:
        if category is not None:
            return _common_looks(members, kind, self.most(members, category))
        by_category: defaultdict[str, list[Measurement]] = defaultdict(list)
        for m in members:
            by_category[m.category].append(m)
        planned: dict[str, int] = {}
        for name, of_one in by_category.items():
            planned |= self.planned(of_one, name)
        return count_pairs(
            pair
            for m in members
            for pair in pairs_of(m, kind, m.own and max(m.own, planned[m.nodeid]))
            if pair
        )

    def planned(self, members: Sequence[Measurement], category: str | None) -> Shares:
        """The shares of a category, as equal as its size allows."""
        if category is None or not members:
            return {m.nodeid: 0 for m in members}
        return in_turn({m.nodeid: m.size for m in members}, self.size(members[0].level, category))

    def most(self, members: Sequence[Measurement], category: str | None) -> Shares:
        """In proportion to what is planned of each, so that all get there together."""
        if category is None:
            return {}
        planned = self.planned(members, category)
        return {nodeid: look_from(MOST_SIZES * share) for nodeid, share in planned.items()}


def in_turn(sizes: Mapping[str, int | None], wanted: int) -> Shares:
    """Shares that are ``wanted`` cases together: one look of each after the other, by name.

    Each has the first look, which it is asked in any case. ``sizes`` are how many cases there
    are of each, ``None`` if that is any number.
    """
    shares = dict.fromkeys(sizes, FIRST_LOOK)
    for look in looks_up_to(look_from(wanted)):
        for name in sorted(shares):
            if sum(_at_most(share, sizes[of]) for of, share in shares.items()) >= wanted:
                return shares
            shares[name] = look
    return shares


def _at_most(cases: int, size: int | None) -> int:
    return cases if size is None else min(cases, size)


def look_from(cases: float) -> int:
    """The first look at so many cases or more, of any number of cases."""
    return next(look for look in looks_up_to(ENDLESS) if look >= cases)


def pairs_of(m: Measurement, kind: Kind, cases: int | None = None) -> Compared:
    """The outcomes of its first ``cases``, ``None``: of all; without those that are not counted."""
    if kind == "regression":
        return compared(m.cases[:cases])
    return [pair for pair in placed_outcomes(m)[:cases] if pair]


def _common_looks(members: Sequence[Measurement], kind: Kind, most: Shares) -> list[Look]:
    return common_looks(
        [Member(pairs_of(m, kind), _weight(m, kind, most[m.nodeid])) for m in members]
    )


def _weight(m: Measurement, kind: Kind, most: int) -> int:
    """How many cases of a probe may be asked and counted, as is known before the level is asked."""
    size = _size(m, kind, most)
    if kind == "regression" or m.counted == "all":
        return size
    return (size + 1) // 2 if m.counted == "even" else size // 2


def _size(m: Measurement, kind: Kind, most: int) -> int:
    """How many cases of a probe may be asked."""
    size = most if m.size is None else min(m.size, most)
    size = min(size, len(m.cases)) if m.complete else size
    return size if kind == "tolerance" else min(size, m.recorded_cases)


def unasked(m: Measurement, kind: Kind, most: int) -> bool:
    """Whether a probe has cases that were not asked yet."""
    return not m.complete and len(m.cases) < _size(m, kind, most)
