"""Do the error rates hold that the gate promises? Known truths, exact where that is possible."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import multinomial

from pytest_quant.gate.budget import Budget, Scope
from pytest_quant.gate.statistics import (
    cases_to_decide,
    detectable_drop,
    failing_drop,
    mcnemar_p,
    tango_bounds,
)

Counts = npt.NDArray[np.int64]
FLIP_RATES = (0.04, 0.08, 0.12, 0.16, 0.20, 0.24, 0.28)

bounds_of = cache(tango_bounds)
mcnemar_of = cache(mcnemar_p)


def rates(flip_rate: float, drop: float) -> tuple[float, float, float]:
    lost, won = (flip_rate + drop) / 2, (flip_rate - drop) / 2
    return lost, won, 1 - lost - won


def share(b: Counts, c: Counts, n: int, alpha: float, limit: float, side: str) -> float:
    """The share of samples whose lower bound is above, or upper bound at most, the limit."""
    pairs, repeats = np.unique(np.stack([b, c]), axis=1, return_counts=True)
    hits = 0
    for (lost, won), count in zip(pairs.T.tolist(), repeats.tolist(), strict=True):
        lower, upper = bounds_of(lost, won, n, alpha)
        hits += count * (lower > limit if side == "fail" else upper <= limit)
    return float(hits) / b.size


def miss_rates(n: int, alpha: float, flip_rate: float, drop: float) -> tuple[float, float]:
    """Exact chances that the lower bound is above, and the upper below, the true drop."""
    grid = np.arange(n + 1)
    b, c = (axis.ravel() for axis in np.meshgrid(grid, grid, indexing="ij"))
    b, c = b[b + c <= n], c[b + c <= n]
    chances = multinomial.pmf(np.stack([b, c, n - b - c], axis=1), n, rates(flip_rate, drop))
    kept = chances > 1e-9
    bounds = np.array(
        [
            bounds_of(*pair, n, alpha)
            for pair in zip(b[kept].tolist(), c[kept].tolist(), strict=True)
        ]
    )
    return (
        float(chances[kept][bounds[:, 0] > drop].sum()),
        float(chances[kept][bounds[:, 1] < drop].sum()),
    )


@pytest.mark.parametrize(
    ("n", "mixed_at_most", "one_way_at_most"),
    [(32, 0.076, 0.089), (64, 0.076, 0.092), (256, 0.062, 0.062)],
)
def test_bounds_miss_the_truth_about_as_often_as_alpha_says(
    n: int, mixed_at_most: float, one_way_at_most: float
) -> None:
    """Worst where nearly all flips go one way; the exact figures are quoted in the docs."""
    misses = {
        (flip_rate, part): miss_rates(n, 0.05, flip_rate, part * flip_rate)
        for flip_rate in FLIP_RATES
        for part in (0.0, 0.25, 0.5, 0.75, 1.0)
    }
    mixed = [miss for (_, part), pair in misses.items() if part <= 0.5 for miss in pair]
    assert max(mixed) < mixed_at_most
    assert max(max(pair) for pair in misses.values()) < one_way_at_most
    assert 0.03 < np.mean(mixed) < 0.055


@pytest.mark.parametrize("checks", [20, 60, 300])
@pytest.mark.parametrize("n", [32, 64])
def test_small_alphas_are_kept_when_nothing_is_lost(n: int, checks: int) -> None:
    """The normal quantile is far out in the tail here; the bounds must err on the safe side."""
    alpha = Budget(0.05, pooled=1, category=1, probe=checks).alpha_for("probe")
    for flip_rate in FLIP_RATES:
        assert miss_rates(n, alpha, flip_rate, 0.0)[0] <= alpha


class TestSession:
    """Twenty probes of 32 cases in ten categories at three levels, a thousand times."""

    SESSIONS, PROBES, CATEGORIES, LEVELS, CASES = 1000, 20, 10, 3, 32
    BUDGET = Budget(0.05, pooled=3, category=30, probe=60)

    def alarms(self, flip_rate: float, drop: float, limit: float, *, budgeted: bool) -> float:
        shape = (self.SESSIONS, self.LEVELS, self.CATEGORIES, self.PROBES // self.CATEGORIES)
        generator = np.random.default_rng(20260)
        probe = generator.multinomial(self.CASES, rates(flip_rate, drop), size=shape)[..., :2]
        category = probe.sum(axis=3)
        pooled = category.sum(axis=2)
        alarmed = np.zeros(self.SESSIONS, dtype=bool)
        scopes: list[tuple[Scope, Counts, int]] = [
            ("pooled", pooled, self.PROBES),
            ("category", category, self.PROBES // self.CATEGORIES),
            ("probe", probe, 1),
        ]
        for scope, counts, probes in scopes:
            alpha = self.BUDGET.alpha_for(scope) if budgeted else 0.05
            flat = counts.reshape(self.SESSIONS, -1, 2)
            pairs, where = np.unique(flat.reshape(-1, 2), axis=0, return_inverse=True)
            fails = np.array(
                [bounds_of(b, c, probes * self.CASES, alpha)[0] > limit for b, c in pairs.tolist()]
            )
            alarmed |= fails[where.reshape(flat.shape[:2])].any(axis=1)
        return float(alarmed.mean())

    @pytest.mark.parametrize("flip_rate", [0.028, 0.10])
    def test_false_alarms_stay_within_the_budget_at_no_drop(self, flip_rate: float) -> None:
        """The limit is the truth itself, the hardest case for a false alarm."""
        assert 0.005 < self.alarms(flip_rate, 0.0, 0.0, budgeted=True) <= 0.05

    @pytest.mark.parametrize("flip_rate", [0.05, 0.15])
    def test_false_alarms_stay_within_the_budget_at_the_limit(self, flip_rate: float) -> None:
        assert 0.005 < self.alarms(flip_rate, 0.05, 0.05, budgeted=True) <= 0.05

    def test_without_the_budget_most_sessions_would_alarm(self) -> None:
        assert self.alarms(0.10, 0.0, 0.0, budgeted=False) > 0.7

    def test_nothing_lost_never_fails_a_limit_of_the_tables(self) -> None:
        assert self.alarms(0.10, 0.0, 0.03, budgeted=True) < 0.001


def draws(n: int, flip_rate: float, drop: float, size: int = 2000) -> tuple[Counts, Counts]:
    sample = np.random.default_rng(7).multinomial(n, rates(flip_rate, drop), size=size)
    return sample[:, 0], sample[:, 1]


@pytest.mark.parametrize(("flip_rate", "n"), [(0.05, 1000), (0.10, 640), (0.20, 4096)])
def test_pooled_power_is_what_the_planning_formula_says(flip_rate: float, n: int) -> None:
    drop = detectable_drop(flip_rate, n, 0.05)
    assert 0.77 < share(*draws(n, flip_rate, drop), n, 0.05, 0.0, "fail") < 0.85


@pytest.mark.parametrize("limit", [0.005, 0.05, 0.25])
@pytest.mark.parametrize(("n", "alpha"), [(64, 0.05), (256, 0.0002), (640, 0.008)])
def test_a_failing_drop_fails_at_least_eight_times_in_ten(
    n: int, alpha: float, limit: float
) -> None:
    drop = failing_drop(0.1, n, limit, alpha)
    assert drop is not None
    flips = max(0.1, drop)
    assert share(*draws(n, flips, drop), n, alpha, limit, "fail") > 0.78
    smaller = limit + (drop - limit) / 2
    assert share(*draws(n, max(0.1, smaller), smaller), n, alpha, limit, "fail") < 0.6


@pytest.mark.parametrize(
    ("b", "c", "n", "limit", "side"),
    [(4, 2, 32, 0.20, "pass"), (3, 3, 64, 0.05, "pass"), (12, 2, 64, 0.05, "fail")],
)
def test_the_cases_asked_for_decide_eight_times_in_ten(
    b: int, c: int, n: int, limit: float, side: str
) -> None:
    alpha = 0.001
    cases = cases_to_decide(b, c, n, limit, alpha)
    assert cases is not None
    sample = draws(cases, (b + c) / n, (b - c) / n)
    assert 0.75 < share(*sample, cases, alpha, limit, side) < 0.88
    fewer = cases // 3
    sample = draws(fewer, (b + c) / n, (b - c) / n)
    assert share(*sample, fewer, alpha, limit, side) < 0.5


@pytest.mark.parametrize("n", [32, 256])
def test_mcnemar_never_exceeds_its_alpha(n: int) -> None:
    for flip_rate in FLIP_RATES:
        b, c = (counts.tolist() for counts in draws(n, flip_rate, 0.0))
        alarms = [mcnemar_of(lost, won) <= 0.01 for lost, won in zip(b, c, strict=True)]
        assert np.mean(alarms) < 0.01 + 3 * (0.01 / len(alarms)) ** 0.5


@pytest.mark.parametrize("limit", [0.03, 0.05, 0.1])
@pytest.mark.parametrize("n", [64, 103])
def test_a_category_at_its_limit_passes_about_alpha_of_the_time_exactly(
    limit: float, n: int
) -> None:
    """A level passes only if this one does, too: so this bounds the wrong passes of a session."""
    chances = []
    for won in (0.0, 0.01, 0.03, 0.08):
        grid = np.arange(n // 2)
        b, c = (axis.ravel() for axis in np.meshgrid(grid, grid, indexing="ij"))
        truth = (won + limit, won, 1 - limit - 2 * won)
        weights = multinomial.pmf(np.stack([b, c, n - b - c], axis=1), n, truth)
        likely = weights > 1e-7
        passed = [
            bounds_of(*pair, n, 0.05)[1] <= limit
            for pair in zip(b[likely].tolist(), c[likely].tolist(), strict=True)
        ]
        chances.append(float(weights[likely][passed].sum()))
    assert max(chances) <= 0.055
