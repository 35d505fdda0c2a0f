"""Asking and judging: from a probe and a level to a measurement, whatever runs the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pytest_quant.checkers import prepare
from pytest_quant.judging import Reply, judged, likeliest, options_of, prompts_of
from pytest_quant.measurement import Answer, CaseResult, Effort, Measurement
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.probes.cases import count_cases, draw_cases
from pytest_quant.probes.model import DEFAULT_CASES, Case, Probe
from pytest_quant.runtimes.protocol import (
    Batch,
    Limits,
    PromptTooLong,
    Reading,
    Response,
    Runtime,
    RuntimeInfo,
    Scores,
)
from pytest_quant.runtimes.responses import ResponseCache

# A batch that has not ended after this many seconds is cut, so that no run hangs. One of more
# cases than probes have by themselves, such as a whole benchmark, has more in proportion.
DEADLINE_S = 1800.0

# So many cases of a probe are tried first: a reference that gets none of them right is not asked
# the others, which is where a small model's time went. The split depends on the probe alone, like
# every batch.
PILOT_CASES = 8


class NotRecorded(Exception):
    """A reference that is not at hand, and a case whose outcome it left nowhere; says which."""


# What a reference answered that is not at hand, by node id and case; raises ``NotRecorded``.
ReferenceRecord = Callable[[str, Case], Answer]


class Bench:
    """Asks the cases of probes, opening each level's model when it is first needed.

    Holds the reference and at most one other model. ``open_level`` gives the runtime of a
    level; ``origin_of`` names, without opening it, everything about the level and its runtime
    that could change a response. With ``recorded`` the reference is not asked: its answers are
    looked up there.
    """

    def __init__(
        self,
        reference: str,
        open_level: Callable[[str], Runtime],
        origin_of: Callable[[str], tuple[str, ...]],
        cache: ResponseCache,
        recorded: ReferenceRecord | None = None,
    ) -> None:
        self._reference = reference
        self._open_level = open_level
        self._origin_of = origin_of
        self._cache = cache
        self._recorded = recorded
        self._open: dict[str, Runtime] = {}
        # What the reference answered, by probe: drawing and judging it again for each level would
        # take longer than a small model's answers. What is recorded differs from level to level.
        self._references: dict[str, tuple[list[tuple[Case, ...]], Measurement]] = {}
        self.runtimes: dict[str, RuntimeInfo] = {}

    def measure(
        self,
        probe: Probe,
        level: str,
        nodeid: str,
        count: int | None,
        uninformative: Callable[[int, int], str],
    ) -> Measurement:
        """Ask the reference, then the level, and judge both.

        ``count`` cases, or as many as there are if these are fewer; ``None``: as the probe says.
        ``uninformative(right, n)`` returns why a reference with that many right answers tells
        nothing, or ``""``; then the level is not asked. A probe that does not fit into a model's
        context is skipped. Raises ``RuntimeError`` when a runtime fails, ``QuantUsageError`` for
        a mistake in the probe, ``SandboxUnavailable``, before a model is asked, if programs
        cannot be judged on this machine.
        """
        prepare(probe.check)
        key = nodeid if self._recorded else probe.id
        if key not in self._references:
            self._references[key] = self._referenced(probe, nodeid, count, uninformative)
        parts, reference = self._references[key]
        measurement = replace(reference, nodeid=nodeid, level=level)
        if not measurement.informative:
            return measurement
        try:
            return self._compared(probe, parts, measurement)
        except PromptTooLong as error:
            return replace(measurement, cases=(), skipped=_skip_reason(error))

    def _referenced(
        self, probe: Probe, nodeid: str, count: int | None, uninformative: Callable[[int, int], str]
    ) -> tuple[list[tuple[Case, ...]], Measurement]:
        """The cases in their batches, and a measurement of the reference alone."""
        parts = _parts(_cases(probe, count))
        measurement = Measurement(
            nodeid="",
            probe=probe.id,
            category=probe.category,
            difficulty=probe.difficulty,
            level="",
            chance=probe.chance,
            task=probe.task,
            tells_hallucination=probe.tells_hallucination,
            cases=(),
            reference_effort=Effort(0, 0, 0.0),
            level_effort=None,
        )
        results: list[CaseResult] = []
        efforts: list[Effort] = []
        try:
            for part in parts:
                answers, effort = self._ask_reference(probe, nodeid, part)
                results += map(_result, part, answers)
                efforts.append(effort)
                if not any(result.reference.correct for result in results):
                    break
        except PromptTooLong as error:
            return parts, replace(measurement, skipped=_skip_reason(error))
        except NotRecorded as error:
            return parts, replace(measurement, skipped=str(error))
        right = sum(result.reference.correct for result in results)
        return parts, replace(
            measurement,
            cases=tuple(results),
            reference_effort=_total(efforts),
            uninformative=uninformative(right, len(results)),
        )

    def _compared(
        self, probe: Probe, parts: list[tuple[Case, ...]], measurement: Measurement
    ) -> Measurement:
        """The measurement with what the level answered, too."""
        asked = [self._ask(probe, measurement.level, part) for part in parts]
        answers = [answer for part, _ in asked for answer in part]
        return replace(
            measurement,
            cases=tuple(
                replace(r, level=a) for r, a in zip(measurement.cases, answers, strict=True)
            ),
            level_effort=_total([effort for _, effort in asked]),
        )

    def replies(self, probe: Probe, count: int | None) -> list[tuple[str, Response]]:
        """What the reference writes to the first cases of a probe, by prompt.

        Nothing if it is not to write, or if a prompt does not fit into its context. ``count`` as
        for ``measure``, with which this shares its batch. Raises ``RuntimeError``.
        """
        if probe.by == "likelihood":
            return []
        known = self._references.get(probe.id)
        first = (known[0] if known else _parts(_cases(probe, count)))[0]
        prompts = [prompt for case in first for prompt in prompts_of(case)]
        try:
            batch = self._generate(self._reference, prompts, probe.max_tokens)
        except PromptTooLong:
            return []
        return [*zip(prompts, batch.responses, strict=True)]

    def diverge(self, level: str, reading: Reading) -> Divergence:
        """How far a level is from the reference. Raises as ``Runtime.diverge`` does."""

        def compare() -> tuple[Divergence, RuntimeInfo]:
            reference, own = self._runtime(self._reference), self._runtime(level)
            return reference.diverge(own, reading), own.describe()

        origin = (*self._origin_of(self._reference), *self._origin_of(level))
        found, info = self._cache.get_or_compare(origin, reading, compare)
        self.runtimes[level] = info
        return replace(found, level=level)

    def close(self) -> None:
        for runtime in self._open.values():
            runtime.close()
        self._open.clear()

    def ask(self, level: str | None, prompt: str, max_tokens: int) -> Response:
        """What a level answers to a single prompt; ``None`` stands for the reference.

        Raises ``RuntimeError`` when its runtime fails.
        """
        return self._generate(level or self._reference, [prompt], max_tokens).responses[0]

    def _ask_reference(
        self, probe: Probe, nodeid: str, cases: tuple[Case, ...]
    ) -> tuple[list[Answer], Effort]:
        if self._recorded is None:
            return self._ask(probe, self._reference, cases)
        return [self._recorded(nodeid, case) for case in cases], Effort(0, 0, 0.0)

    def _ask(
        self, probe: Probe, level: str, cases: tuple[Case, ...]
    ) -> tuple[list[Answer], Effort]:
        prompts = [prompt for case in cases for prompt in prompts_of(case)]
        if probe.by == "likelihood":
            options = [options_of(probe, case) for case in cases for _ in prompts_of(case)]
            scores = self._score(level, prompts, options)
            replies = [*map(likeliest, options, scores.likelihoods)]
            effort = Effort(scores.prompt_tokens, new_tokens=0, seconds=scores.seconds)
        else:
            batch = self._generate(level, prompts, probe.max_tokens)
            replies = [Reply(response.text, response.finish) for response in batch.responses]
            effort = _effort(batch)
        return judged(probe, cases, replies), effort

    def _score(self, level: str, prompts: list[str], options: list[list[str]]) -> Scores:
        def score() -> tuple[Scores, RuntimeInfo]:
            runtime = self._runtime(level)
            return runtime.score(prompts, options, _deadline(prompts)), runtime.describe()

        scores, info = self._cache.get_or_score(self._origin_of(level), prompts, options, score)
        self.runtimes[level] = info
        return scores

    def _generate(self, level: str, prompts: list[str], max_tokens: int) -> Batch:
        limits = Limits(max_tokens, deadline_s=_deadline(prompts))

        def generate() -> tuple[Batch, RuntimeInfo]:
            runtime = self._runtime(level)
            return runtime.generate(prompts, limits), runtime.describe()

        batch, info = self._cache.get_or_generate(self._origin_of(level), prompts, limits, generate)
        self.runtimes[level] = info
        return batch

    def _runtime(self, level: str) -> Runtime:
        if level not in self._open:
            for other in set(self._open) - {self._reference, level}:
                self._open.pop(other).close()
            self._open[level] = self._open_level(level)
        return self._open[level]


def _skip_reason(error: PromptTooLong) -> str:
    return f"needs more than {error.length} tokens, the model's context is {error.context}"


def _cases(probe: Probe, count: int | None) -> tuple[Case, ...]:
    if count is None and probe.is_drawn:
        return draw_cases(probe, probe.cases)
    # At least one: a probe without any is refused in words.
    return draw_cases(probe, max(1, count_cases(probe, count or probe.cases)))


def _parts(cases: tuple[Case, ...]) -> list[tuple[Case, ...]]:
    """The batches in which the cases of a probe are asked, at every level alike."""
    return [part for part in (cases[:PILOT_CASES], cases[PILOT_CASES:]) if part]


def _result(case: Case, answer: Answer) -> CaseResult:
    return CaseResult(
        index=case.index,
        digest=case.digest,
        prompt=case.prompt,
        expected=case.expected_text,
        reference=answer,
        level=None,
        facets=dict(case.facets),
    )


def _total(efforts: Sequence[Effort]) -> Effort:
    return Effort(
        prompt_tokens=sum(effort.prompt_tokens for effort in efforts),
        new_tokens=sum(effort.new_tokens for effort in efforts),
        seconds=sum(effort.seconds for effort in efforts),
    )


def _deadline(prompts: list[str]) -> float:
    return DEADLINE_S * max(1.0, len(prompts) / DEFAULT_CASES)


def _effort(batch: Batch) -> Effort:
    return Effort(
        prompt_tokens=sum(response.prompt_tokens for response in batch.responses),
        new_tokens=sum(len(response.tokens) for response in batch.responses),
        seconds=batch.seconds,
    )
