"""Asking and judging: from a probe and a level to a measurement, whatever runs the model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from pytest_quant.checkers import check
from pytest_quant.errors import QuantUsageError
from pytest_quant.measurement import Answer, CaseResult, Effort, Measurement
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import Case, Probe
from pytest_quant.runtimes.protocol import (
    Batch,
    Finish,
    Likelihood,
    Limits,
    Runtime,
    RuntimeInfo,
    Scores,
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
        nothing, or ``""``; then the level is not asked. Raises ``RuntimeError`` when a runtime
        fails, ``QuantUsageError`` for a mistake in the probe.
        """
        cases = draw_cases(probe, count)
        answers, effort = self._ask(probe, self._reference, cases)
        results = tuple(
            CaseResult(
                index=case.index,
                digest=case.digest,
                prompt=case.prompt,
                expected=case.expected_text,
                reference=answer,
                level=None,
            )
            for case, answer in zip(cases, answers, strict=True)
        )
        measurement = Measurement(
            nodeid=nodeid,
            probe=probe.id,
            category=probe.category,
            difficulty=probe.difficulty,
            level=level,
            chance=probe.chance,
            task=probe.task,
            cases=results,
            reference_effort=effort,
            level_effort=None,
            uninformative=uninformative(sum(r.reference.correct for r in results), count),
        )
        if measurement.uninformative:
            return measurement
        answers, effort = self._ask(probe, level, cases)
        return replace(
            measurement,
            cases=tuple(replace(r, level=a) for r, a in zip(results, answers, strict=True)),
            level_effort=effort,
        )

    def close(self) -> None:
        for runtime in self._open.values():
            runtime.close()
        self._open.clear()

    def _ask(
        self, probe: Probe, level: str, cases: tuple[Case, ...]
    ) -> tuple[list[Answer], Effort]:
        if probe.by == "likelihood":
            return self._compare_options(probe, level, cases)
        prompts = [case.prompt for case in cases]
        limits = Limits(probe.max_tokens, deadline_s=DEADLINE_S)

        def generate() -> tuple[Batch, RuntimeInfo]:
            runtime = self._runtime(level)
            return runtime.generate(prompts, limits), runtime.describe()

        batch, info = self._cache.get_or_generate(self._origin_of(level), prompts, limits, generate)
        self.runtimes[level] = info
        pairs = zip(cases, batch.responses, strict=True)
        answers = [_judge(probe, case, response.text, response.finish) for case, response in pairs]
        return answers, Effort(
            prompt_tokens=sum(response.prompt_tokens for response in batch.responses),
            new_tokens=sum(len(response.tokens) for response in batch.responses),
            seconds=batch.seconds,
        )

    def _compare_options(
        self, probe: Probe, level: str, cases: tuple[Case, ...]
    ) -> tuple[list[Answer], Effort]:
        """Take, for each case, the option that the model finds likeliest."""
        prompts = [case.prompt for case in cases]
        options = [_options(probe, case) for case in cases]

        def score() -> tuple[Scores, RuntimeInfo]:
            runtime = self._runtime(level)
            return runtime.score(prompts, options, DEADLINE_S), runtime.describe()

        scores, info = self._cache.get_or_score(self._origin_of(level), prompts, options, score)
        self.runtimes[level] = info
        pairs = zip(cases, scores.likelihoods, strict=True)
        answers = [_judge_likeliest(probe, case, found) for case, found in pairs]
        return answers, Effort(scores.prompt_tokens, new_tokens=0, seconds=scores.seconds)

    def _runtime(self, level: str) -> Runtime:
        if level not in self._open:
            for other in set(self._open) - {self._reference, level}:
                self._open.pop(other).close()
            self._open[level] = self._open_level(level)
        return self._open[level]


def _options(probe: Probe, case: Case) -> list[str]:
    options: list[str] = case.options["options"]
    if not all(option.strip() for option in options):
        raise _mistake(probe, case, f"an option is empty: {options}")
    return options


def _mistake(probe: Probe, case: Case, problem: object) -> QuantUsageError:
    where = f"{probe.path}:{probe.line}: probe {probe.id!r}, case {case.index}"
    return QuantUsageError(f"{where}: {problem}")


def _judge(probe: Probe, case: Case, text: str, finish: Finish) -> Answer:
    try:
        outcome = check(
            probe.check,
            text,
            case.expected,
            **case.options,
            truncated=finish in ("length", "deadline"),
            prompt=case.prompt,
        )
    except ValueError as error:
        raise _mistake(probe, case, error) from error
    return Answer(
        verdict=outcome.verdict,
        answer=outcome.answer,
        pattern=outcome.pattern,
        reason=outcome.reason,
        response=text,
        finish=finish,
    )


def _judge_likeliest(probe: Probe, case: Case, likelihoods: Sequence[Likelihood]) -> Answer:
    """The option of the greatest likelihood, as if the model had written it.

    Whole likelihoods are compared, not those per byte: the choice is then the option that the
    recorded probabilities favour, and an option's length is no surprise where the prompt names it.
    """
    if not likelihoods:
        return _judge(probe, case, "", "deadline")
    totals = [likelihood.total for likelihood in likelihoods]
    shares = [math.exp(total - max(totals)) for total in totals]
    probabilities = {
        option: share / math.fsum(shares)
        for option, share in zip(case.options["options"], shares, strict=True)
    }
    chosen = max(probabilities, key=probabilities.__getitem__)
    return replace(_judge(probe, case, chosen, "end"), probabilities=probabilities)
