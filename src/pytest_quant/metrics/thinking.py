"""How much models think before they answer, and what it comes to within equal budgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_quant.checkers.patterns import ONLY_THINKS
from pytest_quant.metrics.measurement import Answer, Measurement

# The budgets, in tokens, at which answers are counted beside the whole one.
BUDGETS = (128, 256, 512, 1024, 2048, 4096, 8192, 16384)


@dataclass(frozen=True, slots=True)
class Thinking:
    """What one model thought before the answers to some questions.

    ``share`` of the responses think, with ``tokens`` in the mean of these; a share ``endless`` of
    all never ends it. ``within`` are the shares that are right with no more thinking than so many
    tokens, each budget once. Shares in [0, 1].
    """

    share: float
    tokens: float
    endless: float
    within: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class ThinkingCount:
    """A level and the reference, of the same ``responses`` each."""

    level: str
    responses: int
    reference: Thinking
    own: Thinking


def thinking_counts(measurements: Iterable[Measurement]) -> tuple[ThinkingCount, ...]:
    """By level, in the order measured; one where neither thinks is left out."""
    groups: dict[str, tuple[list[Answer], list[Answer]]] = {}
    for measurement in measurements:
        references, answers = groups.setdefault(measurement.level, ([], []))
        for case in measurement.cases:
            if case.level:
                references.append(case.reference)
                answers.append(case.level)
    return tuple(
        ThinkingCount(level, len(own), _of(reference, budgets), _of(own, budgets))
        for level, (reference, own) in groups.items()
        if (budgets := _budgets([*reference, *own]))
    )


def _budgets(answers: Iterable[Answer]) -> list[int]:
    """Those that some thinking exceeds, and the one that none does; nothing if nobody thinks."""
    longest = max((answer.thought for answer in answers), default=0)
    return [*(budget for budget in BUDGETS if budget < longest), longest] if longest else []


def _of(answers: Sequence[Answer], budgets: Sequence[int]) -> Thinking:
    thinking = [answer.thought for answer in answers if answer.thought]
    count = len(answers)
    return Thinking(
        share=len(thinking) / count,
        tokens=sum(thinking) / len(thinking) if thinking else 0.0,
        endless=sum(answer.reason == ONLY_THINKS for answer in answers) / count,
        within=tuple(
            (budget, sum(a.correct and a.thought <= budget for a in answers) / count)
            for budget in budgets
        ),
    )
