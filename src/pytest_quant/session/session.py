"""One session: it selects, measures and checks, whoever runs it and whatever shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_quant.gate.budget import Budget
from pytest_quant.metrics.measurement import CaseResult, Measurement
from pytest_quant.session.time_budget import TimeBudget

if TYPE_CHECKING:
    from pytest_quant.gate.baseline import RecordedProbe
    from pytest_quant.gate.counting import BySize, Settled, UpTo
    from pytest_quant.gate.in_time import InTime
    from pytest_quant.gate.tolerance_check import Alphas, CheckResult
    from pytest_quant.gate.top_up import TopUp
    from pytest_quant.gate.verdicts import Check
    from pytest_quant.probes.model import Case, Probe
    from pytest_quant.runtimes.artifact import Artifact
    from pytest_quant.runtimes.backend import Conditions
    from pytest_quant.runtimes.protocol import Response, Runtime
    from pytest_quant.session.bench import Bench
    from pytest_quant.session.plan import Plan
    from pytest_quant.session.probe_files import ProbeFiles
    from pytest_quant.session.references import Recorded, Terms
    from pytest_quant.session.sampling import Sampling
    from pytest_quant.session.workload import Workload

# A level once more, read in batches of so many tokens: what differs is noise.
NOISE_BATCH = 16
_TWIN = ", in smaller batches"


def twin_of(level: str) -> str:
    """The name under which a level is opened once more, to be read in smaller batches."""
    return level + _TWIN


class Session:
    """A session in one process; ``plan`` says what is compared, ``files`` what is asked.

    ``not_kept`` is told in a sentence when answers cannot be kept for another session.
    """

    def __init__(self, plan: Plan, files: ProbeFiles, not_kept: Callable[[str], None]) -> None:
        self.plan = plan
        self.files = files
        # It begins now.
        self.time = TimeBudget(plan.settings.time)
        self.budget: Budget | None = None
        # How many probes were selected, and left out, by level; the selected ones by category, too.
        self.selected: dict[str, int] = {}
        self.by_category: dict[str, dict[str, int]] = {}
        self.deselected: dict[str, int] = {}
        # What chose among the tests, by the option that did.
        self.selection: dict[str, str] = {}
        # The levels whose divergence is measured.
        self.compared: list[str] = []
        # How much is to be asked, once that was worked out.
        self.workload: Workload | None = None
        self._not_kept = not_kept
        self._known_references: dict[str, bool] = {}
        self._origins: dict[str, tuple[str, ...]] = {}

    def prepare(self, *, run: bool) -> None:
        """Read every file, and make the artifacts if anything is to be run.

        Raises ``QuantUsageError`` for the first of the user's mistakes.
        """
        self.files.read_all()
        self.prepare_plan(run=run)

    def prepare_plan(self, *, run: bool) -> None:
        """The same once the files are read."""
        from pytest_quant.base.child_time import within

        with within(lambda: self.time.left if self.time.is_given else None):
            self.plan.prepare(run=run)

    def select(self, selected: Iterable[tuple[str, str]], sets: int = 0) -> None:
        """Share the error budget among the selected (category, level) pairs, one per probe.

        What has a baseline is checked twice, its divergence once more on each text, and once more
        all probes and each category by the likelihood of right answers, if that is recorded. The
        ``sets``, each of a test in Python at a level, are checked as probes are.
        """
        plan, pairs = self.plan, list(selected)
        levels = {level for _, level in pairs}
        recorded = {level: found for level in levels if (found := plan.baseline(level))}
        distances = sum(len(plan.sources_of(found.divergences)) for found in recorded.values())
        again = [pair for pair in pairs if pair[1] in recorded]
        read = {level for level, found in recorded.items() if found.targets}
        self.selected = dict(Counter(level for _, level in pairs))
        self.by_category = {
            level: dict(Counter(category for category, name in pairs if name == level))
            for level in sorted(levels)
        }
        self.budget = Budget(
            alpha=plan.settings.alpha,
            pooled=len(levels) + len(recorded) + distances + len(read),
            category=len(set(pairs)) + len(set(again)) + len({p for p in pairs if p[1] in read}),
            probe=len(pairs) + len(again) + sets,
        )

    @cached_property
    def bench(self) -> Bench:
        from pytest_quant.runtimes.responses import ResponseCache
        from pytest_quant.session.bench import Bench

        plan = self.plan
        return Bench(
            plan.reference.name,
            self.open_level,
            self._origin_of,
            ResponseCache(plan.settings.cache_dir / "responses", self._not_kept),
            plan.baselines.reference_answer,
            at_hand=plan.recorded_reference is None,
            time=self.time,
        )

    def _origin_of(self, level: str) -> tuple[str, ...]:
        """All that could change a response of a level."""
        if level not in self._origins:
            from pytest_quant.runtimes.backend import backend_of

            artifact, conditions = self._asked_as(level)
            self._origins[level] = backend_of(artifact.path).origin(artifact, conditions)
        return self._origins[level]

    def open_level(self, level: str) -> Runtime:
        """A level's model, which whoever opens it closes."""
        from pytest_quant.runtimes.backend import backend_of

        artifact, conditions = self._asked_as(level)
        return backend_of(artifact.path).open(artifact, conditions)

    def _asked_as(self, level: str) -> tuple[Artifact, Conditions]:
        """The file of a level, or of a level's twin, and how it is asked."""
        name, twin, _ = level.partition(_TWIN)
        artifact, conditions = self.plan.lineup.artifacts[name], self.plan.conditions
        return artifact, replace(conditions, batch=NOISE_BATCH) if twin else conditions

    def prompt_form(self, level: str) -> str:
        """In which form questions are put to a level."""
        from pytest_quant.runtimes.backend import prompt_form

        chosen = self.plan.settings
        return prompt_form(self.plan.lineup.artifacts[level], chosen.chat, chosen.cache_dir)

    def first_part(self, probe: Probe, level: str) -> tuple[tuple[Case, ...], bool]:
        """The first cases of a probe, and whether their answers are kept."""
        sampling, terms = self._sampling(probe, level), self._terms(probe, level)
        return self.bench.first_part(probe, level, sampling, terms)

    def measure(self, probe: Probe, level: str, nodeid: str) -> Measurement:
        """What one probe shows at one level: as many cases as it is asked for its own sake.

        Raises ``RuntimeFailed`` if a model cannot be run, ``QuantUsageError`` for a mistake in the
        probe.
        """
        return self._measured(probe, level, nodeid, None)

    def _recorded(self, probe: Probe, level: str) -> RecordedProbe | None:
        """What a probe is compared with at a level, if anything."""
        plan = self.plan
        return plan.baselines.probe(level, probe) if plan.baseline(level) else None

    def _terms(self, probe: Probe, level: str) -> Terms:
        """How a probe is asked: as it was recorded, if it was, for else nothing can be compared."""
        from pytest_quant.session.references import Terms
        from pytest_quant.session.room import Room

        recorded, known = self._recorded(probe, level), self._known(probe, level)
        most = self._most_tokens(probe)
        own = min(probe.max_tokens, most)
        if recorded and known != "nothing" and recorded.holds_room(probe.max_tokens):
            own = most = min(recorded.room or own, most)
        return Terms(Room(own, most), known)

    def _most_tokens(self, probe: Probe) -> int:
        """How many tokens an answer may take where the reference needs them."""
        from pytest_quant.session.room import MOST_TOKENS

        return self.plan.settings.max_tokens or max(probe.max_tokens, MOST_TOKENS)

    def _known(self, probe: Probe, level: str) -> Recorded:
        """What need not be found out again. That a reference cannot do a probe is known of this
        very file, run and asked in this very way, and of the cases that were recorded.
        """
        recorded = self._recorded(probe, level)
        if recorded is None:
            return "nothing"
        if recorded.answered:
            return "tells"
        held = probe.by != "text" or recorded.holds_room(probe.max_tokens)
        held = held and recorded.needs_no_more_than(self._most_tokens(probe))
        return "silent" if held and self._knows_reference(level) else "nothing"

    def _knows_reference(self, level: str) -> bool:
        """Whether a level was recorded against the very file that is the reference now, asked in
        this form, by this release of the runtime and by these checks.

        Not by this very build: each compilation has a digest of its own, and on no machine but the
        recording one would anything be known.
        """
        if level not in self._known_references:
            from pytest_quant.base.version import __version__

            plan = self.plan
            known, name = plan.baseline(level), plan.reference.name
            reference = plan.lineup.artifacts.get(name)
            self._known_references[level] = bool(
                known
                and reference
                and (known.version, known.reference.digest) == (__version__, reference.digest)
                and known.prompt == self.prompt_form(level)
                # A runtime without builds is told by its version alone.
                and _release(str(known.artifact.runtime.get("build", "")))
                in ("", *map(_release, self._origin_of(name)))
            )
        return self._known_references[level]

    def tells(self, probe: Probe, level: str, found: Measurement | None, nodeid: str) -> bool:
        """Whether the reference can do a probe; ``found`` is what this process measured of it."""
        known = self._known(probe, level)
        if known != "nothing":
            return known == "tells"
        return (found or self.measure(probe, level, nodeid)).informative

    def _most(self, probe: Probe, level: str) -> int:
        """How many cases of a probe may be asked at all."""
        from pytest_quant.gate.counting import ENDLESS

        plan, chosen = self.plan, self.plan.settings
        # --quant-max-cases and --quant-cases go before what a probe's file says.
        most = chosen.max_cases or chosen.cases or probe.wanted or ENDLESS
        if plan.recorded_reference is not None:
            most = max(1, plan.baselines.answered_cases(level, probe, most))
        return most

    def _measured(self, probe: Probe, level: str, nodeid: str, cases: int | None) -> Measurement:
        """So many ``cases`` at least, or all; ``None``: those that it is asked for its own sake."""
        from pytest_quant.gate.baseline_changes import with_recorded
        from pytest_quant.gate.counting import ENDLESS, BySize, Settled
        from pytest_quant.probes.cases import count_cases

        baseline, sampling = self.plan.baseline(level), self._sampling(probe, level, cases)
        m = self.bench.measure(probe, level, nodeid, sampling, self._terms(probe, level))
        if not isinstance(self.counting, Settled):
            most = self._most(probe, level)
            listed = None if probe.is_drawn else count_cases(probe, most)
            m = replace(m, size=most if most < ENDLESS and listed is None else listed)
        if isinstance(self.counting, BySize) and probe.wanted is None:
            m = replace(m, own=self._own(probe, level, self.counting))
        return with_recorded(m, baseline) if baseline else m

    def count(self, found: Measurement, most: int) -> int:
        """How many cases of a measured probe could be asked, counted up to ``most``."""
        from pytest_quant.probes.cases import count_cases

        probe = self.files.probe(found.probe)
        if self.plan.recorded_reference is not None:
            return self.plan.baselines.answered_cases(found.level, probe, most)
        return count_cases(probe, most)

    def _own(self, probe: Probe, level: str, counting: BySize) -> int:
        """How many cases a probe is asked for its own sake: all that a required baseline holds."""
        own = counting.own(level, probe.category)
        if not self.plan.settings.require_baseline:
            return own
        recorded = self._recorded(probe, level)
        return max(own, recorded.answered if recorded else 0)

    def _sampling(self, probe: Probe, level: str, cases: int | None = None) -> Sampling:
        """In which batches a probe is asked, and until when; ``cases`` as for `_measured`."""
        from pytest_quant.gate.baseline_changes import recorded_beside
        from pytest_quant.gate.counting import BySize, Settled
        from pytest_quant.gate.in_time import InTime
        from pytest_quant.gate.sequential import FIRST_LOOK
        from pytest_quant.session.sampling import SCREENED, FixedSize, InTurn

        counting, most = self.counting, self._most(probe, level)
        if isinstance(counting, Settled):
            return FixedSize(most)
        if isinstance(counting, InTime):
            wanted = min(cases or FIRST_LOOK, most)
            return InTurn(most, lambda asked: len(asked) >= wanted, SCREENED, sure=wanted)
        if isinstance(counting, BySize):
            if probe.wanted is not None:
                return FixedSize(most, promised=most == probe.wanted)
            own = cases or self._own(probe, level, counting)
            return InTurn(most, lambda asked: len(asked) >= own, SCREENED, sure=min(own, most))
        if cases is not None:
            return InTurn(most, lambda asked: len(asked) >= cases, counting.max_cases, sure=cases)
        recorded = self._recorded(probe, level)
        limit = self.plan.limit(level, probe.category, probe.task)

        def enough(asked: Sequence[CaseResult]) -> bool:
            known = recorded.answered if recorded else 0
            beside = recorded_beside(asked, recorded) if recorded else asked
            return counting.is_settled(beside, limit, probe.chance, known)

        return InTurn(most, enough, counting.max_cases)

    @property
    def top_up(self) -> TopUp | None:
        """What asks more cases for the checks over several probes, where they come in turn."""
        from pytest_quant.gate.counting import Settled
        from pytest_quant.gate.in_time import InTime
        from pytest_quant.gate.top_up import TopUp

        chosen, budget, counting = self.plan.settings, self.budget, self.counting
        assert budget is not None
        if isinstance(counting, Settled | InTime):
            return None
        limit, announce = self.plan.limit, self.plan.announce
        return TopUp(limit, chosen.regression_drop, budget, counting, self.measure_more, announce)

    def measure_more(self, found: Measurement, cases: int) -> Measurement:
        """A measurement of the same probe with at least so many cases, or all there are."""
        return self._measured(self.files.probe(found.probe), found.level, found.nodeid, cases)

    @cached_property
    def counting(self) -> Settled | UpTo | BySize | InTime:
        """How many cases are asked, and which count."""
        from pytest_quant.gate.counting import ENDLESS, BySize, Settled, UpTo
        from pytest_quant.gate.in_time import InTime

        chosen, budget = self.plan.settings, self.budget
        assert budget is not None
        if chosen.cases is not None:
            return Settled()
        if chosen.time is not None:
            return InTime(chosen.max_cases or ENDLESS)
        if chosen.max_cases is not None:
            return UpTo(chosen.max_cases, self._limit_of, chosen.regression_drop, self._alphas)
        return BySize(self.by_category, self.plan.limit, budget.alpha)

    @cached_property
    def order(self) -> list[str]:
        """The levels under test, that of most bits per weight first."""
        artifacts = self.plan.lineup.artifacts
        return sorted(self.plan.tested, key=lambda level: -artifacts[level].bits_per_weight)

    def pooled_checks(self, measurements: Sequence[Measurement]) -> tuple[Check, ...]:
        """The tolerance checks over several probes."""
        from pytest_quant.gate.verdicts import pooled_checks

        assert self.budget is not None
        return pooled_checks(
            measurements, self.plan.limit, self.budget, self.counting, self.order, self.plan.overall
        )

    def _limit_of(self, measurement: Measurement) -> float:
        """The tolerance of one probe at one level."""
        return self.plan.limit(measurement.level, measurement.category, measurement.task)

    @property
    def _alphas(self) -> Alphas:
        """Those of a probe's own checks."""
        from pytest_quant.gate.tolerance_check import Alphas

        assert self.budget is not None
        return Alphas(self.budget.alpha_for("probe"), self.budget.alpha)

    def replies(self, probe: Probe, level: str) -> list[tuple[str, Response]]:
        """What the reference writes to the first cases of a probe, by prompt, as for a level."""
        sampling, terms = self._sampling(probe, level, 1), self._terms(probe, level)
        return self.bench.replies(probe, sampling, terms)

    def check(self, measurement: Measurement) -> CheckResult:
        """The tolerance check of one probe at one level."""
        from pytest_quant.gate.verdicts import tolerance_of

        evidence = self.counting.of_probe(measurement, "tolerance")
        limit = self._limit_of(measurement)
        return tolerance_of(evidence, limit, self._alphas, measurement.chance)

    def regression(self, measurement: Measurement) -> CheckResult | None:
        """The regression check of one probe at one level; ``None`` without a recorded case."""
        from pytest_quant.gate.regression import probe_regression

        drop, alpha = self.plan.settings.regression_drop, self._alphas.to_fail
        same = self.plan.is_recorded_file(measurement.level)
        return probe_regression(measurement, drop, alpha, self.counting, same_file=same)

    def close(self) -> None:
        """Free the models."""
        if "bench" in self.__dict__:
            self.bench.close()


def _release(build: str) -> str:
    """What a build was made of, without the digest of what the compiler made."""
    return build.partition(" (")[0]
