"""When a check has seen enough: it looks at growing numbers of cases and stops at a verdict.

The bounds of `evidence` make that safe: they hold at all looks together, so neither the number of
looks nor the rule that ends them costs any of the check's alpha. The rule may then be chosen for
its thrift alone. It stops at a verdict, and where the cases that are left will not bring one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_quant.gate.evidence import (
    Tally,
    cases_to_settle,
    exchanged,
    failing_drop_in_turn,
    lasting_p_of,
    refutes,
    tallies_refute,
    upper_bound,
)
from pytest_quant.gate.statistics import tango_bounds
from pytest_quant.gate.tolerance_check import (
    ABOVE_CHANCE_ALPHA,
    Alphas,
    CheckResult,
    Paired,
    count_pairs,
    guessing,
    pool,
    tolerance_result,
)

Outcomes = Sequence[tuple[bool, bool]]


@dataclass(frozen=True, slots=True)
class Look:
    """What is there at one look: the counts, and the same by the weight of the cases."""

    counts: Paired
    tallies: tuple[Tally, ...]


def plain_look(counts: Paired) -> Look:
    """A look at cases that all weigh the same."""
    return Look(counts, ((1.0, counts.b, counts.c, counts.n),))


# The same, with ``None`` in the place of a case that cannot be compared.
Compared = Sequence[tuple[bool, bool] | None]

# The first look, as at a fixed number of cases: enough to see that the reference can do nothing.
FIRST_LOOK = 8

# What a forecast still reckons with, one-sided. It decides when to stop, and so what is spent,
# but no verdict.
_DOUBT = 0.05

# The rate of losses that a check in turn still reckons with is a one-sided bound at this alpha.
# It decides what is spent, no verdict: 48 cases of a probe that loses nothing, where a bound as
# cautious as that of `_DOUBT` would take 80 and find hardly more.
_SUSPICION = 0.1


def looks_up_to(most: int) -> tuple[int, ...]:
    """After how many cases a check looks: 8, 16, 24, 32, ..., at last ``most``.

    Each time it is at least 8 more and, from 64 on, an eighth to a quarter more. They are the
    same whatever ``most`` is, but for the last one, so that answers are found again.
    """
    looks: list[int] = []
    next_look = FIRST_LOOK
    while next_look < most:
        looks.append(next_look)
        next_look += max(FIRST_LOOK, (1 << next_look.bit_length()) // 8)
    return (*looks, most)


def evaluate_looks(
    looks: Sequence[Look], limit_points: float, alphas: Alphas, chance: float = 0.0
) -> CheckResult:
    """Hold the drop against a limit, as `evaluate_tolerance` does, after one or several looks.

    ``looks`` are the counts at each, the later ones including the earlier ones. All their bounds
    hold together, so the tightest count, and a verdict once reached stays.
    """
    counts = looks[-1].counts if looks else pool([])
    limit = limit_points / 100
    rate = (counts.b + counts.c) / counts.n if counts.n else 0.0
    lower, _ = bounds_over(looks, alphas.to_fail)
    _, upper = bounds_over(looks, alphas.to_pass)
    alpha = alphas.towards(counts, limit)
    return tolerance_result(
        counts,
        (lower, upper),
        limit_points,
        alphas,
        chance,
        p=p_over(looks),
        detectable=failing_drop_in_turn(rate, counts.n, limit, alphas.to_fail),
        needed=cases_to_settle(counts.b, counts.c, counts.n, limit, alpha),
        looks=len(looks),
    )


def bounds_over(looks: Iterable[Look], alpha: float) -> tuple[float, float]:
    """The tightest of the lasting bounds at several looks, which hold together."""
    lower, upper = -1.0, 1.0
    for look in looks:
        low, high = -upper_bound(exchanged(look.tallies), alpha), upper_bound(look.tallies, alpha)
        # They can only cross where one of them has missed the truth; then the first ones stand.
        if max(lower, low) <= min(upper, high):
            lower, upper = max(lower, low), min(upper, high)
    return lower, upper


def p_over(looks: Iterable[Look]) -> float:
    """The least of the p-values at several looks, which hold together."""
    return min((lasting_p_of(look.tallies) for look in looks), default=1.0)


@dataclass(frozen=True, slots=True)
class Member:
    """One of the probes of a group: its outcomes so far, and how many there may be in all."""

    outcomes: Compared
    size: int


def common_looks(members: Sequence[Member]) -> list[Look]:
    """The counts over several probes at every look that all of them have reached.

    The looks are those of the largest. Each probe takes part with the same share of its ``size`` at
    every look, so that its weight in the mean is constant and depends on no outcome; what rounding
    does to the shares, the weights of the cases undo. Where a probe is so small that a look would
    bring nothing new of it, or nothing more until the last, that look is left out.
    """
    members = [member for member in members if member.size]
    looks: list[Look] = []
    if not members:
        return looks
    most = max(member.size for member in members)
    pairs: list[tuple[bool, bool]] = []
    tallies: defaultdict[float, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    before, starts = 0, [0] * len(members)
    for look, ends in _balanced([member.size for member in members]):
        if any(len(m.outcomes) < end for m, end in zip(members, ends, strict=True)):
            break
        fresh = [
            [pair for pair in member.outcomes[start:end] if pair]
            for member, start, end in zip(members, starts, ends, strict=True)
        ]
        shares = [
            member.size * (look - before) / most / len(part) if part else 0.0
            for member, part in zip(members, fresh, strict=True)
        ]
        for share, part in zip(shares, fresh, strict=True):
            weight = round(share / max(shares), 12) if part else 0.0
            for i, count in enumerate(_tally(part)):
                tallies[weight][i] += count
        pairs += [pair for part in fresh for pair in part]
        before, starts = look, ends
        weighed = tuple((w, b, c, n) for w, (b, c, n) in sorted(tallies.items()) if n)
        looks.append(Look(count_pairs(pairs), weighed))
    return looks


def _balanced(sizes: Sequence[int]) -> list[tuple[int, list[int]]]:
    """The looks of the largest at which each of these brings a case more than at the one before.

    Each comes with how many cases of each take part then; the last is that at all of them.
    """
    most, found = max(sizes), list[tuple[int, list[int]]]()
    for look in reversed(looks_up_to(most)):
        ends = [math.ceil(size * look / most) for size in sizes]
        if not found or all(end < later for end, later in zip(ends, found[-1][1], strict=True)):
            found.append((look, ends))
    return found[::-1]


def _tally(pairs: Outcomes) -> tuple[int, int, int]:
    counts = count_pairs(pairs)
    return counts.b, counts.c, counts.n


def own_looks(outcomes: Compared, most: int) -> list[Look]:
    """The counts of one probe at every look, the last being at all its outcomes so far."""
    ends = [end for end in looks_up_to(most) if end < len(outcomes)]
    return [
        plain_look(count_pairs(pair for pair in outcomes[:end] if pair))
        for end in [*ends, len(outcomes)]
    ]


def is_settled(
    looks: Sequence[Look], limit_points: float, alphas: Alphas, chance: float, most: int
) -> bool:
    """Whether a check may stop: it has a verdict, or ``most`` cases will hardly bring one."""
    if not looks or not looks[-1].counts.n:
        return False
    limit, now = limit_points / 100, looks[-1].counts
    if any(is_beyond(look, limit, alphas.to_fail) for look in looks):
        return True
    # For a pass to mean something, the reference must do better than the limit allows to lose.
    low, high = (share - chance for share in _plausible(now.reference_correct, 0, now.n))
    if any(tallies_refute(look.tallies, limit, alphas.to_pass) for look in looks):
        return not low <= limit < high
    total = max(most, now.n)
    least, greatest = ((total - now.n) * max(0.0, drop) for drop in _plausible(now.b, now.c, now.n))
    may_pass = high > limit and refutes(now.b + least, now.c, total, limit, alphas.to_pass)
    return not (may_pass or refutes(now.c, now.b + greatest, total, -limit, alphas.to_fail))


def is_beyond(look: Look, limit: float, alpha: float) -> bool:
    """Whether the drop is shown to be above a limit, which is a proportion."""
    return tallies_refute(exchanged(look.tallies), -limit, alpha)


def is_regression_settled(
    looks: Sequence[Look], least_points: float, alpha: float, most: int
) -> bool:
    """Whether a check in turn may stop, of which ``most`` cases can be compared at all.

    It has a verdict, or will hardly fail: not even if what is left were lost at the greatest rate
    that is likely. It never asks for more in order to pass: that takes a thousand cases
    of which none flips, and only a failure decides about a level.
    """
    if not looks or not looks[-1].counts.n or looks[-1].counts.n >= most:
        return True
    least, now = least_points / 100, looks[-1].counts
    worse = any(is_beyond(look, 0.0, alpha) for look in looks)
    if worse and now.b - now.c > least * now.n:
        return True
    if any(tallies_refute(look.tallies, least, alpha) for look in looks):
        return True
    rate = tango_bounds(now.b, now.c, now.n, _SUSPICION)[1]
    lost = now.b + (most - now.n) * max(0.0, rate)
    significant = worse or refutes(now.c, lost, most, 0.0, alpha)
    return not (significant and lost - now.c > least * most)


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
