"""Whether the reference does better than guessing, and which of its cases may be counted then.

Who drops the probes in which the reference was unlucky keeps those in which it was lucky, and luck
that a level does not share looks like a loss. So no case has a say in whether it is counted itself:
the cases at even places decide about those at odd places, and the other way round. Of a probe that
the reference can do, all are counted; of one of which a single half shows it, the other half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_quant.metrics.measurement import Counted

# What is known of so many right answers to so many cases: "" if they show that the reference does
# better than guessing, why they hardly will, or ``None`` if that is open.
Screen = Callable[[int, int], str | None]

_BY_SHOWN: dict[tuple[bool, bool], Counted] = {
    (True, True): "all",
    (True, False): "odd",
    (False, True): "even",
}


class Screening:
    """What the reference's answers to one probe have shown so far; the first answer of each half
    stands, so that how long it is asked has no say either.
    """

    def __init__(self) -> None:
        self._found: list[str | None] = [None, None]

    @property
    def counted(self) -> Counted:
        even, odd = (found == "" for found in self._found)
        return _BY_SHOWN.get((even, odd), "all")

    def see(self, screen: Screen, right: Sequence[bool]) -> str | None:
        """ "" if the level is to be asked, why not, or ``None`` if that is open.

        ``right`` are all answers so far. A probe is given up only where both halves are.
        """
        if len(right) == 1:  # there is no other half
            self._found = [screen(sum(right), 1)] * 2
        for place, known in enumerate(self._found):
            half = right[place::2]
            if known is None and half:
                self._found[place] = screen(sum(half), len(half))
        if "" in self._found:
            return ""
        if None in self._found:
            return None
        return self._of_all(screen, right)

    def _of_all(self, screen: Screen, right: Sequence[bool]) -> str:
        """The same of a probe of which neither half shows anything.

        Where even a half without a mistake could not, there is nothing to choose by luck: then all
        cases tell together.
        """
        reason = screen(sum(right), len(right))
        halves = [len(right[place::2]) for place in range(2)]
        if reason or all(screen(n, n) for n in halves if n):
            return reason or ""
        return f"{self._found[0]}; and neither do the other cases show it"
