"""Equations to be solved, as they are written in a school book."""

from __future__ import annotations

from random import Random
from typing import Any


def linear(rng: Random) -> dict[str, Any]:
    """a(x + b) = c(x + d) + e, with a whole solution."""
    left, right = rng.sample(range(2, 10), 2)
    first, second = (rng.choice([n for n in range(-9, 10) if n]) for _ in range(2))
    solution = rng.choice([n for n in range(-12, 13) if n])
    rest = left * (solution + first) - right * (solution + second)
    if not rest:
        return linear(rng)
    return {
        "equation": f"{left}(x {signed(first)}) = {right}(x {signed(second)}) {signed(rest)}",
        "left": left,
        "first": first,
        "right": right,
        "second": second,
        "rest": rest,
        "solution": solution,
    }


def signed(number: int) -> str:
    """A number behind an expression: + 3, - 3."""
    return f"{'-' if number < 0 else '+'} {abs(number)}"


def progression(rng: Random) -> dict[str, Any]:
    """A sum of equally spaced numbers whose closed form is to be proved."""
    first, step = rng.randint(1, 15), rng.randint(2, 12)
    rest, closed = first - step, 2 * first - step  # n-th term and twice the sum over n
    term = f"{step}n {signed(rest)}" if rest else f"{step}n"
    return {
        "terms": f"{first} + {first + step} + {first + 2 * step}",
        "term": f"({term})",
        "closed": f"n({step}n {signed(closed)})/2" if closed else f"{step}n^2/2",
        "said": rng.choice(["whole number n from 1 on", "natural number n", "n of at least 1"]),
    }
