"""How long a session will go on, from what its tests took so far.

The categories differ, so a probe that has not run is expected to take what those of its category
took, and before one has, what all took, times its weight. A further level is asked what the first
one was, without the reference, whose answers are kept. Divergences and the cases that are asked
more at the end are steps like others. `benchmarks/time_left.py` compares forecasts with the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pytest_quant.session.workload import HELD_TEXT, Workload, weights

# Probes that a category's own mean is worth, beside those of the category that have run.
_PRIOR = 2
# Of what a probe takes besides its answers, what it takes at a further level: what was drawn, read
# and compiled is at hand.
_AGAIN = 0.4
# Probes of a further level after which its own pace counts as much as the first level's.
_STEADY = 10
# Long prompts take long to read: so many times what other probes take, where nothing is foreseen.
_WEIGHT = {"long_context": 3.0}
# What comparing a level on responses takes of what comparing it on the held text did.
_RESPONSES = 0.2
# Of what the probes took, where cases come in turn and nothing else says how many are asked more.
_MORE = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to run: probes by level and category, the levels whose divergence is measured, in so
    many tokens read, and whether more cases may be asked in the end.
    """

    probes: Mapping[str, Mapping[str, int]]
    compared: Iterable[str]
    in_turn: bool
    comparing: int = HELD_TEXT
    workload: Workload | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe that has run: what the test took in seconds, and of that the reference and the level.

    ``work`` are tokens read, each that was written as `WRITTEN`. ``more`` of its cases are recorded
    and may still be asked.
    """

    level: str
    category: str
    took: float
    reference: float
    own: float
    work: int
    cases: int
    more: int


@dataclass(slots=True)
class _Sum:
    """Probes of one category at one level, all together."""

    count: int = 0
    took: float = 0.0
    reference: float = 0.0
    asked: float = 0.0
    work: int = 0
    # Of those that the level was asked.
    told_took: float = 0.0
    told_cases: int = 0
    more: int = 0

    @property
    def again(self) -> float:
        """What they take at a further level, which is asked without the reference."""
        return self.asked - self.reference + _AGAIN * (self.took - self.asked)

    def add(self, probe: Probe, times: int = 1) -> None:
        self.count += times
        self.took += times * probe.took
        self.reference += times * probe.reference
        self.asked += times * (probe.reference + probe.own)
        self.work += times * probe.work
        self.more += times * probe.more
        if probe.own:
            self.told_took += times * probe.took
            self.told_cases += times * probe.cases


class Pace:
    """Learns what tests took; ``left`` forecasts from it. Nothing here looks at a clock."""

    def __init__(self) -> None:
        self._plan = Plan({}, (), in_turn=False)
        self._probes: dict[str, Probe] = {}
        # By level and category: a session may have thousands of probes, and is asked at each.
        self._sums: dict[str, dict[str, _Sum]] = {}
        self._compared: dict[str, float] = {}
        self._responses: set[str] = set()
        self._foreseen: float | None = None
        self._weights: Mapping[str, float] = _WEIGHT

    def plan(self, plan: Plan) -> None:
        if plan.workload is None:
            plan = replace(plan, workload=self._plan.workload)
        elif plan.workload != self._plan.workload:
            self._foreseen = plan.workload.seconds()
            self._weights = weights(plan.workload)
        self._plan = plan

    def probe(self, nodeid: str, probe: Probe) -> None:
        """A probe has run; one that runs again takes the place of its first run."""
        for one, times in ((self._probes.get(nodeid), -1), (probe, 1)):
            if one is not None:
                of_level = self._sums.setdefault(one.level, {})
                of_level.setdefault(one.category, _Sum()).add(one, times)
        self._probes[nodeid] = probe

    def compared(self, level: str, took: float, *, responses: bool = False) -> None:
        """A level was compared on the held text, or on ``responses``."""
        if responses:
            self._responses.add(level)
        else:
            self._compared[level] = took

    def left(self, running: Mapping[str, float], workers: int = 1) -> float:
        """Seconds until the end; ``running`` says for how long each test that runs has."""
        if not self._probes:
            done = sum(self._compared.values()) + sum(running.values())
            return max(0.0, (self._foreseen or 0.0) - done) / max(1, workers)
        work = self._probes_left() + self._comparisons_left()
        work = max(0.0, work - sum(running.values()))
        return work / max(1, workers) + self.more_left()

    @property
    def _first(self) -> Mapping[str, _Sum]:
        """What ran of the level that came first, which is asked together with the reference."""
        return next(iter(self._sums.values()))

    def _all(self) -> Iterator[_Sum]:
        for categories in self._sums.values():
            yield from categories.values()

    def _probes_left(self) -> float:
        left = 0.0
        for level, categories in self._plan.probes.items():
            rates, ran = self._rates(level), self._sums.get(level, {})
            for category, count in categories.items():
                done = ran[category].count if category in ran else 0
                left += max(0, count - done) * rates[category]
        return left

    def _rates(self, level: str) -> Mapping[str, float]:
        """Seconds a probe by category: as at the level that came first, without the reference."""
        before, ran = self._first, self._sums.get(level, {})
        if ran is before:
            return self._by_category({name: one.took for name, one in before.items()})
        rates = self._by_category({category: one.again for category, one in before.items()})
        usual = _STEADY * sum(rates.values()) / len(rates)
        seen = sum(one.took for one in ran.values())
        foreseen = sum(one.count * rates[category] for category, one in ran.items())
        factor = (seen + usual) / (foreseen + usual) if usual else 1.0
        return {category: factor * rate for category, rate in rates.items()}

    def _by_category(self, took: Mapping[str, float]) -> dict[str, float]:
        """What one takes on average, and where few or none ran, as far as their weight tells."""
        counts = {category: one.count for category, one in self._first.items()}
        usual = sum(took.values()) / sum(n * self._weight(name) for name, n in counts.items())
        planned = (name for categories in self._plan.probes.values() for name in categories)
        ran = (name for categories in self._sums.values() for name in categories)
        return {
            name: (_PRIOR * usual * self._weight(name) + took.get(name, 0.0))
            / (_PRIOR + counts.get(name, 0))
            for name in dict.fromkeys([*planned, *ran])
        }

    def _weight(self, category: str) -> float:
        return self._weights.get(category, 1.0)

    def _comparisons_left(self) -> float:
        to_come = float(sum(level not in self._compared for level in self._plan.compared))
        later = sum(level not in self._responses for level in self._plan.compared)
        to_come += _RESPONSES * later
        if not to_come:
            return 0.0
        if self._compared:
            each = sum(self._compared.values()) / len(self._compared)
        else:
            work = sum(one.work for one in self._all())
            seconds = sum(one.asked for one in self._all())
            each = self._plan.comparing * seconds / work if work else 0.0
        return each * to_come

    def more_left(self) -> float:
        """What is asked when all tests have run, for the checks over several probes."""
        if not self._plan.in_turn or not self._probes:
            return 0.0
        first = [*self._first.values()]
        took, count = sum(one.took for one in first), sum(one.count for one in first)
        a_case = sum(o.told_took for o in first) / (sum(o.told_cases for o in first) or 1)
        own = 1 - sum(one.reference for one in first) / took if took else 0.0
        more = sorted(self._more_cases(level) for level in self._plan.probes)
        # The reference answers each case once, for the level that is asked most.
        recorded = a_case * (sum(more[-1:]) + own * sum(more[:-1]))
        return max(recorded, _MORE * took * self._planned(next(iter(self._sums))) / count)

    def _more_cases(self, level: str) -> float:
        """Recorded cases of a level that its probes do not ask for their own sake."""
        ran = [*self._sums.get(level, {}).values()] or [*self._all()]
        return sum(one.more for one in ran) * self._planned(level) / sum(one.count for one in ran)

    def _planned(self, level: str) -> int:
        return sum(self._plan.probes.get(level, {}).values())
