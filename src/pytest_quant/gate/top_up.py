"""More cases where a check over several probes is not settled by those that its probes took.

A probe asks until its own check is settled; it cannot know what the checks of its category and
its level need, for the other probes may have run in other processes. So whoever sees all of them
asks on, in the same batches as the probes would have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.regression import is_regression_settled, regression_looks, unasked
from pytest_quant.gate.sequential import is_settled, looks_up_to
from pytest_quant.gate.verdicts import Group, LimitOf, group_looks, groups
from pytest_quant.metrics.measurement import Measurement


@dataclass(frozen=True, slots=True)
class TopUp:
    """``measure_more`` gives a measurement with at least so many cases, or all there are.

    ``least_points`` is the smallest drop that a regression check fails for.
    """

    limit_of: LimitOf
    least_points: float
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
            self._settle(group, found, "", self._open_to_its_limit)
            self._settle(group, found, ", against its baseline", self._open_to_its_baseline)

    def _settle(
        self,
        group: Group,
        found: dict[str, Measurement],
        purpose: str,
        open_members: Callable[[Group, Sequence[Measurement]], list[Measurement]],
    ) -> None:
        nodeids = [member.nodeid for member in group.members]
        announced = False
        while still_open := open_members(group, [found[nodeid] for nodeid in nodeids]):
            if not announced:
                self.announce(f"asking more for {group.subject}[{group.level}]{purpose}")
                announced = True
            fewest = min(len(member.cases) for member in still_open)
            cases = next(look for look in looks_up_to(self.max_cases) if look > fewest)
            for member in still_open:
                if len(member.cases) < cases:
                    found[member.nodeid] = self.measure_more(member, cases)

    def _open_to_its_limit(self, group: Group, members: Sequence[Measurement]) -> list[Measurement]:
        """The members to be asked more for the tolerance check, none if it is settled."""
        group = Group(group.scope, group.level, group.category, tuple(members))
        most = sum(len(m.cases) if m.complete else self.max_cases for m in members)
        looks = group_looks(group, self.max_cases)
        limit = self.limit_of(group.level, group.category)
        alpha = self.budget.alpha_for(group.scope)
        if is_settled(looks, limit, alpha, group.chance, most):
            return []
        return [m for m in members if not m.complete]

    def _open_to_its_baseline(
        self, group: Group, members: Sequence[Measurement]
    ) -> list[Measurement]:
        """The same for the regression check: only what is recorded is asked."""
        still_open = [m for m in members if unasked(m, self.max_cases)]
        if not still_open:
            return []
        most = sum(min(m.recorded_cases, self.max_cases) for m in members)
        looks = regression_looks(members, self.max_cases)
        alpha = self.budget.alpha_for(group.scope)
        settled = is_regression_settled(looks, self.least_points, alpha, most)
        return [] if settled else still_open
