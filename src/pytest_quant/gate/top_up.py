"""More cases where a check over several probes is not settled by those that its probes took.

A probe cannot know what the checks of its category and its level need, for the other probes may
have run in other processes. So whoever sees all of them asks on, in the same batches as the probes
would have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.counting import InTurn, Kind, LimitOf, Shares, unasked
from pytest_quant.gate.sequential import Look, is_regression_settled, is_settled, looks_up_to
from pytest_quant.gate.tolerance_check import Alphas
from pytest_quant.gate.verdicts import Group, groups
from pytest_quant.metrics.likelihood_drop import likelihood_drops
from pytest_quant.metrics.measurement import Measurement

_KINDS: tuple[Kind, ...] = ("tolerance", "regression")


@dataclass(frozen=True, slots=True)
class TopUp:
    """``measure_more`` gives a measurement with at least so many cases, or all there are.

    ``least_points`` is the smallest drop that a regression check fails for.
    """

    limit_of: LimitOf
    least_points: float
    budget: Budget
    counting: InTurn
    measure_more: Callable[[Measurement, int], Measurement]
    announce: Callable[[str], None]

    def extend(self, found: dict[str, Measurement], pass_alpha: float) -> None:
        """Replace measurements of one level, found by node id, until every group is settled.

        ``pass_alpha`` is that at which the level's checks pass. An error of ``measure_more``
        passes through; what was replaced before it stays.
        """
        # Sorted, so that nothing depends on the order in which the probes ended.
        members = sorted(found.values(), key=lambda m: m.nodeid)
        asked = [
            (group, kind, Alphas(self.budget.alpha_for(group.scope), pass_alpha), most)
            for group in most_damaged_first(members)
            if any((most := self.counting.most(group.members, group.category)).values())
            for kind in _KINDS
        ]
        # What is asked in any case comes first: an end that comes early costs only what is more.
        told: set[str] = set()
        for further in (False, True):
            for group, kind, alphas, most in asked:
                self._settle(group, found, kind, alphas, most, told, further=further)

    def _settle(
        self,
        group: Group,
        found: dict[str, Measurement],
        kind: Kind,
        alphas: Alphas,
        most: Shares,
        told: set[str],
        *,
        further: bool,
    ) -> None:
        """Ask what is planned; ``further``: on until the check is settled. Each is told once."""
        nodeids = [member.nodeid for member in group.members]
        planned = self.counting.planned(group.members, group.category)
        while True:
            members = tuple(found[nodeid] for nodeid in nodeids)
            short = [m for m in members if unasked(m, kind, most[m.nodeid])]
            behind = [m for m in short if len(m.cases) < planned[m.nodeid]]
            if not short or (
                not behind and (not further or self._is_settled(group, members, kind, alphas, most))
            ):
                return
            purpose = ", against its baseline" if kind == "regression" else ""
            sentence = f"asking more for {group.subject}[{group.level}]{purpose}"
            if sentence not in told:
                self.announce(sentence)
                told.add(sentence)
            wanted = planned if behind else next_shares(short, most)
            for member in short:
                if len(member.cases) < wanted[member.nodeid]:
                    found[member.nodeid] = self.measure_more(member, wanted[member.nodeid])

    def _is_settled(
        self, group: Group, members: Sequence[Measurement], kind: Kind, alphas: Alphas, most: Shares
    ) -> bool:
        evidence = self.counting.of_group(members, group.category, kind)
        # Only cases that come in turn are asked more.
        looks: list[Look] = evidence if isinstance(evidence, list) else []
        if kind == "regression":
            total = sum(min(m.recorded_cases, most[m.nodeid]) for m in members)
            return is_regression_settled(looks, self.least_points, alphas.to_fail, total)
        limit = self.limit_of(group.level, group.category)
        total = sum(len(m.cases) if m.complete else most[m.nodeid] for m in members)
        return is_settled(looks, limit, alphas, group.chance, total)


def next_shares(short: Sequence[Measurement], most: Shares) -> Shares:
    """How many cases of each the next look takes, of which some have fewer: an equal part of all
    that each may be asked.
    """
    largest = max(most.values())
    for look in looks_up_to(largest):
        shares = {nodeid: -(-share * look // largest) for nodeid, share in most.items()}
        if any(shares[m.nodeid] > len(m.cases) for m in short):
            return shares
    return most


def most_damaged_first(measurements: Sequence[Measurement]) -> list[Group]:
    """The groups of one level: all probes, then the category that may have lost most, and so on.

    What it may have lost is the drop in the likelihood of right answers and a standard error of it,
    so that one of which little is known comes before one that is known to have lost nothing. The
    order decides what is asked first, never whether it is asked, nor what counts.
    """
    drops = {drop.category: drop.log_odds for drop in likelihood_drops(measurements)}

    def may_have_lost(group: Group) -> float:
        drop = drops.get(group.category)
        # Of a category without right answers to read nothing is known; nor, of one probe, how far.
        if group.scope == "pooled" or drop is None or drop.error is None:
            return math.inf
        return drop.value + drop.error

    # Sorting is stable: those that are alike stay in the order of their names.
    return sorted(groups(measurements), key=may_have_lost, reverse=True)
