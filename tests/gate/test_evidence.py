"""Bounds that hold at every moment: exact values, and what is promised of them, simulated."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_quant.gate.budget import Budget, Scope
from pytest_quant.gate.evidence import (
    _CAPITAL,
    _factors,
    cases_to_settle,
    failing_drop_in_turn,
    lasting_bounds,
)
from pytest_quant.gate.sequential import looks_up_to
from pytest_quant.gate.statistics import tango_bounds

Counts = npt.NDArray[np.int_]
SAMPLES = 5_000

bounds_of = cache(lasting_bounds)


class TestBounds:
    def test_without_a_case(self) -> None:
        assert lasting_bounds(0, 0, 0, 0.05) == (-1, 1)

    @pytest.mark.parametrize("counts", [(-1, 0, 4), (3, 2, 4)])
    def test_impossible_counts_are_refused(self, counts: tuple[int, int, int]) -> None:
        with pytest.raises(ValueError, match="impossible counts"):
            lasting_bounds(*counts, 0.05)

    @pytest.mark.parametrize("alpha", [0.0, 0.5])
    def test_impossible_alphas_are_refused(self, alpha: float) -> None:
        with pytest.raises(ValueError, match="alpha must lie in"):
            lasting_bounds(1, 1, 4, alpha)

    @pytest.mark.parametrize("alpha", [0.05, 1e-5])
    def test_a_lone_stake_gives_the_bound_in_closed_form(self, alpha: float) -> None:
        """Without a flip the greatest stake, 0.4 of the capital, gains ``1 / (1 - D)`` a case."""
        upper = lasting_bounds(0, 0, 300, alpha)[1]
        alone = 1 - (0.4 * alpha) ** (1 / 300)
        assert upper < alone
        assert upper == pytest.approx(alone, rel=0.08)

    def test_extremes(self) -> None:
        assert lasting_bounds(50, 0, 50, 0.05)[1] == 1
        assert lasting_bounds(0, 50, 50, 0.05)[0] == -1
        assert lasting_bounds(50, 0, 50, 0.05)[0] > 0.5

    @settings(deadline=None)
    @given(st.data(), st.integers(1, 2000), st.floats(1e-7, 0.4))
    def test_shape(self, data: st.DataObject, n: int, alpha: float) -> None:
        b = data.draw(st.integers(0, n))
        c = data.draw(st.integers(0, n - b))
        lower, upper = lasting_bounds(b, c, n, alpha)
        assert -1 <= lower <= (b - c) / n <= upper <= 1
        assert lasting_bounds(c, b, n, alpha) == pytest.approx((-upper, -lower), abs=1e-9)
        wider = lasting_bounds(b, c, n, alpha / 2)
        assert wider[0] <= lower + 1e-9
        assert wider[1] >= upper - 1e-9
        if b + c < n:
            worse = lasting_bounds(b + 1, c, n, alpha)
            assert worse[0] >= lower - 1e-9
            assert worse[1] >= upper - 1e-9

    def test_a_bet_that_cannot_win_on_average(self) -> None:
        """The heart of the proof, in exact numbers: at the bound the capital's mean is 1 or less.

        After ``n`` cases whose drops are ``d_i``, of one probe or of many, with mean ``D``.
        """
        assert math.fsum(_CAPITAL) == pytest.approx(1)
        drops = np.array([0.0, 0.3, 0.01, 0.09, -0.05, 0.4])
        limit = float(drops.mean())
        for flips in (0.4, 0.7):
            lost, won = (flips + drops) / 2, (flips - drops) / 2
            mean = 0.0
            for capital, (a_loss, a_win, same) in zip(_CAPITAL, _factors(limit), strict=True):
                assert min(a_loss, a_win, same) >= 0
                mean += capital * float(np.prod(lost * a_loss + won * a_win + (1 - flips) * same))
            assert 0.5 < mean <= 1


def refuted(b: Counts, c: Counts, n: int, drop: float, alpha: float) -> npt.NDArray[np.bool_]:
    """Whether "the drop is ``drop`` or more" is refuted: the upper bound is below it.

    For many samples at once, from what the bounds are made of.
    """
    made = np.zeros(b.shape)
    for capital, (lost, won, same) in zip(_CAPITAL, _factors(drop), strict=True):
        made += capital * lost**b * won**c * same ** (n - b - c)
    return made >= 1 / alpha


def ever_missed(flips: float, drop: float, alpha: float, *, probes: int = 1) -> tuple[float, float]:
    """How often a lower bound was above the truth, and an upper below, at any of the looks."""
    generator = np.random.default_rng(2026)
    spread = np.linspace(-0.04, 0.04, probes) if probes > 1 else np.zeros(1)
    b, c = np.zeros(SAMPLES, dtype=int), np.zeros(SAMPLES, dtype=int)
    above, below = np.zeros(SAMPLES, dtype=bool), np.zeros(SAMPLES, dtype=bool)
    before = 0
    for look in looks_up_to(512):
        for one in drop + spread:
            rates = ((flips + one) / 2, (flips - one) / 2, 1 - flips)
            sample = generator.multinomial(look - before, rates, size=SAMPLES)
            b, c = b + sample[:, 0], c + sample[:, 1]
        above |= refuted(c, b, look * probes, -drop, alpha)
        below |= refuted(b, c, look * probes, drop, alpha)
        before = look
    return float(above.mean()), float(below.mean())


@pytest.mark.parametrize(("b", "c", "n"), [(0, 0, 64), (6, 1, 128), (30, 40, 512)])
def test_refuted_is_what_lies_beyond_a_bound(b: int, c: int, n: int) -> None:
    upper = lasting_bounds(b, c, n, 0.01)[1]
    one = [np.array([count]) for count in (b, c)]
    assert refuted(*one, n, upper + 1e-6, 0.01).all()
    assert not refuted(*one, n, upper - 1e-6, 0.01).any()


@pytest.mark.parametrize(
    ("flips", "drop"), [(0.03, 0.0), (0.10, 0.0), (0.05, 0.05), (0.10, 0.05), (0.3, 0.25)]
)
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_looking_again_and_again_costs_nothing(flips: float, drop: float, alpha: float) -> None:
    error = 3 * math.sqrt(alpha / SAMPLES)
    assert max(ever_missed(flips, drop, alpha)) <= alpha + error


@pytest.mark.parametrize(("flips", "drop"), [(0.10, 0.0), (0.15, 0.05)])
def test_nor_over_probes_that_lose_unequally(flips: float, drop: float) -> None:
    assert max(ever_missed(flips, drop, 0.05, probes=5)) <= 0.05


@pytest.mark.parametrize(("flips", "limit"), [(0.05, 0.0), (0.05, 0.05), (0.15, 0.05)])
@pytest.mark.parametrize("wrong", ["fail", "pass"])
def test_a_session_is_wrong_no_more_often_than_its_budget(
    flips: float, limit: float, wrong: str
) -> None:
    """Every level is at its limit; every check looks 17 times, and whatever stops it counts."""
    sessions, levels, categories, probes = 1000, 2, 5, 3
    budget = Budget(0.05, pooled=levels, category=levels * categories, probe=levels * 15)
    generator = np.random.default_rng(11)
    counts = np.zeros((sessions, levels, categories, probes, 2), dtype=int)
    alarmed = np.zeros(sessions, dtype=bool)
    rates, before = ((flips + limit) / 2, (flips - limit) / 2, 1 - flips), 0
    for look in looks_up_to(512):
        counts += generator.multinomial(look - before, rates, size=counts.shape[:-1])[..., :2]
        category = counts.sum(axis=3)
        scopes: list[tuple[Scope, Counts, int]] = [
            ("probe", counts, 1),
            ("category", category, probes),
            ("pooled", category.sum(axis=2), probes * categories),
        ]
        for scope, found, parts in scopes:
            b, c = found[..., 0], found[..., 1]
            if wrong == "fail":
                b, c = c, b
            drop = -limit if wrong == "fail" else limit
            hit = refuted(b, c, look * parts, drop, budget.alpha_for(scope))
            alarmed |= hit.reshape(sessions, -1).any(axis=1)
        before = look
    assert alarmed.mean() <= 0.05


def test_bounds_for_a_settled_number_of_cases_would_not_bear_it() -> None:
    """The reason for this module."""
    generator = np.random.default_rng(1)
    before = 0
    counts, missed = np.zeros((SAMPLES, 2), dtype=int), np.zeros(SAMPLES, dtype=bool)
    for look in (8, 32, 64, 128, 256, 512):
        counts += generator.multinomial(look - before, (0.05, 0.05, 0.9), size=SAMPLES)[:, :2]
        pairs, where = np.unique(counts, axis=0, return_inverse=True)
        lower = np.array([tango_bounds(b, c, look, 0.05)[0] for b, c in pairs.tolist()])
        missed |= lower[where.ravel()] > 0
        before = look
    assert missed.mean() > 0.12


@pytest.mark.parametrize("limit", [0.03, 0.05, 0.10, 0.25])
def test_what_never_flips_passes_sooner_than_at_a_settled_number(limit: float) -> None:
    """At the alpha of a probe among many: the score bound is cautious far out in the tail."""
    alpha = 1e-5

    cases = cases_to_settle(0, 0, 64, limit, alpha)
    assert cases is not None
    assert (
        lasting_bounds(0, 0, cases, alpha)[1] <= limit < lasting_bounds(0, 0, cases - 5, alpha)[1]
    )
    assert tango_bounds(0, 0, round(1.2 * cases), alpha)[1] > limit


def draws(n: int, lost: float, won: float, size: int = 2000) -> list[tuple[int, int]]:
    sample = np.random.default_rng(3).multinomial(n, (lost, won, 1 - lost - won), size=size)
    return [(b, c) for b, c, _ in sample.tolist()]


class TestForecasts:
    @pytest.mark.parametrize(
        ("b", "c", "n", "limit"), [(4, 2, 128, 0.1), (30, 10, 512, 0.1), (16, 2, 64, 0.05)]
    )
    def test_the_cases_asked_for_settle_about_eight_times_in_ten(
        self, b: int, c: int, n: int, limit: float
    ) -> None:
        alpha = 0.001
        cases = cases_to_settle(b, c, n, limit, alpha)
        assert cases is not None
        found = [bounds_of(*counts, cases, alpha) for counts in draws(cases, b / n, c / n)]
        settled = [upper <= limit or lower > limit for lower, upper in found]
        assert 0.75 < np.mean(settled) < 0.92

    def test_nothing_settles_a_drop_at_the_limit(self) -> None:
        assert cases_to_settle(8, 0, 32, 0.25, 0.01) is None
        assert cases_to_settle(0, 0, 0, 0.25, 0.01) is None
        assert cases_to_settle(102, 0, 2000, 0.05, 1e-5) is None

    @pytest.mark.parametrize(("n", "alpha", "limit"), [(256, 0.001, 0.05), (512, 1e-5, 0.1)])
    def test_a_failing_drop_fails_about_eight_times_in_ten(
        self, n: int, alpha: float, limit: float
    ) -> None:
        drop = failing_drop_in_turn(0.1, n, limit, alpha)
        assert drop is not None
        flips = max(0.1, drop)
        found = draws(n, (flips + drop) / 2, (flips - drop) / 2)
        failed = [bounds_of(*counts, n, alpha)[0] > limit for counts in found]
        assert 0.75 < np.mean(failed) < 0.95

    def test_too_few_cases_see_nothing(self) -> None:
        assert failing_drop_in_turn(0.1, 8, 0.25, 1e-5) is None
        assert failing_drop_in_turn(0.0, 0, 0.25, 0.05) is None
