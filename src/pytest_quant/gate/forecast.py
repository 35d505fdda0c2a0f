"""How many cases of each probe an undecided check would take, where some probes run out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stock:
    """The cases of one probe: ``asked`` so far, and how many there are; ``None``: enough."""

    asked: int
    there: int | None

    def more_up_to(self, each: int) -> int:
        """How many more are asked where ``each`` of every probe are."""
        return max(0, (each if self.there is None else min(each, self.there)) - self.asked)


def cases_of_each(stocks: Sequence[Stock], more: int) -> int | None:
    """The smallest number of cases of each probe that brings so many ``more`` of all together.

    ``None`` if the probes do not have so many.
    """
    most = more + max((stock.asked for stock in stocks), default=0)
    if sum(stock.more_up_to(most) for stock in stocks) < more:
        return None
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if sum(stock.more_up_to(middle) for stock in stocks) < more:
            low = middle + 1
        else:
            high = middle
    return low


def left(stocks: Sequence[Stock]) -> int | None:
    """How many more cases there are, ``None`` if that is not known."""
    if any(stock.there is None for stock in stocks):
        return None
    return sum(stock.more_up_to(stock.there or 0) for stock in stocks)
