"""From what a model replied to the answers of a probe's cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_quant.checkers import outcome_of
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.errors import CheckerBroken, QuantUsageError
from pytest_quant.metrics.measurement import Answer
from pytest_quant.probes.model import Case, Probe
from pytest_quant.runtimes.protocol import Finish, Response


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one prompt: a text, or the option of a choice that is the likeliest.

    ``probabilities`` are then those of the options, relative to each other; of a text,
    ``logprobs`` are the natural-log probabilities of its tokens, ``thought`` of which are thinking.
    """

    text: str
    finish: Finish
    probabilities: dict[str, float] | None = None
    logprobs: Sequence[float] = ()
    thought: int = 0


def reply_of(response: Response) -> Reply:
    """What a model wrote, with the mark behind which it begins."""
    return Reply(
        response.whole, response.finish, logprobs=response.logprobs, thought=response.thought
    )


def prompts_of(case: Case) -> tuple[str, ...]:
    """What is asked for a case, one right after the other in the batch: what is decoded together
    depends on the probe and the number of cases alone.
    """
    return (case.prompt,) if case.clean is None else (case.prompt, case.clean)


def answers_of(probe: Probe, cases: Sequence[Case], replies: Sequence[Reply]) -> list[Answer]:
    """The answer of each case; a pair's is that to its disturbed prompt.

    ``replies`` are to the prompts of all cases, in their order. Raises ``QuantUsageError`` for a
    mistake in the probe, ``CheckerBroken`` where its checker fails.
    """
    remaining = iter(replies)
    answers = []
    for case in cases:
        reply = next(remaining)
        outcome = _outcome(probe, case, case.prompt, reply)
        clean = None
        if case.clean is not None:
            clean = _outcome(probe, case, case.clean, next(remaining)).verdict
        answers.append(
            Answer(
                verdict=outcome.verdict,
                answer=outcome.answer,
                pattern=outcome.pattern,
                reason=outcome.reason,
                response=reply.text,
                finish=reply.finish,
                clean=clean,
                probabilities=reply.probabilities,
                logprob=_total(reply.logprobs),
                tokens=len(reply.logprobs),
                thought=reply.thought,
                kept=outcome.kept,
                asked=outcome.asked,
            )
        )
    return answers


def _total(logprobs: Sequence[float]) -> float | None:
    """The log-probability of a response; ``None`` if it has no token, or an impossible one."""
    total = math.fsum(logprobs) if logprobs else math.nan
    return total if math.isfinite(total) else None


def _outcome(probe: Probe, case: Case, prompt: str, reply: Reply) -> Outcome:
    try:
        return outcome_of(
            probe.check,
            reply.text,
            case.expected,
            **case.options,
            truncated=reply.finish in ("length", "deadline"),
            prompt=prompt,
        )
    except ValueError as error:
        raise mistake(probe, case, error) from error
    except CheckerBroken as error:
        raise CheckerBroken(f"{_place(probe, case)}: {error}") from error


def mistake(probe: Probe, case: Case, problem: object) -> QuantUsageError:
    """The error that says where in a probe something is wrong."""
    return QuantUsageError(f"{_place(probe, case)}: {problem}")


def _place(probe: Probe, case: Case) -> str:
    return f"{probe.path}:{probe.line}: probe {probe.id!r}, case {case.index}"
