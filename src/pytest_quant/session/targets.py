"""Which text is the right answer to a case, and how likely two models find it.

The right answer is what the probe states as a ``solution``; else the expected answer, behind the
words after which the question asks for it, such as ``Answer:``. It must be a right answer to the
probe's own check, for a text that is not is no target: programs and free forms have none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from pytest_quant.checkers import outcome_of
from pytest_quant.checkers.form import announcement
from pytest_quant.errors import CheckerBroken
from pytest_quant.metrics.targets import Target, TargetScore
from pytest_quant.probes.cases import each_case
from pytest_quant.probes.model import Case, Probe
from pytest_quant.runtimes.protocol import Lacking, PromptTooLong, Scores

# So many cases of a probe are read, whatever else is asked of it. What tells is how many probes
# there are: the cases of one move together, and four of each show hardly more than two.
MOST_TARGETS = 2
# Of long prompts fewer are read: together they have about so many characters, or there is one.
MOST_CHARACTERS = 8000
FEWEST_TARGETS = 1

# Checks of which the expectation is an answer, and options by which it is only a part of one.
_ANSWERS = frozenset({"choice", "items", "numeric", "quantities", "sequence", "text"})
_OPEN = frozenset({"at_least", "required", "share", "sides"})

# How likely a level finds texts behind each of some prompts.
Score = Callable[[str, list[str], list[list[str]]], Scores]


class NoTarget(Exception):
    """A probe of which no right answer can be read; says why."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is read of a probe, at whatever level; ``problem`` says why it is nothing."""

    cases: Sequence[Case] = ()
    texts: Sequence[str] = ()
    problem: str = ""


class TargetReader:
    """Reads the targets of probes; what does not depend on the level is worked out once.

    ``reference`` is ``None`` if it is not at hand.
    """

    def __init__(self, reference: str | None, score: Score) -> None:
        self._reference = reference
        self._score = score
        self._asked: dict[str, _Asked] = {}
        self._before: dict[str, Sequence[TargetScore | None]] = {}

    def read(
        self, probe: Probe, level: str, drawn: Sequence[Case] = ()
    ) -> tuple[tuple[Target, ...], str]:
        """The targets of a probe at a level, or none and the reason.

        Which cases are read, and in which batch, depends on the probe alone: neither on how many
        are asked nor on what any model answered. ``drawn`` are its first cases as far as they are
        known already. Raises ``RuntimeFailed``.
        """
        if probe.id not in self._asked:
            self._asked[probe.id] = _asked(probe, drawn)
        asked = self._asked[probe.id]
        if asked.problem:
            return (), asked.problem
        try:
            before = self._of_reference(probe.id, asked)
            own = self._scores(level, asked)
        except Lacking as error:
            return (), str(error)
        except PromptTooLong as error:
            return (), f"needs more than {error.length} tokens, the context is {error.context}"
        found = [
            Target(case.index, case.digest, text, was, now)
            for case, text, was, now in zip(asked.cases, asked.texts, before, own, strict=True)
            if now is not None
        ]
        return tuple(found), "" if found else "nothing was read before the deadline"

    def _of_reference(self, probe: str, asked: _Asked) -> Sequence[TargetScore | None]:
        if self._reference is None:
            return [None] * len(asked.cases)
        if probe not in self._before:
            self._before[probe] = self._scores(self._reference, asked)
        return self._before[probe]

    def _scores(self, level: str, asked: _Asked) -> list[TargetScore | None]:
        """``None`` for a prompt that the deadline came before."""
        prompts = [case.prompt for case in asked.cases]
        scores = self._score(level, prompts, [[text] for text in asked.texts])
        return [TargetScore.of(of[0].logprobs) if of else None for of in scores.likelihoods]


def _asked(probe: Probe, drawn: Sequence[Case]) -> _Asked:
    cases = first_cases(probe, drawn)
    try:
        return _Asked(cases, [target_text(probe, case) for case in cases])
    except NoTarget as error:
        return _Asked(problem=str(error))


def first_cases(probe: Probe, drawn: Sequence[Case] = ()) -> list[Case]:
    """The cases of which the targets are read."""
    cases: list[Case] = []
    characters = 0
    known = drawn if len(drawn) >= MOST_TARGETS else each_case(probe)
    for case in islice(known, MOST_TARGETS):
        characters += len(case.prompt)
        if len(cases) >= FEWEST_TARGETS and characters > MOST_CHARACTERS:
            break
        cases.append(case)
    return cases


def target_text(probe: Probe, case: Case) -> str:
    """The right answer to a case in the form that it asks for; raises ``NoTarget``."""
    text = case.solution
    if text is None:
        if probe.check not in _ANSWERS:
            raise NoTarget(f"many texts are right (check {probe.check})")
        if opened := sorted(_OPEN.intersection(probe.check_options)):
            raise NoTarget(f"many texts are right ({probe.check} with {opened[0]})")
        text = f"{announcement(case.prompt)} {case.expected_text}".lstrip()
    if not text.strip():
        raise NoTarget("the right answer is empty")
    try:
        outcome = outcome_of(
            probe.check, text, case.expected, **case.options, truncated=False, prompt=case.prompt
        )
    except (ValueError, CheckerBroken) as error:
        raise NoTarget(f"its right answer could not be checked: {error}") from None
    if not outcome.correct:
        raise NoTarget(f"its check does not take {text!r:.60} for right: {outcome.reason:.100}")
    return text
