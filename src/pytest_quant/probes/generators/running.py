"""Sums and products written out one after the other."""

from __future__ import annotations

from itertools import accumulate, pairwise


def running(sign: str, numbers: list[int]) -> str:
    """The sums or products on the way: 3 + 5 = 8, 8 + 2 = 10."""
    results = list(accumulate(numbers, (lambda a, b: a + b) if sign == "+" else lambda a, b: a * b))
    steps = zip(pairwise(results), numbers[1:], strict=True)
    return ", ".join(f"{before} {sign} {number} = {after}" for (before, after), number in steps)
