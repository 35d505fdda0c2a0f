"""Bounds of the drop that hold at every moment, so that a check may stop whenever it likes.

The bounds of `statistics` are for a number of cases that was settled beforehand: who looks at
them again and again, and stops when they suit, errs far more often than alpha. These are made of
bets instead. A bet against "the mean drop is ``D`` or more" starts with a capital of 1 and
multiplies it, case by case, by ``1 + stake * (D - x)``, where ``x`` is 1 for a case lost, -1 for
one won back and 0 otherwise, and ``0 < stake <= 1 / (1 - D)`` keeps the capital from going below
0. If the statement is true, no bet gains on average, and the chance that the capital *ever*
reaches ``1 / alpha`` is at most alpha (Ville's inequality). So whatever ``D`` the capital refutes
may be taken as refuted at any time, whyever one stopped just then, and without a normal
approximation (I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by
betting", JRSS B 86, 2024). The capital is divided among stakes that are fixed beforehand, so it
depends on the counts alone.

Over cases of several probes the statement is about their mean: a product of ``1 + stake * (D -
x_i)`` has the mean ``prod(1 + stake * (D - d_i)) <= (1 + stake * (D - mean d))^m``, as a
geometric mean is at most the arithmetic one.

Where probes do not bring the same number of cases, each of their cases bets a share of the stake,
its ``weight``: with ``m_i`` cases of weight ``w_i`` the mean is at most ``exp(stake * sum(m_i w_i
(D - d_i)))``, so the statement is about the mean in which probe ``i`` counts ``m_i w_i``, whatever
the ``m_i`` are.

Notation and units are those of `statistics`; counts may be fractional where they are forecasts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from pytest_quant.gate.statistics import MOST_CASES, last_that_holds, normal_quantile

# The stakes as shares of the greatest possible one, and the capital that each is given. All in is
# the best bet while nothing is lost, which is what most checks see, and worth nothing after one
# loss; the small ones are for many flips.
_SHARES = (1.0, 0.9, 0.75, 0.6, 0.45, 0.3, 0.2, 0.1, 0.05)
_CAPITAL = (0.4, *[0.6 / 8] * 8)

_ALMOST_ONE = 1 - 1e-12

# ``(weight, b, c, n)``: counts of the cases that bet this share of every stake.
Tally = tuple[float, float, float, float]


def lasting_bounds(b: float, c: float, n: float, alpha: float) -> tuple[float, float]:
    """Bounds ``(lower, upper)`` of the drop, each one-sided at ``alpha`` over the whole sequence.

    The chance that the lower bounds after 1, 2, 3, ... cases are *ever* above the truth is at
    most ``alpha``, and the same holds for the upper ones. Raises ``ValueError`` for impossible
    counts or an alpha outside (0, 0.5).
    """
    if min(b, c) < 0 or b + c > n:
        raise ValueError(f"impossible counts: b={b}, c={c}, n={n}")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie in (0, 0.5), not {alpha}")
    tallies = ((1.0, b, c, n),)
    return -upper_bound(exchanged(tallies), alpha), upper_bound(tallies, alpha)


def refutes(b: float, c: float, n: float, drop: float, alpha: float) -> bool:
    """Whether the cases refute "the drop is ``drop`` or more": the upper bound is below it.

    What refutes "it is ``drop`` or less" is the same with ``b`` and ``c`` exchanged and ``-drop``.
    """
    return tallies_refute(((1.0, b, c, n),), drop, alpha)


def tallies_refute(tallies: Sequence[Tally], drop: float, alpha: float) -> bool:
    """The same of cases with weights."""
    if drop >= 1:
        return any(b < n for _, b, _, n in tallies)
    return _log_capital(tallies, drop) >= -math.log(alpha)


def lasting_p(b: int, c: int, n: int) -> float:
    """The least alpha at which the cases refute "nothing is lost", one-sided and at most 1.

    At a limit of 0 a case that did not flip changes no capital, so the bets are on the flips
    alone: that a flip is a loss at most half of the time. It is McNemar's question, and the chance
    that the least of the values after 1, 2, 3, ... cases is ever ``p`` or below is at most ``p``.
    """
    return lasting_p_of(((1.0, b, c, n),))


def lasting_p_of(tallies: Sequence[Tally]) -> float:
    """The same of cases with weights."""
    return math.exp(min(0.0, -_log_capital(exchanged(tallies), 0.0)))


def exchanged(tallies: Iterable[Tally]) -> tuple[Tally, ...]:
    """The same cases with lost and won back exchanged."""
    return tuple((weight, c, b, n) for weight, b, c, n in tallies)


@lru_cache(maxsize=4096)
def upper_bound(tallies: tuple[Tally, ...], alpha: float) -> float:
    """The least drop that is refuted, 1 if none is."""

    def stands(drop: float) -> bool:
        return not tallies_refute(tallies, drop, alpha)

    n = math.fsum(weight * n for weight, _, _, n in tallies)
    if n == 0 or stands(_ALMOST_ONE):
        return 1.0
    drop = math.fsum(weight * (b - c) for weight, b, c, _ in tallies) / n
    return last_that_holds(stands, drop, _ALMOST_ONE)


def _log_capital(tallies: Sequence[Tally], drop: float) -> float:
    """The logarithm of what betting against "``drop`` or more" has made of 1."""
    parts = []
    for capital, share in zip(_CAPITAL, _SHARES, strict=True):
        gain = math.log(capital)
        for weight, b, c, n in tallies:
            lost, won, same = _factor(share * weight, drop)
            if lost == 0 and b > 0:
                break
            gain += b * math.log(lost) if b else 0.0
            gain += c * math.log(won) + (n - b - c) * math.log(same)
        else:
            parts.append(gain)
    most = max(parts)
    return most + math.log(math.fsum(math.exp(part - most) for part in parts))


def _factors(drop: float) -> Iterator[tuple[float, float, float]]:
    """What each stake makes of a case that is lost, won back, or the same."""
    return (_factor(share, drop) for share in _SHARES)


def _factor(share: float, drop: float) -> tuple[float, float, float]:
    """What a stake, a share of the greatest, makes of a case: lost, won back, or the same."""
    stake = share / (1 - drop)
    return 1 - share, 1 + stake * (1 + drop), 1 + stake * drop


def cases_to_settle(
    b: int, c: int, n: int, limit: float, alpha: float, power: float = 0.8
) -> int | None:
    """How many cases would settle a drop against ``limit`` if the rates seen so far are the truth.

    The direction is that in which the drop lies. ``None`` if nothing settles it: no case yet, a
    drop at the limit, or more than ``MOST_CASES``.
    """
    if n == 0 or b / n - c / n == limit:
        return None
    lost, won = b / n, c / n
    if lost - won > limit:
        lost, won, limit = won, lost, -limit
    cases = min(_waits(lost, won, limit, alpha, power), default=math.inf)
    return math.ceil(cases) if cases <= MOST_CASES else None


def failing_drop_in_turn(
    flip_rate: float, n: int, limit: float, alpha: float, power: float = 0.8
) -> float | None:
    """The smallest true drop that is shown to be above ``limit`` within ``n`` cases.

    With that power; ``None`` if the cases are so few that not even a total loss would be seen.
    """

    def missed(drop: float) -> bool:
        flips = max(flip_rate, abs(drop))
        lost, won = (flips + drop) / 2, (flips - drop) / 2
        return min(_waits(won, lost, -limit, alpha, power), default=math.inf) > n

    return None if n == 0 or missed(1.0) else last_that_holds(missed, limit, 1.0)


def regressing_drop_in_turn(
    flip_rate: float, n: int, least: float, alpha: float, power: float = 0.8
) -> float | None:
    """The smallest true drop that shows in `lasting_p` at ``alpha`` within ``n`` cases, and is seen
    to be above ``least``.

    With that power; ``None`` if the cases are so few that not even a total loss would be seen.
    """
    z = normal_quantile(1 - power)

    def missed(drop: float) -> bool:
        flips = max(flip_rate, drop)
        lost, won = (flips + drop) / 2, (flips - drop) / 2
        if drop - least <= z * math.sqrt((flips - drop * drop) / n):
            return True
        return min(_waits(won, lost, 0.0, alpha, power), default=math.inf) > n

    return None if n == 0 or missed(1.0) else last_that_holds(missed, least, 1.0)


def _waits(lost: float, won: float, drop: float, alpha: float, power: float) -> Iterator[float]:
    """After how many cases each stake alone has refuted "``drop`` or more", with that power.

    A stake's logarithm is a sum over cases, so about normal.
    """
    z = normal_quantile(1 - power)
    chances = (lost, won, 1 - lost - won)
    if drop >= 1:
        return
    for capital, factors in zip(_CAPITAL, _factors(drop), strict=True):
        steps = [(p, f) for p, f in zip(chances, factors, strict=True) if p > 0]
        if any(f <= 0 for _, f in steps):
            continue
        logs = [(p, math.log(f)) for p, f in steps]
        mean = math.fsum(p * log for p, log in logs)
        if mean <= 0:
            continue
        deviation = math.sqrt(math.fsum(p * (log - mean) ** 2 for p, log in logs))
        needed = -math.log(alpha) - math.log(capital)
        root = z * deviation + math.sqrt((z * deviation) ** 2 + 4 * mean * needed)
        yield (root / (2 * mean)) ** 2
