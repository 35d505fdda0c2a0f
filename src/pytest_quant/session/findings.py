"""What the parts of a session bring, and all of it together.

Parts may be done by other processes: what they bring is made of plain types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pytest_quant.analysis.efficiency import Benchmark
from pytest_quant.analysis.quality import ResponseLikelihood
from pytest_quant.gate.level_verdict import Problem
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.measurement import CaseResult, Measurement
from pytest_quant.runtimes.protocol import RuntimeInfo
from pytest_quant.session.distances import Distances, Stage


@dataclass(frozen=True, slots=True)
class Measured:
    """A probe that was asked, ``None`` if it broke; ``runtimes`` by level are those that ran."""

    measurement: Measurement | None
    runtimes: Mapping[str, RuntimeInfo]


@dataclass(frozen=True, slots=True)
class Compared:
    """How far a level is from the reference, as far as one stage tells; ``runtimes`` ran."""

    level: str
    distances: Distances
    stage: Stage
    runtimes: Mapping[str, RuntimeInfo]


@dataclass(frozen=True, slots=True)
class Timed:
    """A level that was timed, ``None`` if it could not be."""

    level: str
    benchmark: Benchmark | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What one of the tests of a parametrized test in Python told of its level.

    ``test`` is the node id without the parameters; ``category`` that of its mark, if it has one.
    ``chance`` is the share of its cases that guessing gets right; ``runtimes`` by level ran.
    """

    level: str
    test: str
    category: str | None
    chance: float
    cases: tuple[CaseResult, ...]
    runtimes: Mapping[str, RuntimeInfo]


Finding = Measured | Compared | Timed | Counted


@dataclass(slots=True)
class Findings:
    """All that a session found. Measurements, and cases that tests in Python tell, by test; what is
    read or timed by level.

    ``problems`` are what broke or failed otherwise; ``other_failures`` counts failures of no
    level; ``stopped``: not all was asked that was to be.
    """

    measurements: dict[str, Measurement] = field(default_factory=dict)
    runtimes: dict[str, RuntimeInfo] = field(default_factory=dict)
    distances: dict[tuple[str, Stage], Distances] = field(default_factory=dict)
    benchmarks: dict[str, Benchmark] = field(default_factory=dict)
    counted: dict[str, Counted] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    other_failures: int = 0
    stopped: bool = False

    def keep(self, test: str, found: Finding) -> None:
        """Take what a test brings, in place of what an earlier run of it brought."""
        match found:
            case Measured(measurement, runtimes):
                self.measurements.pop(test, None)
                if measurement is not None:
                    self.measurements[test] = measurement
                    self.runtimes |= runtimes
            case Compared():
                self.distances[found.level, found.stage] = found.distances
                self.runtimes |= found.runtimes
            case Counted():
                self.counted[test] = found
                self.runtimes |= found.runtimes
            case Timed(level, benchmark):
                self.benchmarks.pop(level, None)
                if benchmark is not None:
                    self.benchmarks[level] = benchmark

    @property
    def divergences(self) -> list[Divergence]:
        """With what could not be measured on responses among the warnings of that on the text."""
        found = []
        for (level, stage), distances in self.distances.items():
            later = self.distances.get((level, "responses"))
            for place, one in enumerate(distances.divergences):
                note = later.note if later and stage == "text" and not place else ""
                warning = "; ".join(filter(None, (one.warning, note)))
                found.append(replace(one, warning=warning))
        return found

    @property
    def likelihoods(self) -> dict[str, ResponseLikelihood]:
        """By level, of those that have one."""
        return {
            level: found.likelihood
            for (level, _), found in self.distances.items()
            if found.likelihood is not None
        }
