"""What one process of a session knows: settings, files, models, tolerances, budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import pytest

from pytest_quant.base.library import EXPECTED_IMPACT
from pytest_quant.base.resources import usable_cpus
from pytest_quant.metrics.measurement import CaseResult, Measurement
from pytest_quant.plugin.readiness import (
    check_asking,
    check_cache,
    check_text,
    reference_at_hand,
)
from pytest_quant.plugin.unwritten import Unwritten

if TYPE_CHECKING:
    from pytest_quant.gate.baseline import Baseline, RecordedArtifact, RecordedProbe
    from pytest_quant.gate.budget import Budget
    from pytest_quant.gate.regression import Turns
    from pytest_quant.gate.tolerance_check import CheckResult
    from pytest_quant.gate.tolerances import Tolerances
    from pytest_quant.gate.top_up import TopUp
    from pytest_quant.gate.verdicts import Kind
    from pytest_quant.levels import Level
    from pytest_quant.metrics.likeliest import Predictions
    from pytest_quant.plugin.baselines import Baselines
    from pytest_quant.plugin.collection import ProbeFiles
    from pytest_quant.plugin.options import Settings
    from pytest_quant.probes.model import Probe
    from pytest_quant.runtimes.protocol import Reading, Response, Runtime
    from pytest_quant.session.bench import Bench
    from pytest_quant.session.lineup import Lineup
    from pytest_quant.session.sampling import Sampling

# The reference once more, read in batches of so many tokens: what differs is noise.
TWIN = "reference, in smaller batches"
NOISE_BATCH = 16


class State:
    """The state of a session in one process: the controller's or a worker's.

    Everything heavy is made when it is first used, never while collecting.
    """

    def __init__(
        self,
        settings: Settings,
        files: ProbeFiles,
        threads: int,
        announce: Callable[[str], None],
        told: Mapping[str, Any] | None,
    ) -> None:
        self.settings = settings
        self.files = files
        self.threads = threads
        self.budget: Budget | None = None
        # How many probes were selected, and left out, by level.
        self.selected: dict[str, int] = {}
        self.deselected: dict[str, int] = {}
        self.announce = announce
        self.unwritten = Unwritten()
        # A worker is told by the controller, which has looked at the files.
        self._told = told

    def prepare(self, *, run: bool) -> None:
        """Read every file, and make the artifacts if anything is to be run.

        Raises ``QuantUsageError`` for the first of the user's mistakes.
        """
        self.files.read_all()
        # Cached properties: looking at them is what makes them.
        _ = self.tolerances, self.reference, self.held_text, self.predictions
        for level in self.tested:
            self.baseline(level)
        if run:
            check_cache(self.settings.cache_dir)
            lineup = self.lineup
            check_asking(lineup, self.settings.parallel, self.settings.cache_dir)
            if self.recorded_reference is None:
                check_text(self.held_text, lineup, self.reference)

    @cached_property
    def reference(self) -> Level:
        from pytest_quant.levels import parse_level

        chosen = self.settings
        if chosen.reference is None and self._told is not None:
            return parse_level(self._told["quant_reference"])
        if self.recorded_reference is not None:
            return parse_level(self.recorded_reference.level)
        return reference_at_hand(chosen, lambda: self.baselines)

    @cached_property
    def recorded_reference(self) -> RecordedArtifact | None:
        """The reference as the baselines of all levels know it, if its file is not at hand."""
        from pytest_quant.session.lineup import lacks_reference

        chosen = self.settings
        named = chosen.reference
        if chosen.update != "no" or not lacks_reference(
            chosen.levels, chosen.model, chosen.artifacts, named
        ):
            return None
        tested = [level.name for level in chosen.levels if not named or level.name != named.name]
        recorded = self.baselines.reference(tested)
        return None if recorded and named and named.name != recorded.level else recorded

    @cached_property
    def model_name(self) -> str:
        """What baselines are found by; empty if no file is at hand."""
        from pytest_quant.session.lineup import lacks_reference, model_name

        if self._told is not None:
            return str(self._told["quant_model"])
        chosen = self.settings
        lacking = lacks_reference(chosen.levels, chosen.model, chosen.artifacts, chosen.reference)
        return model_name(chosen.model, chosen.artifacts, None if lacking else self.reference)

    @cached_property
    def baselines(self) -> Baselines:
        from pytest_quant.plugin.baselines import Baselines

        return Baselines(self.settings.baselines, self.model_name)

    def baseline(self, level: str) -> Baseline | None:
        """What a level is compared with: nothing while it is recorded anew."""
        if self.settings.update != "no" or not self.model_name:
            return None
        return self.baselines.of(level)

    @cached_property
    def predictions(self) -> Predictions | None:
        """What the reference was recorded to predict, if it is not at hand now."""
        known = self.recorded_reference
        return self.baselines.predictions(known) if known else None

    @cached_property
    def lineup(self) -> Lineup:
        from pytest_quant.session.lineup import line_up, line_up_without_reference

        chosen = self.settings
        if self.recorded_reference is not None:
            levels = [self.level(name) for name in self.tested]
            return line_up_without_reference(
                levels, self.reference, chosen.artifacts, chosen.cache_dir
            )
        return line_up(
            chosen.levels,
            self.reference,
            chosen.model,
            chosen.artifacts,
            chosen.cache_dir,
            self.threads,
            self.announce,
        )

    @cached_property
    def tolerances(self) -> Tolerances:
        from pytest_quant.gate.tolerances import read_tolerances

        return read_tolerances(EXPECTED_IMPACT, self.settings.tolerances)

    @cached_property
    def bench(self) -> Bench:
        from pytest_quant.base.version import __version__
        from pytest_quant.runtimes.llamacpp.engine import effective_parallel
        from pytest_quant.runtimes.llamacpp.library import build_id, hardware_class
        from pytest_quant.runtimes.responses import ResponseCache
        from pytest_quant.session.bench import Bench

        artifacts = self.lineup.artifacts
        parallel = self.settings.parallel

        @cache
        def origin_of(level: str) -> tuple[str, ...]:
            if level == TWIN:
                return (*origin_of(self.reference.name), f"batch {NOISE_BATCH}")
            machine = (build_id(), hardware_class(), f"threads {self.threads}", __version__)
            width = effective_parallel(artifacts[level].path, parallel)
            return (artifacts[level].digest, *machine, f"parallel {width}")

        return Bench(
            self.reference.name,
            self.open_level,
            origin_of,
            ResponseCache(self.settings.cache_dir / "responses", self.unwritten.answers),
            None if self.recorded_reference is None else self.baselines.reference_answer,
        )

    def open_level(self, level: str) -> Runtime:
        """A level's model, which whoever opens it closes."""
        from pytest_quant.runtimes.llamacpp.engine import BATCH_TOKENS, LlamaCppRuntime

        twin = level == TWIN
        return LlamaCppRuntime.open(
            self.lineup.artifacts[self.reference.name if twin else level].path,
            threads=self.threads,
            parallel=self.settings.parallel,
            physical=NOISE_BATCH if twin else BATCH_TOKENS,
        )

    @property
    def tested(self) -> list[str]:
        """The names of the levels under test: all but the reference."""
        names = (level.name for level in self.settings.levels)
        return [name for name in names if name != self.reference.name]

    @cached_property
    def held_text(self) -> Reading:
        from pytest_quant.session.held_text import held_text

        return held_text(self.settings.text)

    def level(self, name: str) -> Level:
        return next(level for level in self.settings.levels if level.name == name)

    def guide_level(self, name: str) -> str:
        """The level of the guide's tables that a level, or the reference, is one of."""
        return (
            self.reference.guide_level
            if name == self.reference.name
            else (self.level(name).guide_level)
        )

    def limit(self, level: str, category: str | None, task: str | None = None) -> float:
        """The tolerance in percentage points; category ``None``: all probes together."""
        return self.tolerances.tolerance(self.guide_level(level), category, task, name=level)

    def select(self, selected: Iterable[tuple[str, str]]) -> None:
        """Share the error budget among the selected (category, level) pairs, one per item.

        What has a baseline is checked twice, and its divergence once more on each text.
        """
        from pytest_quant.gate.budget import Budget

        pairs = list(selected)
        levels = {level for _, level in pairs}
        recorded = {level: found for level in levels if (found := self.baseline(level))}
        distances = sum(len(self.sources & set(found.divergences)) for found in recorded.values())
        again = [pair for pair in pairs if pair[1] in recorded]
        self.selected = dict(Counter(level for _, level in pairs))
        self.budget = Budget(
            alpha=self.settings.alpha,
            pooled=len(levels) + len(recorded) + distances,
            category=len(set(pairs)) + len(set(again)),
            probe=len(pairs) + len(again),
        )

    @property
    def sources(self) -> set[str]:
        """What divergences are measured on; nothing if all of the reference is unknown."""
        if self.recorded_reference is None:
            return {"text", "responses"}
        return set() if self.predictions is None else {"recorded"}

    def measure(self, probe: Probe, level: str, nodeid: str) -> Measurement:
        """What one probe shows at one level: as many cases as its check takes."""
        from pytest_quant.gate.baseline_changes import recorded_beside
        from pytest_quant.gate.regression import is_probe_settled

        most, least = self.settings.max_cases, self.settings.regression_drop
        limit, alpha = self.limit(level, probe.category, probe.task), self._probe_alpha
        recorded = self._recorded(probe, level)

        def enough(cases: Sequence[CaseResult]) -> bool:
            assert most is not None
            known = recorded.answered if recorded else 0
            cases = recorded_beside(cases, recorded) if recorded else cases
            return is_probe_settled(cases, known, probe.chance, limit, least, alpha, most)

        return self._measured(probe, level, nodeid, self._sampling(probe, level, enough))

    def _recorded(self, probe: Probe, level: str) -> RecordedProbe | None:
        """What a probe is compared with at a level, if anything."""
        return self.baselines.probe(level, probe) if self.baseline(level) else None

    def _sampling(
        self, probe: Probe, level: str, enough: Callable[[Sequence[CaseResult]], bool]
    ) -> Sampling:
        """A fixed number of cases, or in turn until they are enough; at most what is recorded."""
        from pytest_quant.session.sampling import FixedSize, InTurn

        most, count = self.settings.max_cases, self.settings.cases
        if self.recorded_reference is not None:
            count = self.baselines.answered_cases(level, probe, most or count or probe.cases)
            most = most and max(1, count)
        return FixedSize(count) if most is None else InTurn(most, enough)

    def _measured(self, probe: Probe, level: str, nodeid: str, sampling: Sampling) -> Measurement:
        from pytest_quant.gate.baseline_changes import with_recorded

        recorded, baseline = self._recorded(probe, level), self.baseline(level)
        is_recorded = recorded is not None and recorded.answered > 0
        measurement = self.bench.measure(probe, level, nodeid, sampling, is_recorded=is_recorded)
        return with_recorded(measurement, baseline) if baseline else measurement

    @property
    def top_up(self) -> TopUp:
        """What asks more cases for the checks over several probes, where they come in turn."""
        from pytest_quant.gate.top_up import TopUp

        chosen, budget = self.settings, self.budget
        assert chosen.max_cases is not None
        assert budget is not None

        def measure_more(found: Measurement, cases: int) -> Measurement:
            probe = self.files.probe(found.probe)
            sampling = self._sampling(probe, found.level, lambda asked: len(asked) >= cases)
            return self._measured(probe, found.level, found.nodeid, sampling)

        needs = (self.limit, chosen.regression_drop, budget, chosen.max_cases)
        return TopUp(*needs, measure_more, self.announce)

    @property
    def turns(self) -> Turns | None:
        """How cases come in turn, if they do."""
        from pytest_quant.gate.regression import Turns

        most = self.settings.max_cases
        return None if most is None else Turns(most, self._limit_of)

    def _limit_of(self, measurement: Measurement) -> float:
        """The tolerance of one probe at one level."""
        return self.limit(measurement.level, measurement.category, measurement.task)

    @property
    def _probe_alpha(self) -> float:
        assert self.budget is not None
        return self.budget.alpha_for("probe")

    def replies(self, probe: Probe) -> list[tuple[str, Response]]:
        """What the reference writes to the first cases of a probe, by prompt."""
        return self.bench.replies(probe, self._sampling(probe, "", bool))

    def check(self, measurement: Measurement) -> CheckResult:
        """The tolerance check of one probe at one level."""
        from pytest_quant.gate.verdicts import probe_result

        limit, most = self._limit_of(measurement), self.settings.max_cases
        return probe_result(measurement, limit, self._probe_alpha, most)

    def regression(self, measurement: Measurement) -> CheckResult | None:
        """The regression check of one probe at one level; ``None`` without a recorded case."""
        from pytest_quant.gate.regression import probe_regression

        assert self.budget is not None
        drop = self.settings.regression_drop
        return probe_regression(measurement, drop, self.budget, self.turns)

    def is_gone(self, key: str) -> bool:
        """Whether a recorded probe no longer exists, as far as the files of this session tell."""
        return self.files.is_gone(key)

    def explain(
        self, measurement: Measurement, tolerance: CheckResult, regression: CheckResult | None
    ) -> str:
        """Why a probe failed at a level, for a person; empty if it did not."""
        from pytest_quant.gate.baseline_changes import coverage
        from pytest_quant.plugin.baselines import changes_since
        from pytest_quant.reports.failures import describe_failure

        level, told = measurement.level, None
        both: list[tuple[CheckResult | None, Kind]] = [
            (tolerance, "tolerance"),
            (regression, "regression"),
        ]
        failed = [(found, kind) for found, kind in both if found and found.verdict == "fail"]
        if failed and (baseline := self.baseline(level)):
            runtime, covered = self.bench.runtimes.get(level), coverage(baseline, [measurement])
            told = changes_since(self, baseline, runtime, covered)
        return "\n\n".join(
            describe_failure(self.reference.name, level, result, [measurement], kind, told)
            for result, kind in failed
        )

    def close(self) -> None:
        if "bench" in self.__dict__:
            self.bench.close()


STATE = pytest.StashKey[State]()


def thread_count(config: pytest.Config, settings: Settings) -> int:
    """Threads of this process: its share if it is a worker, else all."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        return int(workerinput["quant_threads"])
    return settings.threads or usable_cpus()
