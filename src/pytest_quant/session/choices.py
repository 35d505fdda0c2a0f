"""Choices by likelihood: which option a model finds the likeliest where it would write one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from pytest_quant.checkers import CHECKERS, outcome_of
from pytest_quant.checkers.form import announcement
from pytest_quant.checkers.lead import lead
from pytest_quant.errors import CheckerBroken
from pytest_quant.metrics.measurement import Effort
from pytest_quant.probes.model import Case, Probe
from pytest_quant.runtimes.protocol import Likelihood, Scores
from pytest_quant.session.replies import Reply, mistake, prompts_of

Score = Callable[[list[str], list[list[str]]], Scores]


def options_of(probe: Probe, case: Case) -> list[str]:
    """The options of a choice; raises ``QuantUsageError`` if one of them is empty."""
    options: list[str] = case.options[CHECKERS.get(probe.check).choices]
    if not all(option.strip() for option in options):
        raise mistake(probe, case, f"an option is empty: {options}")
    return options


def behind(prompt: str, options: Sequence[str], before: str | None) -> list[str]:
    """Each option where a model writes it: behind its own words ``before`` the one that it names.

    One that names none (``None``) gets the options behind the words that the prompt wants before
    an answer, with a blank between, or without such words at once.
    """
    if before is None:
        words = announcement(prompt)
        before = f"{words} " if words else ""
    return [before + option for option in options]


def chosen(
    probe: Probe, cases: Sequence[Case], written: Sequence[str], score: Score
) -> tuple[list[Reply], Effort]:
    """The likeliest option for each prompt of the cases, and what it took to score them.

    ``written`` is what the model writes to each prompt, empty if it cannot write; ``score`` tells
    how likely texts are. Raises ``QuantUsageError`` as ``options_of`` does, and what ``score``
    raises.
    """
    asked = [(case, prompt) for case in cases for prompt in prompts_of(case)]
    options = [options_of(probe, case) for case, _ in asked]
    replies = written or [""] * len(asked)
    texts = [
        behind(prompt, of, own_words(probe, case, prompt, of, reply))
        for (case, prompt), of, reply in zip(asked, options, replies, strict=True)
    ]
    scores = score([prompt for _, prompt in asked], texts)
    effort = Effort(scores.prompt_tokens, new_tokens=0, seconds=scores.seconds)
    return [*map(likeliest, options, scores.likelihoods)], effort


def own_words(
    probe: Probe, case: Case, prompt: str, options: Sequence[str], reply: str
) -> str | None:
    """What a reply says before the option that it names; ``None`` if it names none."""
    try:
        outcome = outcome_of(
            probe.check, reply, case.expected, **case.options, truncated=False, prompt=prompt
        )
    except (ValueError, CheckerBroken):
        return None  # said of the choice itself, with its place
    return lead(reply, outcome.answer, options, prompt) if outcome.answer in options else None


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
