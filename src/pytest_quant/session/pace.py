"""How long a session will go on, from what its tests took so far.

The categories differ, so a probe that has not run is expected to take what those of its category
took, and before one has, what all took, times its weight. A further level is asked what the first
one was, without the reference, whose answers are kept. Divergences and the cases that are asked
more at the end are steps like others. `benchmarks/time_left.py` compares forecasts with the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Probes that a category's own mean is worth, beside those of the category that have run.
_PRIOR = 2
# Probes of a further level after which its own pace counts as much as the first level's.
_STEADY = 10
# Long prompts take long to read: so many times what other probes take.
_WEIGHT = {"long_context": 4.0}
# What comparing a level token by token takes, in tokens read: on the library's held text, and
# besides what a text of one's own takes.
HELD_TEXT = 70_000
BESIDES_TEXT = 25_000
# A token that is written takes as long as so many that are read, in batches as probes have them.
WRITTEN = 8
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


class Pace:
    """Learns what tests took; ``left`` forecasts from it. Nothing here looks at a clock."""

    def __init__(self) -> None:
        self._plan = Plan({}, (), in_turn=False)
        self._probes: dict[str, Probe] = {}
        self._compared: dict[str, float] = {}

    def plan(self, plan: Plan) -> None:
        self._plan = plan

    def probe(self, nodeid: str, probe: Probe) -> None:
        """A probe has run; one that runs again takes the place of its first run."""
        self._probes[nodeid] = probe

    def compared(self, level: str, took: float) -> None:
        self._compared[level] = took

    def left(self, running: Mapping[str, float], workers: int = 1) -> float:
        """Seconds until the end; ``running`` says for how long each test that runs has."""
        if not self._probes:
            return 0.0
        work = self._probes_left() + self._comparisons_left()
        work = max(0.0, work - sum(running.values()))
        return work / max(1, workers) + self.more_left()

    def _probes_left(self) -> float:
        return sum(
            (count - len(self._of(level, category))) * rate[category]
            for level, categories in self._plan.probes.items()
            for rate in [self._rates(level)]
            for category, count in categories.items()
        )

    def _of(self, level: str, category: str | None = None) -> list[Probe]:
        return [
            probe
            for probe in self._probes.values()
            if probe.level == level and category in (None, probe.category)
        ]

    def _rates(self, level: str) -> Mapping[str, float]:
        """Seconds a probe by category: as at the level that came first, without the reference."""
        first = next(iter(self._probes.values())).level
        before = self._of(first)
        if level == first:
            return self._by_category([(p.category, p.took) for p in before])
        rates = self._by_category([(p.category, p.took - p.reference) for p in before])
        ran = self._of(level)
        usual = _STEADY * sum(rates.values()) / len(rates)
        seen, foreseen = sum(p.took for p in ran), sum(rates[p.category] for p in ran)
        factor = (seen + usual) / (foreseen + usual) if usual else 1.0
        return {category: factor * rate for category, rate in rates.items()}

    def _by_category(self, ran: Sequence[tuple[str, float]]) -> dict[str, float]:
        """What one takes on average, and where few or none ran, as far as their weight tells."""
        weights = sum(_weight(category) for category, _ in ran)
        usual = sum(took for _, took in ran) / weights
        names = dict.fromkeys(c for categories in self._plan.probes.values() for c in categories)
        mine = {name: [took for category, took in ran if category == name] for name in names}
        return {
            name: (_PRIOR * usual * _weight(name) + sum(took)) / (_PRIOR + len(took))
            for name, took in mine.items()
        }

    def _comparisons_left(self) -> float:
        to_come = [level for level in self._plan.compared if level not in self._compared]
        if not to_come:
            return 0.0
        if self._compared:
            each = sum(self._compared.values()) / len(self._compared)
        else:
            seconds = sum(p.reference + p.own for p in self._probes.values())
            work = sum(p.work for p in self._probes.values())
            each = self._plan.comparing * seconds / work if work else 0.0
        return each * len(to_come)

    def more_left(self) -> float:
        """What is asked when all tests have run, for the checks over several probes."""
        if not self._plan.in_turn or not self._probes:
            return 0.0
        ran = [*self._probes.values()]
        first = self._of(ran[0].level)
        took = sum(p.took for p in first)
        told = [p for p in first if p.own]
        a_case = sum(p.took for p in told) / (sum(p.cases for p in told) or 1)
        own = sum(p.took - p.reference for p in first) / took if took else 0.0
        more = sorted(self._more_cases(level) for level in self._plan.probes)
        # The reference answers each case once, for the level that is asked most.
        recorded = a_case * (sum(more[-1:]) + own * sum(more[:-1]))
        usual = _MORE * took * self._planned(ran[0].level) / len(first)
        return max(recorded, usual)

    def _more_cases(self, level: str) -> float:
        """Recorded cases of a level that its probes do not ask for their own sake."""
        ran = self._of(level) or [*self._probes.values()]
        return sum(p.more for p in ran) * self._planned(level) / len(ran)

    def _planned(self, level: str) -> int:
        return sum(self._plan.probes.get(level, {}).values())


def comparing_tokens(text: Path | None) -> int:
    """What comparing takes, in tokens read: two readings of one's own text, 4 bytes a token."""
    if text is None:
        return HELD_TEXT
    with suppress(OSError):
        return 2 * text.stat().st_size // 4 + BESIDES_TEXT
    return HELD_TEXT


def _weight(category: str) -> float:
    return _WEIGHT.get(category, 1.0)
