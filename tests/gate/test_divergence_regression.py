"""A level that moved away from its reference fails; noise, and a move back, do not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_rel

from pytest_quant.gate.baseline import RecordedChunk
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


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [(0.5, "pass"), (1.0, "pass"), (1.05, "pass"), (1.2, "fail"), (2.0, "fail"), (1000.0, "fail")],
)
def test_verdicts(factor: float, verdict: str) -> None:
    result = evaluated(WAS, [factor * kld for kld in WAS])
    assert result.verdict == verdict
    assert result.now == pytest.approx(factor * result.recorded)
    assert result.chunks == 32
    assert result.tokens == 32 * 512


ROUNDING = 1e-3  # of the root of a chunk's divergence: as other batches move a q8


def rounded(klds: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The same chunks on another machine; rounding has heavier tails than normal errors."""
    return (np.sqrt(klds) + ROUNDING * random.standard_t(3, klds.shape)) ** 2


def spread_over(few: int, rise: float, random: np.random.Generator) -> tuple[list[float], ...]:
    """Chunks of a sound q8, and a mean that is higher by a share, all of it in a few of them."""
    was = 4e-4 * random.lognormal(0, 1, 91)
    now = was.copy()
    now[random.choice(len(was), few, replace=False)] += rise * was.sum() / few
    return rounded(was, random).tolist(), rounded(now, random).tolist()


@pytest.mark.parametrize("few", [1, 2, 5, 10, 20, 45, 91])
def test_a_quarter_more_is_seen_however_it_is_spread(few: int) -> None:
    random = np.random.default_rng(23)
    found = [evaluated(*spread_over(few, 0.25, random), 0.003) for _ in range(200)]
    # The rounding of both sides makes some of the rises smaller than they were planted.
    seen = [one.verdict == "fail" for one in found if one.rise >= 0.25 * one.recorded]
    assert len(seen) > 50
    assert np.mean(seen) >= 0.95


def test_who_carries_a_rise_is_told() -> None:
    result = evaluated(WAS, [*WAS[:-1], WAS[-1] + 0.5])
    assert (result.verdict, result.carriers) == ("fail", 1)
    assert "32 chunks, half of the gain in 1, " in explain_divergence(result)


@pytest.mark.parametrize("count", [8, 16, 91])
@pytest.mark.parametrize("alpha", [0.05, 0.006])
def test_rounding_fails_no_more_often_than_alpha(count: int, alpha: float) -> None:
    random = np.random.default_rng(29)
    failed = 0
    for _ in range(1000):
        klds = 4e-4 * random.lognormal(0, 1, count)
        failed += (
            evaluated(rounded(klds, random).tolist(), rounded(klds, random).tolist(), alpha).verdict
            == "fail"
        )
    assert failed / 1000 <= alpha + 3 * math.sqrt(alpha / 1000)


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


def test_of_equal_chunks_it_is_the_paired_t_test_at_half_of_alpha() -> None:
    generator = np.random.default_rng(3)
    was = generator.lognormal(-4, 0.5, 20)
    now = was * generator.lognormal(0.05, 0.2, 20)
    expected = ttest_rel(now, was, alternative="greater")
    result = evaluated(was.tolist(), now.tolist(), 0.05)
    assert result.p == pytest.approx(2 * expected.pvalue)
    assert result.lower == pytest.approx(expected.confidence_interval(0.95).low)


def test_chunks_count_by_their_tokens() -> None:
    was = (RecordedChunk("a", 900, 0.1), RecordedChunk("b", 100, 0.5))
    result = evaluate_divergence(was, was, 0.05)
    assert result is not None
    assert result.recorded == pytest.approx(0.14)


@pytest.mark.parametrize("spread", [0.02, 0.1, 0.3])
def test_noise_from_chunk_to_chunk_fails_no_more_often_than_alpha(spread: float) -> None:
    generator = np.random.default_rng(17)
    failed = 0
    for _ in range(2000):
        now = np.array(WAS) * generator.lognormal(-(spread**2) / 2, spread, len(WAS))
        failed += evaluated(WAS, now.tolist(), 0.05).verdict == "fail"
    assert failed / 2000 <= 0.05 + 3 * math.sqrt(0.05 / 2000)


def test_a_quarter_more_is_seen_through_the_noise() -> None:
    generator = np.random.default_rng(19)
    now = (np.array(WAS) * 1.25 * generator.lognormal(-0.02, 0.2, (500, len(WAS)))).tolist()
    failed = [evaluated(WAS, klds).verdict == "fail" for klds in now]
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
    was = np.array(WAS)
    spread = 0.2 * was.mean()
    one = evaluated(WAS, (was + spread * generator.standard_normal(len(was))).tolist())
    assert one.detectable is not None
    moved = one.detectable + spread * generator.standard_normal((1000, len(was)))
    failed = [evaluated(WAS, (was + gains).tolist()).verdict == "fail" for gains in moved]
    assert 0.7 < np.mean(failed) < 0.97


def test_the_explanation_holds_every_number() -> None:
    first, second = explain_divergence(evaluated(WAS, [1.64 * kld for kld in WAS])).splitlines()
    assert first.startswith("KL divergence 0.052 nats per token, recorded 0.0317 (+64 %): ")
    assert "shown to be higher; 32 chunks, half of the gain in 14, 16,384 tokens, p " in first
    assert second.startswith("alpha 0.01; rise 0.02 [0.019, 0.022], worth failing above 0.0032")
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
