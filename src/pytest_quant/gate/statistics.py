"""The few statistical facts that verdicts rest on, as pure functions of counts.

They compare two levels on the same cases. Of ``n`` cases, ``b`` were right at the reference and
wrong at the level, ``c`` the other way round; the drop is ``(b - c) / n`` and the flip rate
``(b + c) / n``. Everything here is a proportion (0.05, not 5 points), and every alpha is
one-sided. Only the standard library is used: scipy costs up to a second to import, and nothing
below needs it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

# Beyond this many cases "run more of them" is no advice.
MOST_CASES = 1_000_000

_ROOT_WIDTH = 1e-13
_NEGLIGIBLE = 1e-17
# Where a forecast need not be exact: the width of a drop, the values that stand for a count.
_DROP_WIDTH = 1e-5
_NODES = 9


def tango_bounds(b: float, c: float, n: int, alpha: float) -> tuple[float, float]:
    """Score bounds ``(lower, upper)`` of the drop, each one-sided at ``alpha``.

    Taken together they are the two-sided interval at ``2 * alpha`` of T. Tango, "Equivalence
    test and confidence interval for the difference in proportions for the paired-sample design",
    Statistics in Medicine 17 (1998), 891-908. Without a case nothing is known: ``(-1, 1)``.
    Raises ``ValueError`` for impossible counts or an alpha outside (0, 0.5).
    """
    if min(b, c) < 0 or b + c > n:
        raise ValueError(f"impossible counts: b={b}, c={c}, n={n}")
    z = normal_quantile(alpha)
    if n == 0:
        return -1.0, 1.0
    return _lower_bound(b / n, c / n, n, z), -_lower_bound(c / n, b / n, n, z)


def mcnemar_p(b: int, c: int) -> float:
    """Exact one-sided McNemar p-value: how often ``b`` or more of ``b + c`` fair coins fall.

    It asks whether the level is worse at all, not whether it is worse than a limit.
    """
    return binomial_tail(b, b + c, 0.5)


def binomial_tail(k: int, n: int, p: float) -> float:
    """``P(X >= k)`` for ``X ~ Binomial(n, p)``."""
    if k <= 0:
        return 1.0
    if k > n or p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    if k <= n * p:
        return 1.0 - binomial_tail(n - k + 1, n, 1 - p)
    # Above the mean each term is smaller than the one before it, so the sum may stop early.
    log_term = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    term = math.exp(log_term + k * math.log(p) + (n - k) * math.log1p(-p))
    total = term
    for i in range(k, n):
        term *= (n - i) / (i + 1) * p / (1 - p)
        total += term
        if term < total * _NEGLIGIBLE:
            break
    return min(total, 1.0)


def detectable_drop(flip_rate: float, n: int, alpha: float, power: float = 0.8) -> float:
    """For planning: the true drop that ``n`` paired cases tell from none with that power.

    The usual first-order formula, ``(z_alpha + z_power) * sqrt(flip_rate / n)``. It holds for
    drops small against the flip rate; `failing_drop` has no such condition.
    """
    return (normal_quantile(alpha) + normal_quantile(1 - power)) * math.sqrt(flip_rate / n)


def failing_drop(
    flip_rate: float, n: int, limit: float, alpha: float, power: float = 0.8
) -> float | None:
    """The smallest true drop whose lower Tango bound exceeds ``limit`` with that power.

    The flip rate is taken as it is, except that a drop needs at least as many flips as it is
    large. ``None`` if the sample is so small that not even a total loss would be seen.
    """
    if n == 0:
        return None
    z_alpha, z_power = normal_quantile(alpha), normal_quantile(1 - power)

    def missed(drop: float) -> bool:
        flips = max(flip_rate, abs(drop))
        lost, won = (flips + drop) / 2, (flips - drop) / 2
        spread = z_alpha * math.sqrt(_null_variance(lost, won, limit))
        spread += z_power * math.sqrt(flips - drop * drop)
        return (drop - limit) * math.sqrt(n) <= spread

    return None if missed(1.0) else last_that_holds(missed, limit, 1.0)


def mcnemar_drop(
    flip_rate: float, n: int, least: float, alpha: float, power: float = 0.8
) -> float | None:
    """The smallest true drop that shows in `mcnemar_p` at ``alpha``, and above ``least``.

    With that power the exact test is significant and the drop seen is more than ``least``. The
    flip rate is taken as it is, except that a drop needs at least as many flips as it is large.
    ``None`` if not even a total loss would be seen.
    """
    if n == 0:
        return None

    def missed(drop: float) -> bool:
        share = max(flip_rate, drop)
        losing = (1 + drop / share) / 2
        seen = 0.0
        for flips in _likely_counts(share, n):
            needed = _significant_losses(flips, alpha)
            if needed is not None:
                needed = max(needed, math.floor((flips + least * n) / 2) + 1)
                seen += binomial_tail(needed, flips, losing)
        return seen < power * _NODES

    return (
        None if missed(1.0) else last_that_holds(missed, max(least, _DROP_WIDTH), 1.0, _DROP_WIDTH)
    )


def _likely_counts(share: float, n: int) -> list[int]:
    """Equally likely values of a count of ``n`` cases that has this share of them on average."""
    middle, spread = share * n, math.sqrt(n * share * (1 - share))
    quantiles = (NormalDist().inv_cdf((i + 0.5) / _NODES) for i in range(_NODES))
    return [min(n, max(0, round(middle + spread * z))) for z in quantiles]


def _significant_losses(flips: int, alpha: float) -> int | None:
    """How many of so many flips must be losses to be significant; ``None`` if all are too few."""
    if binomial_tail(flips, flips, 0.5) > alpha:
        return None
    low, high = flips // 2, flips
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if mcnemar_p(middle, flips - middle) <= alpha else (middle, high)
    return high


def cases_to_decide(
    b: int, c: int, n: int, limit: float, alpha: float, power: float = 0.8
) -> int | None:
    """How many cases would settle a drop against ``limit`` if the rates seen so far are the truth.

    The sample size of Tango's score test at the limit, in the direction in which the drop lies.
    ``None`` if nothing settles it: no case yet, a drop at the limit, or more than ``MOST_CASES``.
    """
    if n == 0 or (b - c) / n == limit:
        return None
    return _cases(b / n, c / n, limit, alpha, power)


def _cases(lost: float, won: float, limit: float, alpha: float, power: float) -> int | None:
    drop = lost - won
    spread = normal_quantile(alpha) * math.sqrt(_null_variance(lost, won, limit))
    spread += normal_quantile(1 - power) * math.sqrt(lost + won - drop * drop)
    root = spread / abs(drop - limit)
    return math.ceil(root * root) if root <= math.sqrt(MOST_CASES) else None


def cases_to_pass(flip_rate: float, limit: float, alpha: float, power: float) -> int | None:
    """How many cases show that a level which loses nothing is within ``limit``, with that power.

    The flips go evenly in both directions. ``None`` if more than ``MOST_CASES`` are needed.
    """
    rate = flip_rate / 2
    if limit <= 0:
        return None
    return _cases(rate, rate, limit, alpha, power)


def normal_quantile(alpha: float) -> float:
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie in (0, 0.5), not {alpha}")
    return -NormalDist().inv_cdf(alpha)


def _lower_bound(lost: float, won: float, n: int, z: float) -> float:
    """The difference below the observed one at which the score statistic equals ``z``."""
    drop = lost - won

    def rejected(difference: float) -> bool:
        return drop - difference > z * math.sqrt(_null_variance(lost, won, difference) / n)

    return last_that_holds(rejected, -1.0, drop)


def _null_variance(lost: float, won: float, difference: float) -> float:
    """Variance of one case's drop under the likeliest truth whose drop is ``difference``.

    Tango's nuisance parameter, the rate of cases won back, is the positive root of
    ``2 q^2 + linear q + constant``.
    """
    linear = (2 - lost + won) * difference - lost - won
    constant = -won * difference * (1 - difference)
    root = math.sqrt(max(linear * linear - 8 * constant, 0.0))
    # Two forms of one root: whichever adds rather than cancels.
    won_back = -2 * constant / (linear + root) if linear > 0 else (root - linear) / 4
    won_back = max(won_back, -difference, 0.0)
    return max(2 * won_back + difference * (1 - difference), 0.0)


def last_that_holds(
    holds: Callable[[float], bool], low: float, high: float, width: float = _ROOT_WIDTH
) -> float:
    """Where a condition that holds at ``low`` and not at ``high`` stops holding."""
    while high - low > width:
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
