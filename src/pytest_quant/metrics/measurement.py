"""What one probe showed at one level: the outcomes of its cases, paired with the reference.

Measurements cross process boundaries and end up in the run record, so they are made of plain
types.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from pytest_quant.checkers.outcome import Verdict
from pytest_quant.metrics.parting import Parting
from pytest_quant.metrics.targets import Target

# What "ended" a response of which only the outcome is known.
RECORDED = "recorded"
# How a case was lost that could be asked once, or of the reference, and cannot be of this file.
TOO_LONG = "too long to ask"


@dataclass(frozen=True, slots=True)
class Answer:
    """One response and what the checker made of it; ``finish`` says what ended the response.

    Of a reference that is not at hand only the recorded verdict is known: ``finish`` is
    ``recorded`` and there is no text.

    ``clean`` is the verdict on the answer to the undisturbed prompt, ``None`` if the case has none.
    ``probabilities`` are those of the options of a choice that was taken by likelihood, relative
    to each other (their sum is 1); ``None`` for a response that the model wrote. Such a response
    has ``tokens`` tokens and the natural-log probability ``logprob``, ``None`` if it is not known.
    A composition kept ``kept`` of ``asked`` instructions. ``thought`` tokens were thinking.
    """

    verdict: Verdict
    answer: str
    pattern: str
    reason: str
    response: str
    finish: str
    clean: Verdict | None = None
    probabilities: dict[str, float] | None = None
    logprob: float | None = None
    tokens: int = 0
    kept: int = 0
    asked: int = 0
    thought: int = 0

    @property
    def confidence(self) -> float | None:
        """The probability of the chosen option; of a written response the geometric mean of its
        tokens' probabilities, so that long responses compare with short ones. ``None``: unknown.
        """
        if self.probabilities:
            return self.probabilities[self.response]
        if self.logprob is None or not self.tokens:
            return None
        return min(1.0, math.exp(self.logprob / self.tokens))

    @property
    def correct(self) -> bool:
        return self.verdict == "correct"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case, answered by the reference and, unless it is uninformative, by the level.

    ``facets`` say what sort of case it is, such as ``{"length": "1k", "depth": "0.5"}``.
    ``recorded`` is the level's outcome in its baseline: ``correct`` or the error pattern, ``None``
    if this very case is not recorded. ``parting`` is where two answers part that came out
    differently, ``None`` if that was not read.
    """

    index: int
    digest: str
    prompt: str
    expected: str
    reference: Answer
    level: Answer | None
    facets: dict[str, str] = field(default_factory=dict)
    recorded: str | None = None
    parting: Parting | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """What generating one batch took: tokens read, tokens written, seconds of wall time."""

    prompt_tokens: int
    new_tokens: int
    seconds: float


# Which cases of a probe are counted, by their place from 0.
Counted = Literal["all", "even", "odd"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """All cases of one probe at one level.

    ``chance`` is the share of cases that guessing gets right. ``uninformative`` is empty, or
    the sentence that says why the probe tells nothing about quantization; then the level was
    not asked. ``skipped`` is empty, or says why nothing could be asked; then there are no cases.
    ``tells_hallucination``: its check tells what is made up from what is only wrong.
    ``complete``: there was nothing beyond these cases to ask. ``size``: how many cases it has, if
    that is known before they are asked: they are listed, or its file says how many are wanted. The
    first ``own`` of them were asked for its own sake, the others for a check over several probes;
    ``None``: all. The baseline holds the first ``recorded_cases`` of the probe, as they were asked
    then. ``targets`` are the right answers to its first cases, read at the level even where the
    reference only guesses; ``untargeted`` says why there are none, ``unparted`` why no place was
    read where answers part. Where a drop is told, only the
    ``counted`` cases are: the others have shown that the reference does better than guessing.
    ``room`` is how many tokens an answer may take, ``None`` where nothing is written.
    """

    nodeid: str
    probe: str
    category: str
    difficulty: int
    level: str
    chance: float
    task: str | None
    cases: tuple[CaseResult, ...]
    reference_effort: Effort
    level_effort: Effort | None
    uninformative: str = ""
    skipped: str = ""
    tells_hallucination: bool = False
    complete: bool = True
    size: int | None = None
    own: int | None = None
    recorded_cases: int = 0
    targets: tuple[Target, ...] = ()
    untargeted: str = ""
    unparted: str = ""
    counted: Counted = "all"
    room: int | None = None

    @property
    def informative(self) -> bool:
        """Whether it tells anything about quantization, and so takes part in checks."""
        return not (self.uninformative or self.skipped)


def recorded_answer(right: bool) -> Answer:
    """What is known of an answer of which only the outcome was recorded."""
    verdict: Verdict = "correct" if right else "incorrect"
    return Answer(verdict, "", "", "as recorded in the baseline", "", RECORDED)


def recorded_outcome(answer: Answer) -> str:
    """What stands for the response of a `recorded_answer`."""
    return f"recorded as {'right' if answer.correct else 'wrong'}"


def outcomes(measurement: Measurement) -> list[tuple[bool, bool]]:
    """``(right at the reference, right at the level)`` of every case that both answered and that
    is counted.
    """
    return [pair for pair in placed_outcomes(measurement) if pair]


def placed_outcomes(measurement: Measurement) -> list[tuple[bool, bool] | None]:
    """The same, with ``None`` in the place of a case that is not counted."""
    left_out = {"all": None, "even": 1, "odd": 0}[measurement.counted]
    return [
        None if place % 2 == left_out else (case.reference.correct, case.level.correct)
        for place, case in enumerate(measurement.cases)
        if case.level is not None
    ]


def answered(cases: Iterable[CaseResult]) -> list[tuple[bool, bool]]:
    """The same, of any cases."""
    return [
        (case.reference.correct, case.level.correct) for case in cases if case.level is not None
    ]


def compared(cases: Iterable[CaseResult]) -> list[tuple[bool, bool] | None]:
    """``(right when recorded, right now)`` of every case, ``None`` if that is not known."""
    return [
        (case.recorded == "correct", case.level.correct)
        if case.level is not None and case.recorded is not None
        else None
        for case in cases
    ]
