"""When a check stops, and what it says then."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gate.alphas import alike
from tests.gate.baselines import measured

from pytest_quant.gate.counting import UpTo
from pytest_quant.gate.sequential import (
    Member,
    common_looks,
    evaluate_looks,
    is_settled,
    looks_up_to,
    own_looks,
    plain_look,
    screen,
)
from pytest_quant.gate.tolerance_check import (
    CheckResult,
    count_pairs,
    evaluate_tolerance,
    explain,
)
from pytest_quant.gate.verdicts import tolerance_of

Pairs = list[tuple[bool, bool]]

SAME, LOST, WON, WRONG = (True, True), (True, False), (False, True), (False, False)
# That of a probe among two hundred at six levels.
ALPHA = 1e-5


def drawn(n: int, lost: float, won: float, seed: int, wrong: float = 0.0) -> Pairs:
    weights = (lost, won, wrong, 1 - lost - won - wrong)
    return random.Random(seed).choices([LOST, WON, WRONG, SAME], weights, k=n)


def evaluate_in_turn(pairs: Pairs, limit: float, alpha: float, most: int) -> CheckResult:
    """The check of a probe that these are the outcomes of."""
    before, now = ("".join("01"[right] for right in side) for side in zip(*pairs, strict=True))
    counting = UpTo(most, lambda _: limit, 0.5, alike(alpha))
    evidence = counting.of_probe(measured(now, before), "tolerance")
    return tolerance_of(evidence, limit, alike(alpha), 0.0)


class TestLooks:
    @pytest.mark.parametrize(
        ("most", "looks"),
        [
            (1, (1,)),
            (8, (8,)),
            (20, (8, 16, 20)),
            (100, (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 100)),
            (
                300,
                (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 300),
            ),
        ],
    )
    def test_up_to(self, most: int, looks: tuple[int, ...]) -> None:
        assert looks_up_to(most) == looks

    @given(st.integers(1, 3000), st.integers(1, 3000))
    def test_more_cases_only_append(self, few: int, more: int) -> None:
        few, more = sorted((few, more))
        assert looks_up_to(more)[: len(looks_up_to(few)) - 1] == looks_up_to(few)[:-1]
        assert looks_up_to(more)[-1] == more


class TestAProbe:
    @pytest.mark.parametrize(("limit", "at_most"), [(5, 256), (10, 128), (25, 48), (55, 16)])
    def test_that_never_flips_passes_early(self, limit: float, at_most: int) -> None:
        result = evaluate_in_turn([SAME] * 512, limit, ALPHA, 512)
        assert result.verdict == "pass"
        assert result.counts.n == at_most
        assert result.upper <= limit

    def test_that_flips_is_asked_more(self) -> None:
        sizes = [
            evaluate_in_turn(drawn(512, flips / 2, flips / 2, 4), 10, ALPHA, 512).counts.n
            for flips in (0.0, 0.04, 0.10)
        ]
        assert sizes == sorted(set(sizes))

    def test_that_is_broken_fails_early(self) -> None:
        result = evaluate_in_turn(drawn(512, 0.6, 0.0, 1), 10, ALPHA, 512)
        assert result.verdict == "fail"
        assert result.counts.n <= 64
        assert result.lower > 10
        assert "shown to be beyond it" in explain(result)

    def test_that_cannot_get_a_verdict_is_given_up(self) -> None:
        """Not even 512 cases without a flip would show a drop of less than 1 point."""
        result = evaluate_in_turn([SAME] * 512, 1, ALPHA, 512)
        assert result.verdict == "inconclusive"
        assert result.counts.n <= 96
        assert result.cases_needed is not None
        assert result.cases_needed > 512
        enough = evaluate_looks(
            [plain_look(count_pairs([SAME] * result.cases_needed))], 1, alike(ALPHA)
        )
        assert enough.verdict == "pass"
        assert f"{result.cases_needed:,} cases would decide" in explain(result)

    def test_is_asked_until_it_is_clear_that_the_reference_can_do_it(self) -> None:
        """Of a limit of 70 points, a pass means something to a reference well above it."""
        for right, verdict in ((1.0, "pass"), (0.3, "inconclusive")):
            pairs = drawn(512, 0.0, 0.0, 3, wrong=1 - right)
            result = evaluate_in_turn(pairs, 70, ALPHA, 512)
            assert result.verdict == verdict
            assert result.counts.n <= 32
            assert bool(result.uninformative) == (verdict == "inconclusive")
        near = evaluate_in_turn(drawn(512, 0.0, 0.0, 3, wrong=0.27), 70, ALPHA, 512)
        assert near.counts.n > 48

    def test_a_verdict_does_not_change_with_what_is_asked_later(self) -> None:
        pairs = drawn(512, 0.02, 0.02, 8)
        stopped = evaluate_in_turn(pairs, 15, ALPHA, 512)
        assert stopped.counts.n < 512
        for later in (stopped.counts.n, 320, 512):
            assert evaluate_in_turn(pairs[:later], 15, ALPHA, 512) == stopped

    @pytest.mark.parametrize("limit", [3, 5, 10, 17.5, 25])
    def test_verdicts_are_those_of_all_cases_for_a_part_of_them(self, limit: float) -> None:
        """Over flip rates as levels have them. Never the opposite, and seldom none."""
        spent = lost = 0
        for seed in range(24):
            pairs = drawn(512, 0.002 * (seed % 6), 0.001 * (seed % 4), seed)
            result = evaluate_in_turn(pairs, limit, ALPHA, 512)
            fixed = evaluate_tolerance(count_pairs(pairs), limit, alike(ALPHA))
            assert {result.verdict, fixed.verdict} != {"pass", "fail"}
            lost += result.verdict == "inconclusive" != fixed.verdict
            spent += result.counts.n
        assert lost <= 2
        assert spent <= (0.8 if limit <= 5 else 0.4) * 24 * 512

    @settings(deadline=None, max_examples=50)
    @given(
        st.lists(st.sampled_from([SAME, SAME, SAME, LOST, WON, WRONG]), min_size=1, max_size=200),
        st.sampled_from([1.0, 5.0, 25.0, 70.0]),
        st.sampled_from([0.05, 1e-4]),
    )
    def test_means_what_it_says(self, pairs: Pairs, limit: float, alpha: float) -> None:
        result = evaluate_in_turn(pairs, limit, alpha, 200)
        assert result.counts == count_pairs(pairs[: result.counts.n])
        assert (result.verdict == "fail") == (result.lower > limit)
        if result.verdict == "pass":
            assert result.upper <= limit
        assert result.lower <= result.upper
        if result.counts.n < len(pairs):
            looks = own_looks(pairs[: result.counts.n], 200)
            assert is_settled(looks, limit, alike(alpha), 0.0, 200)
        assert explain(result)


class TestSeveralLooks:
    def test_their_bounds_hold_together(self) -> None:
        """What was shown after 200 cases is not unlearned from bad luck in the next ten."""
        alphas = alike(0.001)
        early = plain_look(count_pairs([SAME] * 200))
        late = plain_look(count_pairs([SAME] * 200 + [LOST] * 10))
        both, alone = (evaluate_looks(looks, 10, alphas) for looks in ([early, late], [late]))
        assert both.upper == evaluate_looks([early], 10, alphas).upper < 10 < alone.upper
        assert both.counts == late.counts
        assert both.verdict == "pass"

    def test_the_first_of_contradicting_bounds_stand(self) -> None:
        both = [SAME] * 400, [SAME] * 400 + [LOST] * 400
        result = evaluate_looks([plain_look(count_pairs(one)) for one in both], 10, alike(0.05))
        assert result.verdict == "pass"
        assert result.lower <= result.upper

    def test_no_case(self) -> None:
        result = evaluate_looks([], 5, alike(0.05))
        assert (result.verdict, result.counts.n) == ("inconclusive", 0)


class TestSeveralProbes:
    def test_take_part_with_as_many_cases_each(self) -> None:
        """However many each was asked: what flips, and so was asked more, must not weigh more."""
        quiet, loud = [SAME] * 20, [LOST] * 70
        looks = common_looks([Member(quiet, 512), Member(loud, 512)])
        assert [look.counts.n for look in looks] == [16, 32]
        assert looks[-1].counts.b == 16

    def test_each_has_the_same_weight_at_every_look(self) -> None:
        """A mean of which the weights wander is another mean at every look."""
        small, large = [WON] * 12, [LOST] * 64
        looks = common_looks([Member(small, 12), Member(large, 64)])
        assert looks[-1].counts.n == 76
        assert len(looks) == 8
        for look in looks:
            lost = sum(weight * b for weight, b, _, _ in look.tallies)
            won = sum(weight * c for weight, _, c, _ in look.tallies)
            assert won / lost == pytest.approx(12 / 64)

    def test_a_look_that_brings_nothing_new_of_one_is_left_out(self) -> None:
        looks = common_looks([Member([SAME] * 2, 2), Member([SAME] * 64, 64)])
        assert [look.counts.n for look in looks] == [33, 66]
        # None is exempt, not even the last: it would be a look at the large one alone.
        assert {weight for look in looks for weight, *_ in look.tallies} == {1.0}

    def test_one_without_any_case_to_ask_takes_no_part(self) -> None:
        assert common_looks([Member([], 0)]) == []
        assert len(common_looks([Member([], 0), Member([SAME] * 8, 8)])) == 1

    def test_none(self) -> None:
        assert common_looks([]) == []

    @pytest.mark.parametrize(("tiny", "large"), [(150, 1000), (40, 512)])
    def test_many_tiny_probes_beside_a_large_one_keep_their_say(
        self, tiny: int, large: int
    ) -> None:
        """All that is lost is lost in probes of two cases; the mean drop is at the limit."""
        limit = 0.05
        share = limit * (2 * tiny + large) / (2 * tiny)
        passed = 0
        for seed in range(60):
            members = [Member(drawn(2, share, 0, 1000 * seed + i), 2) for i in range(tiny)]
            looks = common_looks([*members, Member([SAME] * large, large)])
            passed += evaluate_looks(looks, 100 * limit, alike(0.05)).verdict == "pass"
        assert passed <= 3

    @pytest.mark.parametrize(("small", "large"), [(0.0, 0.3), (0.3, 0.0)])
    def test_in_turn_says_what_a_fixed_number_says(self, small: float, large: float) -> None:
        """Of ten probes of 12 cases and eight of 64, some lose nothing and some three in ten."""
        sizes = [(12, small)] * 10 + [(64, large)] * 8
        mean = 100 * sum(n * drop for n, drop in sizes) / sum(n for n, _ in sizes)
        wrong = 0
        for seed in range(60):
            probes = [drawn(n, drop, 0, 100 * seed + i) for i, (n, drop) in enumerate(sizes)]
            looks = common_looks([Member(one, len(one)) for one in probes])
            limit = 13.0
            turn = evaluate_looks(looks, limit, alike(0.05))
            fixed = evaluate_tolerance(
                count_pairs(pair for one in probes for pair in one), limit, alike(0.05)
            )
            assert turn.counts == fixed.counts
            assert {turn.verdict, fixed.verdict} != {"pass", "fail"}
            wrong += turn.verdict == ("fail" if mean < limit else "pass")
        assert wrong == 0


class TestScreening:
    @pytest.mark.parametrize(
        ("right", "n", "chance", "found"),
        [
            (1, 8, 0.0, ""),
            (0, 8, 0.0, "no"),
            (0, 8, 0.25, "no"),  # as at a fixed number of cases
            (4, 8, 0.25, None),
            (8, 8, 0.25, ""),
            (24, 48, 0.25, ""),
            (12, 48, 0.25, None),  # may still be better than guessing
            (100, 448, 0.25, "no"),
        ],
    )
    def test_of_a_reference(self, right: int, n: int, chance: float, found: str | None) -> None:
        shown = screen(right, n, chance, 512)
        assert shown == found or (found == "no" and shown and "not distinguishable" in shown)

    def test_ends_with_the_last_case(self) -> None:
        assert screen(4, 8, 0.25, 512, last=True)
        assert screen(8, 8, 0.25, 512, last=True) == ""

    def test_seldom_lets_a_guess_through_and_ends_it_before_the_last_case(self) -> None:
        through, cases = 0, []
        for seed in range(100):
            rights = random.Random(seed).choices([True, False], [0.25, 0.75], k=512)
            for look in looks_up_to(512):
                shown = screen(sum(rights[:look]), look, 0.25, 512, last=look == 512)
                if shown is not None:
                    break
            through += shown == ""
            cases.append(look)
        assert through <= 2
        assert sum(cases) / len(cases) < 256
