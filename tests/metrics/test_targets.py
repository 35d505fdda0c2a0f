"""The likelihood of right answers as a number, and its means over probes."""

from __future__ import annotations

import math

import pytest

from pytest_quant.metrics.targets import (
    LEAST_LOGPROB,
    NEGLIGIBLE,
    Mean,
    Target,
    TargetScore,
    against_record,
    against_reference,
    log_odds_lost,
    points_lost,
)

EDGE = math.log((1 + NEGLIGIBLE) / NEGLIGIBLE)


@pytest.mark.parametrize(
    ("probabilities", "log_odds"),
    [
        ([0.5], 0.0),
        ([1.0], EDGE),
        ([0.0], -EDGE),
        ([1.0, 0.0], 0.0),
        ([0.9], math.log(0.9001 / 0.1001)),
        ([0.9, 0.1, 0.5], 0.0),
    ],
)
def test_log_odds_are_a_mean_over_tokens(probabilities: list[float], log_odds: float) -> None:
    score = TargetScore.of([math.log(p) if p else -math.inf for p in probabilities])
    assert score is not None
    assert score.log_odds == pytest.approx(log_odds, abs=1e-12)
    assert score.percent == pytest.approx(100 * math.prod(probabilities), abs=1e-9)


def test_what_is_certain_and_what_is_impossible_are_numbers() -> None:
    certain, impossible = TargetScore.of([1e-7]), TargetScore.of([-math.inf])
    assert certain == TargetScore(0.0, EDGE)
    assert impossible is not None
    assert impossible.logprob == LEAST_LOGPROB
    assert TargetScore.of([]) is TargetScore.of([math.nan]) is None


def test_nothing_is_made_of_how_sure_a_model_is_that_something_is_wrong() -> None:
    """A coarser model is less sure of everything: what it finds impossible becomes less so."""
    before, after = TargetScore.of([math.log(1e-9)]), TargetScore.of([math.log(1e-6)])
    assert before is not None
    assert after is not None
    assert after.logprob - before.logprob > 6
    assert after.log_odds - before.log_odds < 0.02


def test_probes_count_the_same_however_many_cases_they_have() -> None:
    mean = Mean.over([[1.0, 1.0, 1.0], [2.0], [], [6.0]])
    assert (mean.value, mean.probes) == (3.0, 3)
    assert mean.error == pytest.approx(math.sqrt(14 / 6))
    assert Mean.over([[4.0]]) == Mean(4.0, None, 1)
    with pytest.raises(ValueError, match="nothing"):
        Mean.over([[]])


def test_only_what_is_known_is_compared() -> None:
    high, low = TargetScore(math.log(0.9), 2.2), TargetScore(math.log(0.5), 0.0)
    targets = [
        Target(0, "a" * 16, "x", high, low),
        Target(1, "b" * 16, "x", None, low, recorded=high),
    ]
    assert against_reference(targets) == against_record(targets) == [(high, low)]
    assert log_odds_lost([against_record(targets)]).value == pytest.approx(2.2)
    assert points_lost([against_record(targets)]).value == pytest.approx(40)
