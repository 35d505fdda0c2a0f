"""How long an answer may be: long enough for the reference to end nearly all of its own.

A limit is there to stop a runaway. The reference's first answers decide how much room a probe
takes; every level then has the same, and what a level cannot end in it is a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_quant.checkers.degeneration import is_looping
from pytest_quant.metrics.measurement import Answer, Effort

# What is answered to the cases of one batch, and what that took.
Answers = tuple[list[Answer], Effort]

# No answer is longer unless a probe, or the user, says so.
MOST_TOKENS = 1024
# So many of the reference's first answers may be cut.
_CUT = 0.05


@dataclass(frozen=True, slots=True)
class Room:
    """New tokens for an answer: ``first`` as the probe says, at ``most`` after growing."""

    first: int
    most: int

    def settle(self, answer: Callable[[int], Answers]) -> tuple[int, Answers]:
        """The room in which ``answer`` ends its answers, or all there is; and these answers."""
        room = self.first
        while True:
            answers = answer(room)
            if room >= self.most or _cut_share(answers[0]) <= _CUT:
                return room, answers
            room = min(2 * room, self.most)


def _cut_share(answers: Sequence[Answer]) -> float:
    """The share of answers that a limit cut under way: one that loops would never have ended."""
    cut = [a for a in answers if a.finish == "length" and not is_looping(a.response.split())]
    return len(cut) / len(answers) if answers else 0.0
