"""A level that got worse than its record fails, one that only flips does not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gate.baselines import compared

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.counting import Settled
from pytest_quant.gate.regression import (
    DEFAULT_DROP,
    evaluate_regression,
    explain_regression,
    probe_regression,
    regression_checks,
)
from pytest_quant.gate.statistics import mcnemar_drop, mcnemar_p, tango_bounds
from pytest_quant.gate.tolerance_check import Paired


def paired(b: int, c: int, n: int) -> Paired:
    return Paired(b, c, n, n - c, n - b)


@pytest.mark.parametrize(
    ("b", "c", "n", "alpha", "p", "verdict"),
    [
        (4, 0, 32, 0.05, "0.0625", "inconclusive"),
        (4, 0, 32, 0.07, "0.0625", "fail"),
        (8, 1, 32, 0.02, "0.0195", "fail"),
        (8, 1, 32, 0.019, "0.0195", "inconclusive"),
        (16, 2, 64, 0.001, "0.000656", "fail"),
        (60, 20, 500, 0.00001, "4.29e-06", "fail"),
        (15, 13, 500, 0.05, "0.425", "inconclusive"),
        # Significant, but 0.4 points: not worth failing for, nor shown to be no more.
        (60, 20, 10_000, 0.05, "4.29e-06", "inconclusive"),
        (60, 20, 20_000, 0.05, "4.29e-06", "pass"),
        (0, 0, 100, 0.05, "1", "inconclusive"),
        (0, 0, 600, 0.05, "1", "pass"),
        (2, 30, 400, 0.05, "1", "pass"),
    ],
)
def test_verdicts(b: int, c: int, n: int, alpha: float, p: str, verdict: str) -> None:
    result = evaluate_regression(paired(b, c, n), DEFAULT_DROP, alpha)
    assert f"{result.p:.3g}" == p
    assert result.verdict == verdict
    assert result.drop == pytest.approx(100 * (b - c) / n)


COUNTS = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 600)).map(
    lambda bcn: paired(bcn[0], bcn[1], bcn[0] + bcn[1] + bcn[2])
)


@settings(deadline=None)
@given(COUNTS, st.floats(0, 20), st.floats(1e-6, 0.4))
def test_a_verdict_is_what_its_own_numbers_say(counts: Paired, least: float, alpha: float) -> None:
    result = evaluate_regression(counts, least, alpha)
    lower, upper = tango_bounds(counts.b, counts.c, counts.n, alpha)
    assert (result.lower, result.upper) == (100 * lower, 100 * upper)
    worse = mcnemar_p(counts.b, counts.c) <= alpha and counts.b - counts.c > least / 100 * counts.n
    assert (result.verdict == "fail") == worse
    if not worse:
        assert (result.verdict == "pass") == (upper <= least / 100)
    assert (result.cases_needed is not None) <= (result.verdict == "inconclusive")


def test_without_a_case_there_is_no_check() -> None:
    with pytest.raises(ValueError, match="no case is both recorded and answered"):
        evaluate_regression(paired(0, 0, 0), DEFAULT_DROP, 0.05)
    assert probe_regression(compared("--", "11"), 0.5, 0.01, Settled()) is None


def share_failed(n: int, alpha: float, flip_rate: float, drop: float) -> float:
    """Of 2000 samples with this truth."""
    lost, won = (flip_rate + drop) / 2, (flip_rate - drop) / 2
    sample = np.random.default_rng(5).multinomial(n, (lost, won, 1 - lost - won), size=2000)
    pairs, repeats = np.unique(sample[:, :2], axis=0, return_counts=True)
    # The rule of `evaluate_regression` alone, which the property above holds it to.
    failed = [
        mcnemar_p(b, c) <= alpha and b - c > DEFAULT_DROP / 100 * n for b, c in pairs.tolist()
    ]
    return float(repeats[failed].sum() / 2000)


@pytest.mark.parametrize("flip_rate", [0.028, 0.1, 0.2])
@pytest.mark.parametrize(("n", "alpha"), [(32, 0.05), (320, 0.01), (6400, 0.00625)])
def test_a_change_that_loses_nothing_fails_no_more_often_than_alpha(
    n: int, alpha: float, flip_rate: float
) -> None:
    assert share_failed(n, alpha, flip_rate, 0.0) <= alpha + 3 * math.sqrt(alpha / 2000)


@pytest.mark.parametrize("flip_rate", [0.0, 0.05, 0.2])
@pytest.mark.parametrize(("n", "alpha"), [(32, 0.05), (320, 0.001), (6400, 0.00625)])
def test_the_detectable_drop_fails_eight_times_in_ten(
    n: int, alpha: float, flip_rate: float
) -> None:
    drop = mcnemar_drop(flip_rate, n, DEFAULT_DROP / 100, alpha)
    assert drop is not None
    assert drop > DEFAULT_DROP / 100
    assert share_failed(n, alpha, max(flip_rate, drop), drop) > 0.75
    assert share_failed(n, alpha, max(flip_rate, drop / 2), drop / 2) < 0.65


def test_a_sample_too_small_for_any_loss_says_so() -> None:
    assert mcnemar_drop(0.0, 4, 0.005, 0.05) is None
    assert mcnemar_drop(0.0, 5, 0.005, 0.05) == pytest.approx(0.9, abs=0.1)
    result = evaluate_regression(paired(4, 0, 4), DEFAULT_DROP, 0.05)
    assert "no drop that is possible here would fail 8 times in 10" in explain_regression(result)


def test_checks_over_all_probes_by_category_and_by_probe() -> None:
    found = [
        compared("1111", "1aa1", probe="sums"),
        compared("111-", "1b1b", probe="products"),
        compared("--", "11", probe="new"),
        compared("10", "11", probe="opposite", category="world_knowledge"),
    ]
    budget = Budget(0.05, 2, 4, 8)
    checks = regression_checks(found, DEFAULT_DROP, budget, Settled())
    assert {check.kind for check in checks} == {"regression"}
    counts = {check.name: (check.result.counts.b, check.result.counts.c) for check in checks}
    assert counts == {
        "overall-regression": (3, 1),
        "numerical_reasoning-regression": (3, 0),
        "world_knowledge-regression": (0, 1),
        "probes/numerical_reasoning.yaml::sums[q4]-regression": (2, 0),
        "probes/numerical_reasoning.yaml::products[q4]-regression": (1, 0),
        "probes/world_knowledge.yaml::opposite[q4]-regression": (0, 1),
    }
    for check in checks:
        assert check.result.alpha == budget.alpha_for(check.scope)
        assert check.result.verdict == "inconclusive"


def test_the_explanation_holds_every_number() -> None:
    result = evaluate_regression(paired(61, 14, 960), DEFAULT_DROP, 0.0021)
    first, second = explain_regression(result).splitlines()
    assert first == (
        "4.9 points below its recorded baseline [2.5, 7.7], worth failing above 0.5: shown to be "
        "worse; 61 lost, 14 won of 960 cases, p 1.9e-08"
    )
    assert second.startswith("alpha 0.0021, exact McNemar test; a true drop of ")
    undecided = evaluate_regression(paired(3, 2, 960), DEFAULT_DROP, 0.0021)
    assert "cases would decide" in explain_regression(undecided)
