"""More cases where a check over several probes is not settled by those that its probes took.

A probe cannot know what the checks of its category and its level need, for the other probes may
have run in other processes. So whoever sees all of them asks on, in the same batches as the probes
would have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.counting import InTurn, Kind, LimitOf, unasked
from pytest_quant.gate.sequential import Look, is_regression_settled, is_settled, looks_up_to
from pytest_quant.gate.tolerance_check import Alphas
from pytest_quant.gate.verdicts import Group, groups
from pytest_quant.metrics.measurement import Measurement


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
        for group in groups(sorted(found.values(), key=lambda m: m.nodeid)):
            alphas = Alphas(self.budget.alpha_for(group.scope), pass_alpha)
            most = self.counting.most(group.members, group.category)
            if most:
                self._settle(group, found, "tolerance", alphas, most)
                self._settle(group, found, "regression", alphas, most)

    def _settle(
        self, group: Group, found: dict[str, Measurement], kind: Kind, alphas: Alphas, most: int
    ) -> None:
        nodeids = [member.nodeid for member in group.members]
        planned = self.counting.planned(group.members, group.category)
        announced = False
        while True:
            members = tuple(found[nodeid] for nodeid in nodeids)
            short = [m for m in members if unasked(m, kind, most)]
            fewest = min((len(m.cases) for m in short), default=most)
            if not short or (
                fewest >= planned and self._is_settled(group, members, kind, alphas, most)
            ):
                return
            if not announced:
                purpose = ", against its baseline" if kind == "regression" else ""
                self.announce(f"asking more for {group.subject}[{group.level}]{purpose}")
                announced = True
            cases = max(planned, next(look for look in looks_up_to(most) if look > fewest))
            for member in short:
                if len(member.cases) < cases:
                    found[member.nodeid] = self.measure_more(member, cases)

    def _is_settled(
        self, group: Group, members: Sequence[Measurement], kind: Kind, alphas: Alphas, most: int
    ) -> bool:
        evidence = self.counting.of_group(members, group.category, kind)
        # Only cases that come in turn are asked more.
        looks: list[Look] = evidence if isinstance(evidence, list) else []
        if kind == "regression":
            total = sum(min(m.recorded_cases, most) for m in members)
            return is_regression_settled(looks, self.least_points, alphas.to_fail, total)
        limit = self.limit_of(group.level, group.category)
        total = sum(len(m.cases) if m.complete else most for m in members)
        return is_settled(looks, limit, alphas, group.chance, total)
