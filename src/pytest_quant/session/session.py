"""One session: it selects, measures and checks, whoever runs it and whatever shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

from pytest_quant.gate.budget import Budget
from pytest_quant.metrics.measurement import CaseResult, Measurement

if TYPE_CHECKING:
    from pytest_quant.gate.baseline import RecordedProbe
    from pytest_quant.gate.regression import Turns
    from pytest_quant.gate.tolerance_check import CheckResult
    from pytest_quant.gate.top_up import TopUp
    from pytest_quant.probes.model import Probe
    from pytest_quant.runtimes.artifact import Artifact
    from pytest_quant.runtimes.backend import Conditions
    from pytest_quant.runtimes.protocol import Response, Runtime
    from pytest_quant.session.bench import Bench
    from pytest_quant.session.plan import Plan
    from pytest_quant.session.probe_files import ProbeFiles
    from pytest_quant.session.sampling import Sampling

# The reference once more, read in batches of so many tokens: what differs is noise.
TWIN = "reference, in smaller batches"
NOISE_BATCH = 16


class Session:
    """A session in one process; ``plan`` says what is compared, ``files`` what is asked.

    ``not_kept`` is told in a sentence when answers cannot be kept for another session.
    """

    def __init__(self, plan: Plan, files: ProbeFiles, not_kept: Callable[[str], None]) -> None:
        self.plan = plan
        self.files = files
        self.budget: Budget | None = None
        # How many probes were selected, and left out, by level.
        self.selected: dict[str, int] = {}
        self.deselected: dict[str, int] = {}
        self._not_kept = not_kept

    def prepare(self, *, run: bool) -> None:
        """Read every file, and make the artifacts if anything is to be run.

        Raises ``QuantUsageError`` for the first of the user's mistakes.
        """
        self.files.read_all()
        self.plan.prepare(run=run)

    def select(self, selected: Iterable[tuple[str, str]]) -> None:
        """Share the error budget among the selected (category, level) pairs, one per probe.

        What has a baseline is checked twice, its divergence once more on each text, and once more
        all probes and each category by the likelihood of right answers, if that is recorded.
        """
        plan, pairs = self.plan, list(selected)
        levels = {level for _, level in pairs}
        recorded = {level: found for level in levels if (found := plan.baseline(level))}
        distances = sum(len(plan.sources_of(found.divergences)) for found in recorded.values())
        again = [pair for pair in pairs if pair[1] in recorded]
        read = {level for level, found in recorded.items() if found.targets}
        self.selected = dict(Counter(level for _, level in pairs))
        self.budget = Budget(
            alpha=plan.settings.alpha,
            pooled=len(levels) + len(recorded) + distances + len(read),
            category=len(set(pairs)) + len(set(again)) + len({p for p in pairs if p[1] in read}),
            probe=len(pairs) + len(again),
        )

    @cached_property
    def bench(self) -> Bench:
        from pytest_quant.runtimes.backend import backend_of
        from pytest_quant.runtimes.responses import ResponseCache
        from pytest_quant.session.bench import Bench

        plan = self.plan

        @cache
        def origin_of(level: str) -> tuple[str, ...]:
            artifact, conditions = self._asked_as(level)
            return backend_of(artifact.path).origin(artifact, conditions)

        return Bench(
            plan.reference.name,
            self.open_level,
            origin_of,
            ResponseCache(plan.settings.cache_dir / "responses", self._not_kept),
            None if plan.recorded_reference is None else plan.baselines.reference_answer,
        )

    def open_level(self, level: str) -> Runtime:
        """A level's model, which whoever opens it closes."""
        from pytest_quant.runtimes.backend import backend_of

        artifact, conditions = self._asked_as(level)
        return backend_of(artifact.path).open(artifact, conditions)

    def _asked_as(self, level: str) -> tuple[Artifact, Conditions]:
        """The file of a level, or of the reference's twin, and how it is asked."""
        plan, artifacts = self.plan, self.plan.lineup.artifacts
        conditions = plan.conditions
        if level == TWIN:
            return artifacts[plan.reference.name], replace(conditions, batch=NOISE_BATCH)
        return artifacts[level], conditions

    def measure(self, probe: Probe, level: str, nodeid: str) -> Measurement:
        """What one probe shows at one level: as many cases as its check takes.

        Raises ``RuntimeFailed`` if a model cannot be run, ``QuantUsageError`` for a mistake in the
        probe.
        """
        from pytest_quant.gate.baseline_changes import recorded_beside
        from pytest_quant.gate.regression import is_probe_settled

        settings = self.plan.settings
        most, least = settings.max_cases, settings.regression_drop
        limit, alpha = self.plan.limit(level, probe.category, probe.task), self._probe_alpha
        recorded = self._recorded(probe, level)

        def enough(cases: Sequence[CaseResult]) -> bool:
            assert most is not None
            known = recorded.answered if recorded else 0
            cases = recorded_beside(cases, recorded) if recorded else cases
            return is_probe_settled(cases, known, probe.chance, limit, least, alpha, most)

        return self._measured(probe, level, nodeid, self._sampling(probe, level, enough))

    def _recorded(self, probe: Probe, level: str) -> RecordedProbe | None:
        """What a probe is compared with at a level, if anything."""
        plan = self.plan
        return plan.baselines.probe(level, probe) if plan.baseline(level) else None

    def _sampling(
        self, probe: Probe, level: str, enough: Callable[[Sequence[CaseResult]], bool]
    ) -> Sampling:
        """A fixed number of cases, or in turn until they are enough; at most what is recorded."""
        from pytest_quant.session.sampling import FixedSize, InTurn

        plan = self.plan
        most, count = plan.settings.max_cases, plan.settings.cases
        if plan.recorded_reference is not None:
            count = plan.baselines.answered_cases(level, probe, most or count or probe.cases)
            most = most and max(1, count)
        return FixedSize(count) if most is None else InTurn(most, enough)

    def _measured(self, probe: Probe, level: str, nodeid: str, sampling: Sampling) -> Measurement:
        from pytest_quant.gate.baseline_changes import with_recorded

        recorded, baseline = self._recorded(probe, level), self.plan.baseline(level)
        is_recorded = recorded is not None and recorded.answered > 0
        measurement = self.bench.measure(probe, level, nodeid, sampling, is_recorded=is_recorded)
        return with_recorded(measurement, baseline) if baseline else measurement

    @property
    def top_up(self) -> TopUp:
        """What asks more cases for the checks over several probes, where they come in turn."""
        from pytest_quant.gate.top_up import TopUp

        chosen, budget = self.plan.settings, self.budget
        assert chosen.max_cases is not None
        assert budget is not None

        def measure_more(found: Measurement, cases: int) -> Measurement:
            probe = self.files.probe(found.probe)
            sampling = self._sampling(probe, found.level, lambda asked: len(asked) >= cases)
            return self._measured(probe, found.level, found.nodeid, sampling)

        needs = (self.plan.limit, chosen.regression_drop, budget, chosen.max_cases)
        return TopUp(*needs, measure_more, self.plan.announce)

    @property
    def turns(self) -> Turns | None:
        """How cases come in turn, if they do."""
        from pytest_quant.gate.regression import Turns

        most = self.plan.settings.max_cases
        return None if most is None else Turns(most, self._limit_of)

    def _limit_of(self, measurement: Measurement) -> float:
        """The tolerance of one probe at one level."""
        return self.plan.limit(measurement.level, measurement.category, measurement.task)

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

        limit, most = self._limit_of(measurement), self.plan.settings.max_cases
        return probe_result(measurement, limit, self._probe_alpha, most)

    def regression(self, measurement: Measurement) -> CheckResult | None:
        """The regression check of one probe at one level; ``None`` without a recorded case."""
        from pytest_quant.gate.regression import probe_regression

        assert self.budget is not None
        drop = self.plan.settings.regression_drop
        return probe_regression(measurement, drop, self.budget, self.turns)

    def close(self) -> None:
        """Free the models."""
        if "bench" in self.__dict__:
            self.bench.close()
