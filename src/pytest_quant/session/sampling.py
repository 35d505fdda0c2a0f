"""How many cases of a probe are asked: a number settled beforehand, or until a check is settled.

Either way the batches follow from the probe alone, so a response depends neither on where the
asking stopped nor on who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Protocol

from pytest_quant.gate.sequential import FIRST_LOOK, looks_up_to, screen
from pytest_quant.gate.tolerance_check import guessing
from pytest_quant.metrics.measurement import CaseResult
from pytest_quant.probes.cases import draw_cases, each_case
from pytest_quant.probes.model import Case, Probe

# So many cases are the fewest to see whether the reference can do anything.
FEWEST_FIRST = 4
# So many at most tell it, unless someone says how many a probe may be asked.
SCREENED = 32


@dataclass(frozen=True, slots=True)
class Part:
    """Cases that are asked in one batch; ``last``: the probe has none beyond them to ask."""

    cases: tuple[Case, ...]
    last: bool


class Sampling(Protocol):
    """In which batches a probe is asked, and when it has been asked enough.

    So many cases, ``sure``, are asked in any case of a probe that tells something.
    """

    @property
    def sure(self) -> int: ...

    def parts(self, probe: Probe) -> Iterator[Part]:
        """Its batches, drawn as they are needed; ``QuantUsageError`` for a mistake in the probe."""
        ...

    def screen(self, probe: Probe, right: int, n: int, *, last: bool) -> str | None:
        """What the reference has shown with ``right`` answers to the first ``n`` cases.

        "" if the level is to be asked, a sentence that says why the probe tells nothing, or
        ``None`` if the reference has to be asked more.
        """
        ...

    def settled(self, cases: Sequence[CaseResult]) -> bool:
        """Whether these are enough, which are all cases so far."""
        ...


@dataclass(frozen=True, slots=True)
class FixedSize:
    """``cases`` of each probe, or as many as it has if these are fewer.

    A quarter of them, four to eight, are tried first: a reference that gets none of them right is
    not asked the others. ``promised``: the probe says that it has so many.
    """

    cases: int
    promised: bool = False

    @property
    def sure(self) -> int:
        return self.cases

    def parts(self, probe: Probe) -> Iterator[Part]:
        draw_cases(probe, 1)  # a probe without any is refused in words
        drawn = islice(each_case(probe), self.cases)
        first = tuple(islice(drawn, max(FEWEST_FIRST, min(FIRST_LOOK, self.cases // 4))))
        ahead = tuple(islice(drawn, 1))
        if ahead:
            yield Part(first, last=False)
        rest = (*ahead, *drawn)
        if self.promised and probe.is_drawn and len(first) + len(rest) < self.cases:
            draw_cases(probe, self.cases)  # says that there are not so many
        yield Part(rest or first, last=True)

    def screen(self, probe: Probe, right: int, n: int, *, last: bool) -> str | None:
        return guessing(right, n, probe.chance) or "" if last or not right else None

    def settled(self, cases: Sequence[CaseResult]) -> bool:  # noqa: ARG002
        return False


@dataclass(frozen=True, slots=True)
class InTurn:
    """Up to ``most`` cases, look by look, until ``enough`` says so of those that were asked, which
    it does of no fewer than ``sure``.

    Whether the reference can do the probe is settled after ``screened`` cases at the latest.
    """

    most: int
    enough: Callable[[Sequence[CaseResult]], bool]
    screened: int
    sure: int = 0

    def parts(self, probe: Probe) -> Iterator[Part]:
        draw_cases(probe, 1)  # a probe without any is refused in words
        drawn = each_case(probe)
        asked, ahead = 0, tuple(islice(drawn, 1))
        for look in looks_up_to(self.most):
            cases = tuple(islice(chain(ahead, drawn), look - asked))
            asked, ahead = look, tuple(islice(drawn, 1)) if look < self.most else ()
            yield Part(cases, last=not ahead)
            if not ahead:
                return

    def screen(self, probe: Probe, right: int, n: int, *, last: bool) -> str | None:
        # Seen by halves, each of which has to tell by itself.
        most = max(1, self.screened // 2)
        return screen(right, n, probe.chance, most, last=last or n >= most)

    def settled(self, cases: Sequence[CaseResult]) -> bool:
        return self.enough(cases)
