"""From what a model replied to the answers of a probe's cases."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_quant.checkers import CHECKERS, outcome_of
from pytest_quant.checkers.form import announcement
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.errors import CheckerBroken, QuantUsageError
from pytest_quant.metrics.measurement import Answer, Effort
from pytest_quant.probes.model import Case, Probe
from pytest_quant.runtimes.protocol import Finish, Likelihood, Response, Scores


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


def options_of(probe: Probe, case: Case) -> list[str]:
    """The options of a choice; raises ``QuantUsageError`` if one of them is empty."""
    options: list[str] = case.options[CHECKERS.get(probe.check).choices]
    if not all(option.strip() for option in options):
        raise _mistake(probe, case, f"an option is empty: {options}")
    return options


def answered(prompt: str, options: Sequence[str]) -> list[str]:
    """Each option where a model writes it: behind the words that the prompt wants before it.

    A prompt that names no such words gets the options as they are, at once.
    """
    words = announcement(prompt)
    return [f"{words} {option}" for option in options] if words else [*options]


def chosen(
    probe: Probe,
    cases: Sequence[Case],
    score: Callable[[list[str], list[list[str]]], Scores],
) -> tuple[list[Reply], Effort]:
    """The likeliest option for each prompt of the cases; ``score`` tells how likely texts are.

    Raises ``QuantUsageError`` as ``options_of`` does, and what ``score`` raises.
    """
    prompts = [prompt for case in cases for prompt in prompts_of(case)]
    options = [options_of(probe, case) for case in cases for _ in prompts_of(case)]
    scores = score(prompts, [*map(answered, prompts, options)])
    effort = Effort(scores.prompt_tokens, new_tokens=0, seconds=scores.seconds)
    return [*map(likeliest, options, scores.likelihoods)], effort


def likeliest(options: Sequence[str], likelihoods: Sequence[Likelihood]) -> Reply:
    """The option of the greatest likelihood; no text if the deadline came before any was known.

    Whole likelihoods are compared, not those per byte: the choice is then the option that the
    recorded probabilities favour, and an option's length is no surprise where the prompt names it.
    What all options have before them changes nothing. Of an option that another one goes on from,
    as 7.95 does from 7.9, only what is not that other one counts.
    """
    if not likelihoods:
        return Reply("", "deadline")
    most = max(likelihood.total for likelihood in likelihoods)
    shares = _without_longer(
        [math.exp(likelihood.total - most) for likelihood in likelihoods],
        [likelihood.tokens for likelihood in likelihoods],
    )
    probabilities = {
        option: share / math.fsum(shares) for option, share in zip(options, shares, strict=True)
    }
    return Reply(max(probabilities, key=probabilities.__getitem__), "end", probabilities)


def _without_longer(shares: Sequence[float], tokens: Sequence[Sequence[int]]) -> list[float]:
    """What each continuation has to itself: less what others have that begin with its tokens."""
    own = [*shares]
    for i in sorted(range(len(own)), key=lambda i: len(tokens[i]), reverse=True):
        longer = (
            own[j]
            for j, other in enumerate(tokens)
            if len(other) > len(tokens[i]) and other[: len(tokens[i])] == tokens[i]
        )
        own[i] = max(0.0, own[i] - math.fsum(longer))
    return own


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
        raise _mistake(probe, case, error) from error
    except CheckerBroken as error:
        raise CheckerBroken(f"{_place(probe, case)}: {error}") from error


def _mistake(probe: Probe, case: Case, problem: object) -> QuantUsageError:
    return QuantUsageError(f"{_place(probe, case)}: {problem}")


def _place(probe: Probe, case: Case) -> str:
    return f"{probe.path}:{probe.line}: probe {probe.id!r}, case {case.index}"
