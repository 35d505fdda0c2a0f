"""How often harmless changes fail by the likelihood of right answers, and what is seen by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from tests.reports.records import measured

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.likelihood_regression import (
    DEFAULT_LEAST,
    evaluate_likelihood,
    explain_likelihood,
    judged,
    likelihood_checks,
)
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.metrics.targets import Mean, Target, TargetScore

CASES = 2
SESSIONS = 1000
# A category of a session with two levels and their baselines, and all probes of a level.
CATEGORY, POOLED = 0.05 * 0.25 / 60, 0.05 * 0.5 / 10
Floats = npt.NDArray[np.float64]
# What two readings of one file, or two files of one quality, differ by: a row for each probe.
Noise = Callable[[np.random.Generator, int], Floats]


def probes(
    lost: Floats, *, category: str = "ambiguity", level: str = "q4", silent: int = 0
) -> list[Measurement]:
    """A probe for each row, whose cases lost so much since they were recorded."""
    return [
        replace(
            measured(
                f"p{i}",
                level,
                right=0,
                n=CASES,
                category=category,
                uninformative="only guesses" if i < silent else "",
            ),
            targets=tuple(
                Target(k, f"{k:016x}", "x", None, TargetScore(-1.0, -x), TargetScore(-1.0, 0.0))
                for k, x in enumerate(row)
            ),
        )
        for i, row in enumerate(lost)
    ]


def rounding(random: np.random.Generator, count: int) -> Floats:
    """As measured of the embedded model: most probes hardly move, a few much more."""
    spread = 0.01 * np.exp(random.standard_normal((count, 1)))
    return spread * random.standard_t(3, (count, CASES))


def few_move(random: np.random.Generator, count: int) -> Floats:
    moves = random.random((count, 1)) < 0.1
    return np.where(moves, random.standard_t(1.5, (count, CASES)), 0.0)


def another_file(random: np.random.Generator, count: int) -> Floats:
    """A file of the same quality moves the cases of a probe together, and probes as they are."""
    spread = 0.5 * np.exp(random.standard_normal((count, 1)))
    return spread * (random.standard_normal((count, 1)) + 0.3 * random.standard_normal((count, 2)))


def normal(random: np.random.Generator, count: int) -> Floats:
    return random.standard_normal((count, CASES))


@pytest.mark.parametrize("noise", [rounding, few_move, another_file, normal])
@pytest.mark.parametrize("count", [2, 5, 16, 100])
def test_what_loses_nothing_fails_at_most_at_alpha(noise: Noise, count: int) -> None:
    random = np.random.default_rng(7)
    found = [Mean.over(noise(random, count).tolist()) for _ in range(SESSIONS)]
    for alpha in (CATEGORY, POOLED, 0.05):
        failed = sum(judged(mean, alpha)[0] == "fail" for mean in found)
        # Three standard deviations of a count above what alpha allows.
        allowed = SESSIONS * alpha
        assert failed <= allowed + 3 * allowed**0.5, (alpha, failed)


@pytest.mark.parametrize(
    ("count", "alpha", "drop", "power"),
    [
        # What q2 loses of the embedded model, over all probes: by 0.29, probes differ by 0.47.
        (154, POOLED, 0.29, 1.0),
        (40, POOLED, 0.29, 0.8),
        # An ability that is lost in one category.
        (16, CATEGORY, 0.7, 0.8),
    ],
)
def test_damage_is_seen_with_two_cases_of_each_probe(
    count: int, alpha: float, drop: float, power: float
) -> None:
    random = np.random.default_rng(11)
    found = [
        Mean.over((drop + 0.47 * random.standard_normal((count, 1))).tolist()) for _ in range(300)
    ]
    assert np.mean([judged(mean, alpha)[0] == "fail" for mean in found]) >= power


def test_a_drop_that_is_certain_and_no_larger_than_rounding_brings_fails_nothing() -> None:
    tiny = evaluate_likelihood(probes(np.full((50, CASES), 0.9 * DEFAULT_LEAST)), 0.001)
    large = evaluate_likelihood(probes(np.full((50, CASES), 1.1 * DEFAULT_LEAST)), 0.001)
    assert tiny is not None
    assert large is not None
    assert (tiny.verdict, large.verdict) == ("pass", "fail")


def test_a_single_probe_shows_nothing_and_one_without_a_record_is_left_out() -> None:
    (alone,) = probes(np.array([[3.0, 3.0]]))
    result = evaluate_likelihood([alone], 0.05)
    assert result is not None
    assert (result.verdict, result.p, result.upper, result.detectable) == (
        *("inconclusive", 1.0),
        *(None, None),
    )
    unrecorded = replace(alone, targets=tuple(replace(t, recorded=None) for t in alone.targets))
    assert evaluate_likelihood([unrecorded, replace(alone, targets=())], 0.05) is None


def test_checks_come_by_level_over_all_probes_and_by_category() -> None:
    lost = np.linspace(0.9, 1.1, 12).reshape(6, 2)
    measurements = [
        *probes(lost, silent=2),
        *probes(0 * lost, category="iterative"),
        *probes(lost, level="q2"),
    ]
    budget = Budget(0.05, pooled=2, category=3, probe=18)
    checks = likelihood_checks(measurements, budget)
    assert [(check.name, check.level, check.result.verdict) for check in checks] == [
        ("overall-likelihood-regression", "q4", "fail"),
        ("ambiguity-likelihood-regression", "q4", "fail"),
        ("iterative-likelihood-regression", "q4", "pass"),
        ("overall-likelihood-regression", "q2", "fail"),
        ("ambiguity-likelihood-regression", "q2", "fail"),
    ]
    # Probes of which the reference only guesses take part.
    assert [check.result.probes for check in checks] == [12, 6, 6, 6, 6]
    assert {check.result.alpha for check in checks} == {0.05 * 0.5 / 2, 0.05 * 0.25 / 3}


def test_what_was_seen_is_told() -> None:
    result = evaluate_likelihood(probes(np.array([[0.5, 0.7], [0.6, 0.8], [0.55, 0.65]])), 0.05)
    assert result is not None
    seen, rule = explain_likelihood(result).splitlines()
    assert seen.startswith("right answers lost 0.633 [0.536, 0.731] log-odds")
    assert "6 answers of 3 probes" in seen
    assert "worth failing above 0.05: shown to be less likely" in seen
    assert rule.startswith("alpha 0.05, Student's t over probes; a true drop of ")
