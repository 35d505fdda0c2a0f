"""More cases where a check over several probes is not settled by those that its probes took.

A probe asks until its own check is settled; it cannot know what the checks of its category and
its level need, for the other probes may have run in other processes. So whoever sees all of them
asks on, in the same batches as the probes would have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.sequential import is_settled, looks_up_to
from pytest_quant.gate.verdicts import Group, LimitOf, group_looks, groups
from pytest_quant.measurement import Measurement


@dataclass(frozen=True, slots=True)
class TopUp:
    """``measure_more`` gives a measurement with at least so many cases, or all there are."""

    limit_of: LimitOf
    budget: Budget
    max_cases: int
    measure_more: Callable[[Measurement, int], Measurement]
    announce: Callable[[str], None]

    def extend(self, found: dict[str, Measurement]) -> None:
        """Replace measurements, which are found by node id, until every group is settled.

        An error of ``measure_more`` passes through; what was replaced before it stays.
        """
        # Sorted, so that nothing depends on the order in which the probes ended.
        for group in groups(sorted(found.values(), key=lambda m: m.nodeid)):
            self._settle(group, found)

    def _settle(self, group: Group, found: dict[str, Measurement]) -> None:
        nodeids = [member.nodeid for member in group.members]
        announced = False
        while True:
            members = tuple(found[nodeid] for nodeid in nodeids)
            group = replace(group, members=members)
            cases = self._next_look(group)
            if cases is None:
                return
            if not announced:
                self.announce(f"asking more for {group.subject}[{group.level}]")
                announced = True
            for member in members:
                if not member.complete and len(member.cases) < cases:
                    found[member.nodeid] = self.measure_more(member, cases)

    def _next_look(self, group: Group) -> int | None:
        """How many cases of each probe are to be looked at next, ``None`` if it is settled."""
        open_ends = [len(m.cases) for m in group.members if not m.complete]
        most = sum(len(m.cases) if m.complete else self.max_cases for m in group.members)
        looks = group_looks(group, self.max_cases)
        limit = self.limit_of(group.level, group.category)
        alpha = self.budget.alpha_for(group.scope)
        if not open_ends or is_settled(looks, limit, alpha, group.chance, most):
            return None
        return next(look for look in looks_up_to(self.max_cases) if look > min(open_ends))
