"""When a check has seen enough: it looks at growing numbers of cases and stops at a verdict.

The bounds of `evidence` make that safe: they hold at all looks together, so neither the number of
looks nor the rule that ends them costs any of the check's alpha. The rule may then be chosen for
its thrift alone. It stops at a verdict, and where the cases that are left will not bring one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from pytest_quant.gate.evidence import (
    cases_to_settle,
    failing_drop_in_turn,
    lasting_bounds,
    lasting_p,
    refutes,
)
from pytest_quant.gate.statistics import tango_bounds
from pytest_quant.gate.tolerance_check import (
    ABOVE_CHANCE_ALPHA,
    CheckResult,
    Paired,
    count_pairs,
    guessing,
    pool,
    tolerance_result,
)

Outcomes = Sequence[tuple[bool, bool]]

# The same, with ``None`` in the place of a case that cannot be compared.
Compared = Sequence[tuple[bool, bool] | None]

# The first look, as at a fixed number of cases: enough to see that the reference can do nothing.
FIRST_LOOK = 8

# What a forecast still reckons with, one-sided. It decides when to stop, and so what is spent,
# but no verdict.
_DOUBT = 0.05


def looks_up_to(most: int) -> tuple[int, ...]:
    """After how many cases a check looks: 8, 16, 32, 48, 64, ..., at last ``most``.

    Each time it is at least 16 more and, from 64 on, an eighth to a quarter more. They are the
    same whatever ``most`` is, but for the last one, so that answers are found again.
    """
    looks: list[int] = []
    next_look = FIRST_LOOK
    while next_look < most:
        looks.append(next_look)
        next_look += FIRST_LOOK if next_look == FIRST_LOOK else _step(next_look)
    return (*looks, most)


def _step(look: int) -> int:
    """At least a batch that keeps a usual number of parallel sequences busy."""
    return max(2 * FIRST_LOOK, (1 << look.bit_length()) // 8)


def evaluate_looks(
    looks: Sequence[Paired], limit_points: float, alpha: float, chance: float = 0.0
) -> CheckResult:
    """Hold the drop against a limit, as `evaluate_tolerance` does, after one or several looks.

    ``looks`` are the counts at each, the later ones including the earlier ones. All their bounds
    hold together, so the tightest count, and a verdict once reached stays.
    """
    counts = looks[-1] if looks else pool([])
    limit = limit_points / 100
    rate = (counts.b + counts.c) / counts.n if counts.n else 0.0
    return tolerance_result(
        counts,
        bounds_over(looks, alpha),
        limit_points,
        alpha,
        chance,
        p=p_over(looks),
        detectable=failing_drop_in_turn(rate, counts.n, limit, alpha),
        needed=cases_to_settle(counts.b, counts.c, counts.n, limit, alpha),
        looks=len(looks),
    )


def bounds_over(looks: Iterable[Paired], alpha: float) -> tuple[float, float]:
    """The tightest of the `lasting_bounds` at several looks, which hold together."""
    lower, upper = -1.0, 1.0
    for look in looks:
        low, high = lasting_bounds(look.b, look.c, look.n, alpha)
        # They can only cross where one of them has missed the truth; then the first ones stand.
        if max(lower, low) <= min(upper, high):
            lower, upper = max(lower, low), min(upper, high)
    return lower, upper


def p_over(looks: Iterable[Paired]) -> float:
    """The least of the p-values at several looks, which hold together."""
    return min((lasting_p(look.b, look.c, look.n) for look in looks), default=1.0)


def common_looks(members: Sequence[tuple[Compared, bool]], most: int) -> list[Paired]:
    """The counts over several probes at every look that all of them have reached.

    Each comes with whether it has no more cases than these; then it takes part with all of them.
    A look takes the same number of cases of every probe, however many one of them was asked: so
    no probe's weight depends on what it brought.
    """
    return [
        count_pairs(pair for outcomes, _ in members for pair in outcomes[:look] if pair)
        for look in looks_up_to(most)
        if members and all(complete or len(outcomes) >= look for outcomes, complete in members)
    ]


def evaluate_in_turn(
    outcomes: Outcomes, limit_points: float, alpha: float, chance: float, most: int
) -> CheckResult:
    """The result at the look at which these outcomes would have stopped a probe's own check.

    ``most`` is how many cases may be asked. What was asked beyond that look, for the sake of
    another check, takes no part: a verdict does not depend on what else is selected.
    """
    looks = own_looks(outcomes, most)
    stopped = next(
        (
            i
            for i in range(len(looks))
            if is_settled(looks[: i + 1], limit_points, alpha, chance, most)
        ),
        len(looks),
    )
    return evaluate_looks(looks[: stopped + 1], limit_points, alpha, chance)


def is_enough(
    outcomes: Outcomes, limit_points: float, alpha: float, chance: float, most: int
) -> bool:
    """Whether a probe's own check may stop after these outcomes."""
    return is_settled(own_looks(outcomes, most), limit_points, alpha, chance, most)


def own_looks(outcomes: Compared, most: int) -> list[Paired]:
    """The counts of one probe at every look, the last being at all its outcomes so far."""
    ends = [end for end in looks_up_to(most) if end < len(outcomes)]
    return [count_pairs(pair for pair in outcomes[:end] if pair) for end in [*ends, len(outcomes)]]


def is_settled(
    looks: Sequence[Paired], limit_points: float, alpha: float, chance: float, most: int
) -> bool:
    """Whether a check may stop: it has a verdict, or ``most`` cases will hardly bring one."""
    if not looks or not looks[-1].n:
        return False
    limit, now = limit_points / 100, looks[-1]
    if any(_is_beyond(look.b, look.c, look.n, limit, alpha) for look in looks):
        return True
    # For a pass to mean something, the reference must do better than the limit allows to lose.
    low, high = (share - chance for share in _plausible(now.reference_correct, 0, now.n))
    if any(refutes(look.b, look.c, look.n, limit, alpha) for look in looks):
        return not low <= limit < high
    total = max(most, now.n)
    least, greatest = ((total - now.n) * max(0.0, drop) for drop in _plausible(now.b, now.c, now.n))
    may_pass = high > limit and refutes(now.b + least, now.c, total, limit, alpha)
    return not (may_pass or _is_beyond(now.b + greatest, now.c, total, limit, alpha))


def _is_beyond(b: float, c: float, n: float, limit: float, alpha: float) -> bool:
    return refutes(c, b, n, -limit, alpha)


def screen(right: int, n: int, chance: float, most: int, *, last: bool = False) -> str | None:
    """What is known of the reference after a look: "" if it does better than guessing.

    A sentence that says why it is not worth asking further, or ``None`` while that is open, which
    it is not after the ``last`` case. The alpha of `guessing` is shared by the looks.
    """
    alpha = ABOVE_CHANCE_ALPHA / len(looks_up_to(most))
    reason = guessing(right, n, chance, alpha)
    if reason is None:
        return ""
    left = 0 if last or not right else most - n
    # As many right answers as the rest may bring.
    best = right + math.floor(left * _plausible(right, 0, n)[1])
    return reason if guessing(best, n + left, chance, alpha) else None


def _plausible(b: int, c: int, n: int) -> tuple[float, float]:
    return tango_bounds(b, c, n, _DOUBT)
