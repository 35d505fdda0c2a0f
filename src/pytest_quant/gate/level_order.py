"""How sure a level must be to pass: the session's alpha, handed on from level to level."""

from __future__ import annotations

from collections.abc import Collection, Sequence

# Of the session's alpha, for the level of most bits. Its limits are the closest, and so take the
# most cases; the others get this alpha, too, where it passes.
_FIRST = 0.8


def pass_alpha(level: str, order: Sequence[str], within: Collection[str], alpha: float) -> float:
    """The one-sided alpha at which each check of a level passes.

    ``order`` are the levels under test, that of most bits first; ``within`` are those before it
    that are shown to be within their limits. Each level has a share of ``alpha``; one that is shown
    to be within hands all that it has on to the next. The chance that any level of the session that
    is beyond a limit passes is at most ``alpha``, however many there are and however they depend
    on each other (the fallback procedure of B. Wiens, "A fixed sequence Bonferroni procedure",
    Pharmaceutical Statistics 2, 2003).
    """
    shares = [alpha]
    if len(order) > 1:
        rest = (1 - _FIRST) * alpha / (len(order) - 1)
        shares = [_FIRST * alpha, *[rest] * (len(order) - 1)]
    place = order.index(level)
    total = shares[place]
    while place and order[place - 1] in within:
        place -= 1
        total += shares[place]
    return total
