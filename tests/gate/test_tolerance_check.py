from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gate.alphas import alike

from pytest_quant.gate.statistics import MOST_CASES, cases_to_decide, mcnemar_p, tango_bounds
from pytest_quant.gate.tolerance_check import (
    Alphas,
    CheckResult,
    Paired,
    count_pairs,
    evaluate_tolerance,
    explain,
    guessing,
    pool,
    uninformative,
)


def evaluated(counts: Paired, limit: float, alpha: float, chance: float = 0.0) -> CheckResult:
    return evaluate_tolerance(counts, limit, alike(alpha), chance)


def paired(b: int, c: int, n: int, reference_correct: int | None = None) -> Paired:
    right = n - c if reference_correct is None else reference_correct
    return Paired(b, c, n, right, right - b + c)


class TestCounts:
    def test_counted_from_outcomes(self) -> None:
        both, lost, won, neither = (True, True), (True, False), (False, True), (False, False)
        counts = count_pairs([both] * 5 + [lost] * 3 + [won] * 2 + [neither])
        assert counts == Paired(b=3, c=2, n=11, reference_correct=8, level_correct=7)

    def test_pooling_adds_up(self) -> None:
        parts = [paired(3, 2, 11), paired(1, 0, 4), paired(0, 5, 20, 9)]
        assert pool(parts) == Paired(4, 7, 35, 22, 25)
        assert pool([]) == Paired(0, 0, 0, 0, 0)

    @pytest.mark.parametrize(
        "counts",
        [
            (5, 0, 32, 4, 0),  # more lost than there were
            (2, 1, 32, 20, 20),  # the level's total does not follow
            (2, 1, 32, 32, 31),  # won back a case that was not wrong
            (-1, 0, 32, 20, 21),
        ],
    )
    def test_contradictions_are_refused(self, counts: tuple[int, int, int, int, int]) -> None:
        with pytest.raises(ValueError, match="contradictory counts"):
            Paired(*counts)


class TestVerdict:
    @pytest.mark.parametrize(
        ("counts", "limit", "verdict"),
        [
            (paired(60, 20, 500), 5, "fail"),  # bounds 5.16 to 10.98
            (paired(60, 20, 500), 5.2, "inconclusive"),
            (paired(60, 20, 500), 10.9, "inconclusive"),
            (paired(60, 20, 500), 11, "pass"),
            (paired(0, 0, 32), 7.79, "inconclusive"),  # bounds -7.80 to 7.80
            (paired(0, 0, 32), 7.80, "pass"),
            (paired(0, 8, 32), 5, "pass"),
        ],
    )
    def test_by_the_bounds(self, counts: Paired, limit: float, verdict: str) -> None:
        assert evaluated(counts, limit, 0.05).verdict == verdict

    def test_fails_and_passes_at_alphas_of_their_own(self) -> None:
        """A level passes only if all of its checks do, so a pass need not share its alpha."""
        strict = evaluate_tolerance(paired(0, 0, 192), 5, Alphas(0.0003, 0.0003))
        assert strict.verdict == "inconclusive"
        result = evaluate_tolerance(paired(0, 0, 192), 5, Alphas(0.0003, 0.05))
        assert result.verdict == "pass"
        assert (result.alpha, result.pass_alpha) == (0.0003, 0.05)
        assert result.lower == strict.lower
        assert result.upper == pytest.approx(100 * tango_bounds(0, 0, 192, 0.05)[1])

    @pytest.mark.parametrize(("b", "alpha"), [(3, 0.05), (30, 0.0003)])
    def test_the_cases_that_decide_go_by_the_verdict_that_is_near(
        self, b: int, alpha: float
    ) -> None:
        result = evaluate_tolerance(paired(b, 0, 192), 10, Alphas(0.0003, 0.05))
        assert cases_to_decide(b, 0, 192, 0.1, alpha) in (result.cases_needed, 0) or (
            result.verdict != "inconclusive"
        )

    def test_carries_what_it_rests_on(self) -> None:
        counts = paired(60, 20, 500, 400)
        result = evaluated(counts, 7, 0.05)
        lower, upper = tango_bounds(60, 20, 500, 0.05)
        assert result.counts == counts
        assert result.drop == pytest.approx(8.0)
        assert (result.lower, result.upper) == pytest.approx((100 * lower, 100 * upper))
        assert (result.limit, result.alpha) == (7, 0.05)
        assert result.p == mcnemar_p(60, 20)
        assert result.cases_needed == cases_to_decide(60, 20, 500, 0.07, 0.05)
        assert result.detectable is not None
        assert 7 < result.detectable < 12
        assert result.uninformative == ""

    @settings(deadline=None)
    @given(st.data(), st.floats(0.5, 70), st.floats(1e-6, 0.2), st.sampled_from([0.0, 0.25]))
    def test_means_what_it_says(
        self, data: st.DataObject, limit: float, alpha: float, chance: float
    ) -> None:
        n = data.draw(st.integers(0, 300))
        right = data.draw(st.integers(0, n))
        b, c = data.draw(st.integers(0, right)), data.draw(st.integers(0, n - right))
        result = evaluated(paired(b, c, n, right), limit, alpha, chance)
        assert (result.verdict == "fail") == (result.lower > limit)
        if result.verdict == "pass":
            assert result.upper <= limit
            assert not result.uninformative
            assert 100 * (right / n - chance) > limit
        if result.verdict != "inconclusive" or result.uninformative:
            assert result.cases_needed is None
        if result.detectable is not None:
            assert limit < result.detectable <= 100 * right / n
        assert explain(result)


class TestUninformative:
    def test_a_reference_without_a_right_answer(self) -> None:
        assert guessing(1, 32) is None
        assert guessing(0, 32) == (
            "the reference answers 0 of 32 cases correctly, "
            "which is not distinguishable from the 0 % of guessing"
        )

    def test_a_reference_that_guesses(self) -> None:
        assert "not distinguishable from the 25 %" in (guessing(14, 32, 0.25) or "")
        assert uninformative(14, 32, 1, 0.25) == guessing(14, 32, 0.25)
        assert guessing(15, 32, 0.25) is None
        assert uninformative(15, 32, 1, 0.25) is None

    def test_a_limit_that_allows_everything(self) -> None:
        assert "no more than the limit of 25 points above" in (uninformative(8, 32, 25) or "")
        assert uninformative(9, 32, 25) is None
        assert uninformative(16, 32, 25, 0.25) is not None
        assert uninformative(17, 32, 25, 0.25) is None

    def test_no_case(self) -> None:
        assert "no case" in (uninformative(0, 0, 5) or "")

    def test_takes_a_pass_away(self) -> None:
        counts = paired(0, 0, 400, 80)
        assert evaluated(counts, 19, 0.05).verdict == "pass"
        vacuous = evaluated(counts, 20, 0.05)
        assert vacuous.verdict == "inconclusive"
        assert "80 of 400" in vacuous.uninformative

    def test_never_takes_a_failure_away(self) -> None:
        """A level far below guessing is broken, whatever the reference can do."""
        counts = paired(130, 0, 400, 130)
        assert uninformative(130, 400, 10, 0.33) is not None
        assert evaluated(counts, 10, 0.001, 0.33).verdict == "fail"

    @settings(deadline=None)
    @given(st.data(), st.integers(1, 200), st.floats(0.5, 70))
    def test_a_total_loss_never_passes(self, data: st.DataObject, n: int, limit: float) -> None:
        right = data.draw(st.integers(0, n))
        assert evaluated(paired(right, 0, n, right), limit, 0.05).verdict != "pass"


class TestExplanation:
    def test_of_a_failure(self) -> None:
        text = explain(evaluated(paired(60, 20, 500, 400), 5, 0.05))
        assert text == (
            "drop 8.0 points [5.2, 11.0], limit 5: shown to be beyond it; "
            "60 lost, 20 won of 500 cases, p 4.3e-06\n"
            "alpha 0.05 to fail, 0.05 to pass; "
            "a true drop of 9.3 points would fail at least 8 times in 10"
        )

    def test_of_an_undecided_check_says_how_many_cases_decide(self) -> None:
        result = evaluated(paired(4, 2, 64, 50), 8, 0.001)
        first, second = explain(result).splitlines()
        assert "not shown to be on either side of it; 4 lost, 2 won of 64 cases" in first
        assert second.startswith("alpha 0.001 to fail, 0.001 to pass; a true drop of ")
        assert f"{result.cases_needed:,} cases would decide" in second

    def test_of_a_drop_at_the_limit_promises_nothing(self) -> None:
        text = explain(evaluated(paired(8, 0, 32), 25, 0.05))
        assert f"not even {MOST_CASES:,} cases would decide" in text

    def test_of_too_few_cases(self) -> None:
        text = explain(evaluated(paired(2, 0, 4), 25, 0.0002))
        assert "no drop that is possible here would fail 8 times in 10" in text

    def test_of_a_pass_is_as_complete(self) -> None:
        text = explain(evaluated(paired(3, 2, 900, 700), 5, 0.001))
        for part in (
            "shown to be within it",
            "3 lost, 2 won of 900 cases",
            "limit 5",
            "alpha 0.001",
        ):
            assert part in text

    def test_of_an_uninformative_check(self) -> None:
        text = explain(evaluated(paired(0, 0, 32, 0), 25, 0.05))
        assert text.startswith("uninformative: the reference answers 0 of 32")
