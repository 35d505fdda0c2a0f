from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom, norm

from pytest_quant.gate.statistics import (
    MOST_CASES,
    binomial_tail,
    cases_to_decide,
    detectable_drop,
    failing_drop,
    mcnemar_p,
    tango_bounds,
)


@pytest.mark.parametrize(
    ("n", "b", "c", "alpha", "lower", "upper"),
    [
        (44, 0, 1, 0.05, -9.57, 3.65),
        (32, 0, 0, 0.05, -7.80, 7.80),
        (32, 4, 0, 0.05, 3.73, 25.11),
        (32, 8, 1, 0.05, 7.58, 36.94),
        (64, 16, 2, 0.05, 12.08, 32.35),
        (500, 60, 20, 0.05, 5.16, 10.98),
        (2000, 40, 10, 0.05, 0.95, 2.13),
        (44, 0, 1, 0.025, -11.81, 5.94),
    ],
)
def test_tango_reference_values(
    n: int, b: int, c: int, alpha: float, lower: float, upper: float
) -> None:
    bounds = tango_bounds(b, c, n, alpha)
    assert [round(100 * bound, 2) for bound in bounds] == [lower, upper]


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [(4, 0, "0.0625"), (8, 1, "0.0195"), (16, 2, "0.000656"), (60, 20, "4.29e-06")],
)
def test_mcnemar_reference_values(b: int, c: int, p: str) -> None:
    assert f"{mcnemar_p(b, c):.3g}" == p


def test_mcnemar_near_and_below_half() -> None:
    assert round(mcnemar_p(15, 13), 3) == 0.425
    assert mcnemar_p(0, 0) == 1.0
    assert mcnemar_p(0, 7) == 1.0
    assert mcnemar_p(1, 4) == pytest.approx(1 - 0.5**5, abs=1e-15)


@pytest.mark.parametrize(
    ("flip_rate", "n", "points"),
    [
        (0.05, 100, "5.6"),
        (0.05, 250, "3.5"),
        (0.05, 1000, "1.8"),
        (0.05, 4096, "0.87"),
        (0.10, 100, "7.9"),
        (0.10, 250, "5.0"),
        (0.10, 1000, "2.5"),
        (0.10, 4096, "1.2"),
        (0.20, 100, "11.1"),
        (0.20, 250, "7.0"),
        (0.20, 1000, "3.5"),
        (0.20, 4096, "1.7"),
    ],
)
def test_planning_reference_values(flip_rate: float, n: int, points: str) -> None:
    decimals = len(points.partition(".")[2])
    assert f"{100 * detectable_drop(flip_rate, n, 0.05):.{decimals}f}" == points


class TestEdges:
    def test_no_case_says_nothing(self) -> None:
        assert tango_bounds(0, 0, 0, 0.05) == (-1.0, 1.0)
        assert failing_drop(0.1, 0, 0.05, 0.05) is None
        assert cases_to_decide(0, 0, 0, 0.05, 0.05) is None

    @pytest.mark.parametrize("n", [1, 10, 4096])
    def test_no_flip_has_a_closed_form(self, n: int) -> None:
        z = norm.isf(0.01)
        lower, upper = tango_bounds(0, 0, n, 0.01)
        assert upper == pytest.approx(z**2 / (n + z**2), abs=1e-10)
        assert lower == -upper

    @pytest.mark.parametrize("n", [1, 10, 4096])
    def test_total_loss_and_total_gain(self, n: int) -> None:
        lower, upper = tango_bounds(n, 0, n, 0.05)
        assert upper == 1.0
        assert -1 < lower < 1
        assert tango_bounds(0, n, n, 0.05) == (-1.0, -lower)

    @pytest.mark.parametrize(("b", "c", "n"), [(-1, 0, 5), (0, -1, 5), (3, 3, 5)])
    def test_impossible_counts(self, b: int, c: int, n: int) -> None:
        with pytest.raises(ValueError, match="impossible counts"):
            tango_bounds(b, c, n, 0.05)

    @pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, -0.1, math.nan])
    def test_impossible_alpha(self, alpha: float) -> None:
        with pytest.raises(ValueError, match="alpha must lie in"):
            tango_bounds(1, 0, 5, alpha)


@st.composite
def tables(draw: st.DrawFn, largest: int = 3000) -> tuple[int, int, int]:
    n = draw(st.integers(1, largest))
    b = draw(st.integers(0, n))
    return b, draw(st.integers(0, n - b)), n


alphas = st.floats(1e-7, 0.49)
SLACK = 1e-10


@settings(deadline=None)
@given(tables(), alphas)
def test_bounds_contain_the_estimate_and_swap_sign_with_the_levels(
    table: tuple[int, int, int], alpha: float
) -> None:
    b, c, n = table
    lower, upper = tango_bounds(b, c, n, alpha)
    assert -1 <= lower <= (b - c) / n <= upper <= 1
    assert tango_bounds(c, b, n, alpha) == (-upper, -lower)


@settings(deadline=None)
@given(tables(), alphas)
def test_one_more_loss_never_lowers_a_bound(table: tuple[int, int, int], alpha: float) -> None:
    b, c, n = table
    before, after = tango_bounds(b, c, n + 1, alpha), tango_bounds(b + 1, c, n + 1, alpha)
    assert after[0] >= before[0] - SLACK
    assert after[1] >= before[1] - SLACK


@settings(deadline=None)
@given(tables(largest=300), alphas, st.integers(2, 20))
def test_more_cases_at_the_same_rates_shrink_the_interval(
    table: tuple[int, int, int], alpha: float, times: int
) -> None:
    b, c, n = table
    few, many = tango_bounds(b, c, n, alpha), tango_bounds(times * b, times * c, times * n, alpha)
    assert few[0] - SLACK <= many[0]
    assert many[1] <= few[1] + SLACK
    assert many[1] - many[0] < few[1] - few[0]


@settings(deadline=None)
@given(tables(), alphas, alphas)
def test_a_larger_alpha_brings_the_bounds_closer(
    table: tuple[int, int, int], one: float, other: float
) -> None:
    b, c, n = table
    strict, lax = (tango_bounds(b, c, n, alpha) for alpha in sorted((one, other)))
    assert strict[0] <= lax[0] + SLACK
    assert strict[1] >= lax[1] - SLACK


@settings(deadline=None, max_examples=60)
@given(tables(largest=400), st.floats(1e-4, 0.2))
def test_the_score_statistic_at_the_lower_bound_is_the_quantile(
    table: tuple[int, int, int], alpha: float
) -> None:
    """With the nuisance parameter from a numerical maximum of the likelihood, not a formula."""
    b, c, n = table
    lower, _ = tango_bounds(b, c, n, alpha)
    if lower < -0.999:
        return

    def unlikelihood(won_back: float) -> float:
        cells = [(b, won_back + lower), (c, won_back), (n - b - c, 1 - 2 * won_back - lower)]
        return -sum(count * math.log(max(p, 1e-300)) for count, p in cells if count)

    low, high = max(0.0, -lower), (1 - lower) / 2
    best = minimize_scalar(
        unlikelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
    ).x
    variance = 2 * best + lower * (1 - lower)
    statistic = (b - c - n * lower) / math.sqrt(n * variance)
    assert statistic == pytest.approx(norm.isf(alpha), rel=2e-3)


@settings(deadline=None)
@given(st.integers(-2, 2500), st.integers(0, 2000), st.floats(0, 1))
def test_binomial_tail_agrees_with_scipy(k: int, n: int, p: float) -> None:
    assert binomial_tail(k, n, p) == pytest.approx(binom.sf(k - 1, n, p), rel=1e-8, abs=1e-11)


class TestCasesToDecide:
    def test_a_drop_at_the_limit_is_never_decided(self) -> None:
        assert cases_to_decide(8, 0, 32, 0.25, 0.05) is None

    def test_beyond_the_cap_it_does_not_pretend(self) -> None:
        assert cases_to_decide(501, 0, 10_000, 0.05, 0.05) is None
        assert (cases_to_decide(700, 0, 10_000, 0.05, 0.05) or math.inf) < MOST_CASES

    @settings(deadline=None)
    @given(tables(largest=500), st.floats(0.001, 0.9), st.floats(1e-6, 0.3))
    def test_an_undecided_sample_needs_more_than_it_has(
        self, table: tuple[int, int, int], limit: float, alpha: float
    ) -> None:
        b, c, n = table
        lower, upper = tango_bounds(b, c, n, alpha)
        cases = cases_to_decide(b, c, n, limit, alpha)
        if lower + SLACK < limit < upper - SLACK and cases is not None:
            assert cases > n

    @pytest.mark.parametrize("alpha", [0.05, 0.0002])
    def test_without_flips_it_is_the_closed_form(self, alpha: float) -> None:
        cases = cases_to_decide(0, 0, 8, 0.05, alpha)
        assert cases is not None
        assert tango_bounds(0, 0, cases, alpha)[1] <= 0.05
        assert tango_bounds(0, 0, cases - 1, alpha)[1] > 0.05


class TestFailingDrop:
    def test_is_beyond_the_limit_and_falls_with_n(self) -> None:
        drops = [failing_drop(0.1, n, 0.05, 0.01) for n in (32, 128, 512, 2048)]
        assert drops == sorted(drops, key=lambda drop: -(drop or 0))
        assert all(drop is not None and drop > 0.05 for drop in drops)

    def test_agrees_with_the_planning_formula_for_small_drops(self) -> None:
        exact, planned = failing_drop(0.2, 20_000, 0.0, 0.05), detectable_drop(0.2, 20_000, 0.05)
        assert exact == pytest.approx(planned, rel=0.01)

    def test_a_handful_of_cases_cannot_fail(self) -> None:
        assert failing_drop(0.0, 4, 0.25, 0.0002) is None
        assert tango_bounds(4, 0, 4, 0.0002)[0] <= 0.25
