"""Asking and judging: from a probe and a level to a measurement, whatever runs the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pytest_quant.checkers import check
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.errors import QuantUsageError
from pytest_quant.measurement import Answer, CaseResult, Effort, Measurement
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import Case, Probe
from pytest_quant.runtimes.protocol import (
    Batch,
    Limits,
    PromptTooLong,
    Response,
    Runtime,
    RuntimeInfo,
)
from pytest_quant.runtimes.responses import ResponseCache

# A batch that has not ended after this many seconds is cut, so that no run hangs.
DEADLINE_S = 1800.0


class Bench:
    """Asks the cases of probes, opening each level's model when it is first needed.

    Holds the reference and at most one other model. ``open_level`` gives the runtime of a
    level; ``origin_of`` names, without opening it, everything about the level and its runtime
    that could change a response.
    """

    def __init__(
        self,
        reference: str,
        open_level: Callable[[str], Runtime],
        origin_of: Callable[[str], tuple[str, ...]],
        cache: ResponseCache,
    ) -> None:
        self._reference = reference
        self._open_level = open_level
        self._origin_of = origin_of
        self._cache = cache
        self._open: dict[str, Runtime] = {}
        # Probes that do not fit into the reference's context, so that no level need draw them.
        self._too_long: dict[str, str] = {}
        self.runtimes: dict[str, RuntimeInfo] = {}

    def measure(
        self,
        probe: Probe,
        level: str,
        nodeid: str,
        count: int,
        uninformative: Callable[[int, int], str],
    ) -> Measurement:
        """Ask the reference, then the level, and judge both.

        ``uninformative(right, n)`` returns why a reference with that many right answers tells
        nothing, or ``""``; then the level is not asked. A probe that does not fit into a model's
        context is skipped. Raises ``RuntimeError`` when a runtime fails, ``QuantUsageError`` for
        a mistake in the probe.
        """
        measurement = Measurement(
            nodeid=nodeid,
            probe=probe.id,
            category=probe.category,
            difficulty=probe.difficulty,
            level=level,
            chance=probe.chance,
            task=probe.task,
            cases=(),
            reference_effort=Effort(0, 0, 0.0),
            level_effort=None,
        )
        if reason := self._too_long.get(probe.id):
            return replace(measurement, skipped=reason)
        cases = draw_cases(probe, count)
        try:
            reference = self._ask(probe, self._reference, cases)
        except PromptTooLong as error:
            self._too_long[probe.id] = reason = _skip_reason(error)
            return replace(measurement, skipped=reason)
        try:
            return self._answered(probe, cases, reference, measurement, uninformative)
        except PromptTooLong as error:
            return replace(measurement, skipped=_skip_reason(error))

    def _answered(
        self,
        probe: Probe,
        cases: tuple[Case, ...],
        reference: Batch,
        measurement: Measurement,
        uninformative: Callable[[int, int], str],
    ) -> Measurement:
        """The measurement with what both models answered."""
        results = tuple(
            CaseResult(
                index=case.index,
                digest=case.digest,
                prompt=case.prompt,
                expected=case.expected_text,
                reference=answer,
                level=None,
                facets=dict(case.facets),
            )
            for case, answer in zip(cases, _judged(probe, cases, reference), strict=True)
        )
        measurement = replace(
            measurement,
            cases=results,
            reference_effort=_effort(reference),
            uninformative=uninformative(sum(r.reference.correct for r in results), len(cases)),
        )
        if measurement.uninformative:
            return measurement
        asked = self._ask(probe, measurement.level, cases)
        answers = _judged(probe, cases, asked)
        return replace(
            measurement,
            cases=tuple(replace(r, level=a) for r, a in zip(results, answers, strict=True)),
            level_effort=_effort(asked),
        )

    def close(self) -> None:
        for runtime in self._open.values():
            runtime.close()
        self._open.clear()

    def ask(self, level: str | None, prompt: str, max_tokens: int) -> Response:
        """What a level answers to a single prompt; ``None`` stands for the reference.

        Raises ``RuntimeError`` when its runtime fails.
        """
        return self._generate(level or self._reference, [prompt], max_tokens).responses[0]

    def _ask(self, probe: Probe, level: str, cases: tuple[Case, ...]) -> Batch:
        prompts = [prompt for case in cases for prompt in _prompts(case)]
        return self._generate(level, prompts, probe.max_tokens)

    def _generate(self, level: str, prompts: list[str], max_tokens: int) -> Batch:
        limits = Limits(max_tokens, deadline_s=DEADLINE_S)

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


def _prompts(case: Case) -> tuple[str, ...]:
    """What is asked for a case, one right after the other in the batch: what is decoded together
    depends on the probe and the number of cases alone.
    """
    return (case.prompt,) if case.clean is None else (case.prompt, case.clean)


def _judged(probe: Probe, cases: tuple[Case, ...], asked: Batch) -> Iterator[Answer]:
    """The answer of each case; a pair's is that to its disturbed prompt."""
    responses = iter(asked.responses)
    for case in cases:
        response = next(responses)
        outcome = _judge(probe, case, case.prompt, response)
        clean = None
        if case.clean is not None:
            clean = _judge(probe, case, case.clean, next(responses)).verdict
        yield Answer(
            verdict=outcome.verdict,
            answer=outcome.answer,
            pattern=outcome.pattern,
            reason=outcome.reason,
            response=response.text,
            finish=response.finish,
            clean=clean,
        )


def _judge(probe: Probe, case: Case, prompt: str, response: Response) -> Outcome:
    try:
        return check(
            probe.check,
            response.text,
            case.expected,
            **case.options,
            truncated=response.finish in ("length", "deadline"),
            prompt=prompt,
        )
    except ValueError as error:
        raise QuantUsageError(
            f"{probe.path}:{probe.line}: probe {probe.id!r}, case {case.index}: {error}"
        ) from error


def _effort(batch: Batch) -> Effort:
    return Effort(
        prompt_tokens=sum(response.prompt_tokens for response in batch.responses),
        new_tokens=sum(len(response.tokens) for response in batch.responses),
        seconds=batch.seconds,
    )
