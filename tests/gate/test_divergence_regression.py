"""A level that moved away from its reference fails; noise, and a move back, do not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.chunk_noise import HARMLESS, PROMISED, SINGLE, WHOLE, damaged, failing

from pytest_quant.gate.baseline import RecordedChunk
from pytest_quant.gate.chunk_tests import Moved, p_of_common
from pytest_quant.gate.divergence_regression import (
    DivergenceResult,
    behaves_like,
    beside_record,
    evaluate_divergence,
    explain_divergence,
)


def chunks(klds: list[float], tokens: int = 512) -> tuple[RecordedChunk, ...]:
    return tuple(RecordedChunk(f"{i:08x}", tokens, kld) for i, kld in enumerate(klds))


def evaluated(was: list[float], now: list[float], alpha: float = 0.01) -> DivergenceResult:
    result = evaluate_divergence(chunks(was), chunks(now), alpha)
    assert result is not None
    return result


WAS = [0.031 * (1 + 0.3 * math.sin(7 * i)) for i in range(32)]
LONG = WAS * 3


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [(0.5, "pass"), (1.0, "pass"), (1.05, "pass"), (1.2, "fail"), (2.0, "fail"), (1000.0, "fail")],
)
def test_verdicts(factor: float, verdict: str) -> None:
    result = evaluated(LONG, [factor * kld for kld in LONG])
    assert result.verdict == verdict
    assert result.now == pytest.approx(factor * result.recorded)
    assert result.chunks == 96
    assert result.tokens == 96 * 512


@pytest.mark.parametrize(
    ("groups", "factor", "verdict"),
    [(4, 1.4, "inconclusive"), (4, 1.6, "fail"), (7, 1.4, "inconclusive"), (8, 1.2, "fail")],
)
def test_what_is_common_to_few_groups_may_be_chance(
    groups: int, factor: float, verdict: str
) -> None:
    """Seven groups that may rise as well as fall all rise in 1 of 128 texts."""
    was = LONG[: 8 * groups]
    assert evaluated(was, [factor * kld for kld in was]).verdict == verdict


def test_who_carries_a_rise_is_told() -> None:
    result = evaluated(WAS, [*WAS[:-1], WAS[-1] + 0.5])
    assert (result.verdict, result.carriers) == ("fail", 1)
    assert "32 chunks, half of the gain in 1, " in explain_divergence(result)


def test_what_arithmetic_noise_brings_is_no_rise() -> None:
    tiny = [1e-8] * 32
    assert evaluated(tiny, [3e-8] * 32).verdict == "pass"
    assert evaluated([0.0] * 32, [5e-7] * 32).verdict == "pass"
    assert evaluated([0.0] * 32, [1e-5] * 32).verdict == "fail"


def test_one_chunk_tells_nothing_and_none_is_no_check() -> None:
    result = evaluated([0.03], [0.9])
    assert (result.verdict, result.lower, result.upper) == ("inconclusive", None, None)
    assert evaluate_divergence(chunks(WAS), (), 0.05) is None
    strange = tuple(replace(chunk, digest="another text") for chunk in chunks(WAS))
    assert evaluate_divergence(strange, chunks(WAS), 0.05) is None


def test_only_chunks_that_both_have_are_compared() -> None:
    more = chunks([*WAS, 99.0, 99.0])
    assert evaluate_divergence(chunks(WAS), more, 0.01) == evaluated(WAS, WAS)
    assert evaluate_divergence(more, chunks(WAS), 0.01) == evaluated(WAS, WAS)


@pytest.mark.parametrize("count", [1, 8, 16])
def test_so_few_chunks_decide_nothing_and_say_so(count: int) -> None:
    result = evaluated([0.03] * count, [0.9] * count)
    assert (result.verdict, result.p, result.lower, result.detectable) == (
        "inconclusive",
        1.0,
        None,
        None,
    )
    assert "nothing is decided by fewer than 17 chunks" in explain_divergence(result)


def test_few_chunks_of_which_none_moved_pass() -> None:
    recorded = [0.0123457, 2.5e-7, 0.0]
    assert evaluated(recorded, [0.01234567, 2.500001e-7, 1e-10]).verdict == "pass"
    assert evaluated(recorded, [0.01235, 2.5e-7, 0.0]).verdict == "inconclusive"


def test_seventeen_chunks_show_a_file_that_is_far_off() -> None:
    random = np.random.default_rng(3)
    was = (4e-4 * random.lognormal(0, 0.5, 17)).tolist()
    assert evaluated(was, [2.5 * kld for kld in was], 0.003).verdict == "fail"


@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.parametrize("count", [8, 16, 24, 91])
def test_a_harmless_change_fails_no_more_often_than_alpha(name: str, count: int) -> None:
    repeats, alphas = 150, (0.05, 0.0125)
    for alpha, share in zip(alphas, failing(HARMLESS[name], count, repeats, alphas), strict=True):
        assert share <= alpha + 3 * math.sqrt(alpha / repeats)


@pytest.mark.parametrize(("what", "carriers"), [(WHOLE, 91), (SINGLE, 1)])
def test_a_quarter_more_is_seen_in_all_chunks_and_in_one(what: str, carriers: int) -> None:
    """At the alpha of a session with one level, and with four."""
    for seen in failing(lambda n, random: damaged(n, carriers, random), 91, 300, (0.0125, 0.003)):
        assert seen >= PROMISED[what]


@pytest.mark.parametrize(("carriers", "least"), [(2, 0.9), (4, 0.87), (8, 0.65), (45, 0.95)])
def test_a_quarter_more_is_mostly_seen_in_some_chunks(carriers: int, least: float) -> None:
    (seen,) = failing(lambda n, random: damaged(n, carriers, random), 91, 300, (0.0125,))
    assert seen >= least


def test_one_chunk_among_others_that_did_not_move_at_all() -> None:
    random = np.random.default_rng(7)
    was = 4e-4 * random.lognormal(0, 0.5, 91)
    now = was.copy()
    now[40] += 2 * was.sum()
    assert evaluated(was.tolist(), now.tolist(), 0.003).verdict == "fail"
    # A rise that a chunk carries which moved by half is harmless, though it is beyond the limit.
    heavy = np.where(np.arange(91) == 40, 0.5 * was.sum(), was)
    now = np.where(np.arange(91) == 40, 1.5 * heavy, heavy)
    found = evaluated(heavy.tolist(), now.tolist(), 0.05)
    assert found.rise > found.limit
    assert found.verdict != "fail"


def test_the_order_of_then_and_now_does_not_matter_to_a_chance() -> None:
    """What is harmless moves up as often as down: a fall of the same size is no rise."""
    random = np.random.default_rng(9)
    was = 4e-4 * random.lognormal(0, 0.5, 91)
    now = was * random.lognormal(0, 0.1, 91)
    now[3] += 30 * was.mean()
    assert evaluated(was.tolist(), now.tolist()).verdict == "fail"
    assert evaluated(now.tolist(), was.tolist()).p == 1.0


@pytest.mark.parametrize(
    ("noise", "factor", "verdict"),
    [(0.0, 1.12, "fail"), (0.4, 1.12, "fail"), (0.67, 1.12, "pass"), (0.67, 1.25, "fail")],
)
def test_the_limit_rises_with_the_level_s_own_noise(
    noise: float, factor: float, verdict: str
) -> None:
    now = [factor * kld for kld in LONG]
    result = evaluate_divergence(chunks(LONG), chunks(now), 0.01, noise=noise)
    assert result is not None
    assert result.verdict == verdict
    told = "(a quarter of its own noise, 67 % of its divergence)" in explain_divergence(result)
    assert told == (noise == 0.67)


def test_a_level_that_is_all_noise_may_rise_by_a_quarter_and_no_more() -> None:
    tripled = chunks([3 * kld for kld in WAS])
    result = evaluate_divergence(chunks(WAS), tripled, 0.01, noise=5.0)
    assert result is not None
    assert (result.noise, result.verdict) == (1.0, "fail")
    assert result.limit == pytest.approx(0.25 * result.recorded)


def test_chunks_count_by_their_tokens() -> None:
    was = (RecordedChunk("a", 900, 0.1), RecordedChunk("b", 100, 0.5))
    result = evaluate_divergence(was, was, 0.05)
    assert result is not None
    assert result.recorded == pytest.approx(0.14)


def test_the_signs_of_groups_have_the_chance_of_all_their_sets() -> None:
    """Of three groups that gained 3, 1 and -2: the empty set, the last, both small ones; a tie."""
    groups = [(10.0, 13.0), (10.0, 11.0), (10.0, 8.0)]
    moved = [Moved(before / 8, after / 8) for before, after in groups for _ in range(8)]
    assert p_of_common(moved, 0.0) == 3 / 8
    assert p_of_common(moved, 0.05) == 4 / 8
    assert p_of_common([replace(one, after=2 * one.before) for one in moved], 0.1) == 1 / 8


def test_a_long_text_has_larger_groups() -> None:
    moved = [Moved(1.0, 1.2) for _ in range(1000)]
    assert p_of_common(moved, 0.05) == 2.0**-24


@pytest.mark.parametrize("spread", [0.02, 0.1, 0.3])
def test_noise_from_chunk_to_chunk_fails_no_more_often_than_alpha(spread: float) -> None:
    generator = np.random.default_rng(17)
    failed = 0
    for _ in range(500):
        now = np.array(WAS) * generator.lognormal(-(spread**2) / 2, spread, len(WAS))
        failed += evaluated(WAS, now.tolist(), 0.05).verdict == "fail"
    assert failed / 500 <= 0.05 + 3 * math.sqrt(0.05 / 500)


def test_a_quarter_more_is_seen_through_the_noise() -> None:
    generator = np.random.default_rng(19)
    now = (np.array(LONG) * 1.25 * generator.lognormal(-0.02, 0.2, (100, len(LONG)))).tolist()
    failed = [evaluated(LONG, klds).verdict == "fail" for klds in now]
    assert np.mean(failed) > 0.95


RECORDED = {"q6": (2e-4, 6.6), "q4": (1.5e-3, 4.85), "q3": (1e-2, 3.9), "q2": (9e-2, 3.2)}


@pytest.mark.parametrize(
    ("mean", "bits", "like"),
    [
        (6e-5, 8.5, ""),  # a sound q8
        (1.5e-3, 8.5, "like q4"),  # requantized from q4
        (0.95e-2, 8.5, "like q3"),
        (0.1, 8.5, "like q2"),
        (0.5, 8.5, "more than q2"),  # not only of fewer bits
        (1.5e-3, 4.85, ""),  # a q4 like any other
        (1.2e-2, 4.85, "like q3"),
        (0.5, 2.6, ""),
    ],
)
def test_a_file_that_behaves_like_one_of_fewer_bits(mean: float, bits: float, like: str) -> None:
    assert behaves_like(mean, bits, RECORDED) == like


def test_the_detectable_rise_fails_eight_times_in_ten() -> None:
    generator = np.random.default_rng(23)
    was = np.array(LONG)
    spread = 0.2 * was.mean()

    def moved(rise: float) -> DivergenceResult:
        gains = rise + spread * generator.standard_normal(len(was))
        return evaluated(LONG, (was + gains).tolist())

    # A spread is known badly from twelve groups: on average it is the true one.
    told = [one.detectable for one in (moved(0.0) for _ in range(50)) if one.detectable]
    failed = [moved(float(np.mean(told))).verdict == "fail" for _ in range(200)]
    assert 0.65 < np.mean(failed) < 0.95


def test_the_explanation_holds_every_number() -> None:
    first, second = explain_divergence(evaluated(WAS, [1.64 * kld for kld in WAS])).splitlines()
    assert first.startswith("KL divergence 0.052 nats per token, recorded 0.0317 (+64 %): ")
    assert "shown to be higher; 32 chunks, half of the gain in 14, 16,384 tokens, p " in first
    assert second.startswith("alpha 0.01; rise 0.02 [0.02, 0.02], worth failing above 0.0032")
    assert second.endswith(" would fail at least 8 times in 10")
    assert "rise 0.87, worth" in explain_divergence(evaluated([0.03], [0.9]))


@pytest.mark.parametrize(
    ("factor", "told"),
    [
        (1.0, "as recorded"),
        (1.0001, "as recorded"),
        (1.004, "recorded 0.00323 (unchanged)"),
        (0.996, "recorded 0.00323 (unchanged)"),
        (1.1, "recorded 0.00323 (+10 %)"),
        (0.5, "recorded 0.00323 (-50 %)"),
        (2.0, "recorded 0.00323 (+100 %)"),
        (3.24, "recorded 0.00323 (3.2 times)"),
        (1114.6, "recorded 0.00323 (1,115 times)"),
    ],
)
def test_how_far_from_the_record_is_told_as_one_would_say_it(factor: float, told: str) -> None:
    recorded = [0.00323] * 9
    now = [factor * kld for kld in recorded]
    assert beside_record(evaluated(recorded, now)) == told


def test_no_share_of_nothing() -> None:
    assert beside_record(evaluated([0.0] * 9, [0.1] * 9)) == "recorded 0"
