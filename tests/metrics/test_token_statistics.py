"""The statistics of a text: llama.cpp's values, and errors that know that chunks are clusters."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from pytest_quant.metrics.distributions import TokenStatistics, joined
from pytest_quant.metrics.divergence import (
    DELTA_PERCENTILES,
    KLD_PERCENTILES,
    STATISTICS,
    Statistic,
)
from pytest_quant.metrics.token_statistics import _Sample, chunk_of, summarize

Floats = npt.NDArray[np.float64]


def drawn(generator: np.random.Generator, chunks: int, tokens: int) -> list[TokenStatistics]:
    """Chunks whose tokens have something in common, unlike those of other chunks."""
    found = []
    for _ in range(chunks):
        common = generator.normal(0, 0.5)
        base = np.exp(generator.normal(common - 1, 0.5, tokens))
        nll = base * np.exp(generator.normal(common / 5, 0.1, tokens))
        kld = np.exp(generator.normal(common - 5, 1, tokens))
        found.append(TokenStatistics(kld, nll, base, generator.random(tokens) < 0.9))
    return found


@pytest.fixture
def chunks() -> list[TokenStatistics]:
    return drawn(np.random.default_rng(2), 12, 40)


def values(statistics: dict[str, Statistic]) -> dict[str, float]:
    return {name: statistic.value for name, statistic in statistics.items()}


def test_the_values_are_those_of_llama_cpp(chunks: list[TokenStatistics]) -> None:
    """Its formulas, as its perplexity tool has them."""
    tokens = joined(chunks)
    delta = np.exp(-tokens.nll) - np.exp(-tokens.base_nll)
    own, base = tokens.nll.mean(), tokens.base_nll.mean()
    covariance = (tokens.nll * tokens.base_nll).mean() - own * base
    spread = tokens.nll.std() * tokens.base_nll.std()
    ordered, changes = np.sort(tokens.kld), np.sort(delta)

    def percentile(sorted_values: Floats, fraction: float) -> float:
        place = fraction * (len(sorted_values) - 1)
        low = int(place)
        high = min(low + 1, len(sorted_values) - 1)
        return float((1 - place + low) * sorted_values[low] + (place - low) * sorted_values[high])

    assert values(summarize(chunks)) == pytest.approx(
        {
            "Mean PPL(Q)": math.exp(own),
            "Mean PPL(base)": math.exp(base),
            "Cor(ln(PPL(Q)), ln(PPL(base)))": 100 * covariance / spread,
            "Mean ln(PPL(Q)/PPL(base))": own - base,
            "Mean PPL(Q)/PPL(base)": math.exp(own - base),
            "Mean PPL(Q)-PPL(base)": math.exp(own) - math.exp(base),
            "Mean KLD": tokens.kld.mean(),
            "Maximum KLD": ordered[-1],
            **{name: percentile(ordered, p) for name, p in KLD_PERCENTILES.items()},
            "Minimum KLD": ordered[0],
            "Mean Δp": 100 * delta.mean(),
            "Maximum Δp": 100 * changes[-1],
            **{name: 100 * percentile(changes, p) for name, p in DELTA_PERCENTILES.items()},
            "Minimum Δp": 100 * changes[0],
            "RMS Δp": 100 * math.sqrt((delta**2).mean()),
            "Same top p": 100 * tokens.same_top.mean(),
        },
        rel=1e-9,
    )


def test_the_names_are_those_of_llama_cpp(chunks: list[TokenStatistics]) -> None:
    assert tuple(summarize(chunks)) == STATISTICS
    assert len(STATISTICS) == 6 + 12 + 15 + 1
    assert [*KLD_PERCENTILES] == [
        "99.9% KLD", "99.0% KLD", "95.0% KLD", "90.0% KLD", "Median KLD",
        "10.0% KLD", "5.0% KLD", "1.0% KLD", "0.1% KLD",
    ]  # fmt: skip
    assert KLD_PERCENTILES["Median KLD"] == DELTA_PERCENTILES["Median Δp"] == 0.5


def test_every_error_is_the_spread_of_the_statistic_over_samples() -> None:
    """As simulated: 300 texts, drawn like the one whose errors are looked at."""
    generator = np.random.default_rng(3)
    found = [summarize(drawn(generator, 40, 25)) for _ in range(300)]
    for name in STATISTICS:
        if found[0][name].error is None:
            continue
        spread = float(np.std([one[name].value for one in found]))
        told = float(np.median([one[name].error for one in found]))
        assert 0.75 * spread < told < 1.25 * spread, name


def test_intervals_of_percentiles_hold_what_they_should() -> None:
    """The truth comes from one long text."""
    generator = np.random.default_rng(4)
    truth = values(summarize(drawn(generator, 20_000, 25)))
    found = [summarize(drawn(generator, 40, 25)) for _ in range(200)]
    assert all(one["99.9% KLD"].high is None for one in found)
    for name in ("95.0% KLD", "Median KLD", "5.0% KLD", "25.0% Δp"):
        held = [
            one[name].low <= truth[name] <= one[name].high  # type: ignore[operator]
            for one in found
        ]
        assert np.mean(held) >= 0.9, name


def text_of(kind: str, generator: np.random.Generator, chunks: int, tokens: int) -> Floats:
    """Divergences by chunk and token, of which a few tokens carry much."""
    found = generator.gamma(0.3, 1, (chunks, tokens))
    if kind == "some chunks carry more":
        return found * np.exp(generator.normal(0, 1, (chunks, 1)))
    if kind == "some chunks have bursts":
        hot = generator.random((chunks, 1)) < 0.2
        return np.where(hot & (generator.random(found.shape) < 0.03), 50 * found, found)
    return found


@pytest.mark.parametrize(
    "kind", ["tokens are alone", "some chunks carry more", "some chunks have bursts"]
)
@pytest.mark.parametrize(("chunks", "tokens"), [(8, 60), (8, 250), (40, 100)])
def test_a_percentile_has_an_end_only_where_there_are_tokens_for_it(
    kind: str, chunks: int, tokens: int
) -> None:
    """Simulated: where an end is told it holds, and where it would not, none is."""
    generator, texts = np.random.default_rng(9), 100
    shares = {"99.9% KLD": 0.999, "99.0% KLD": 0.99, "90.0% KLD": 0.9}
    far = np.quantile(text_of(kind, generator, 4000, 100), [*shares.values()])
    truth = dict(zip(shares, far, strict=True))
    told, beyond = dict.fromkeys(shares, 0), dict.fromkeys(shares, 0)
    for _ in range(texts):
        sample = _Sample(np.repeat(np.arange(chunks), tokens))
        values = text_of(kind, generator, chunks, tokens).ravel()
        for name, share in shares.items():
            found = sample.percentile(values, share)
            assert found.low is not None
            below = truth[name] < found.low
            beyond[name] += below
            if found.high is not None:
                told[name] += 1
                beyond[name] += truth[name] > found.high
    assert told["99.9% KLD"] == 0  # of 4000 tokens at most
    # Both ends together, of at most 10 % of texts; binomial noise on top.
    assert all(count <= 13 for count in beyond.values()), beyond
    if kind == "tokens are alone":
        assert told["90.0% KLD"] == texts


def test_tokens_of_a_chunk_count_as_one_if_they_are_all_alike() -> None:
    """A chunk that only repeats itself says no more than its first token."""
    tokens = drawn(np.random.default_rng(5), 30, 1)
    repeated = [joined([one] * 50) for one in tokens]
    once, often = summarize(tokens), summarize(repeated)
    for name in STATISTICS:
        if (error := once[name].error) is not None:
            assert often[name].error == pytest.approx(error, rel=1e-6, abs=1e-9), name
    wide, narrow = once["90.0% KLD"], often["90.0% KLD"]
    assert wide.low is not None
    assert narrow.low == pytest.approx(wide.low, rel=0.3)


def test_a_single_chunk_tells_no_error(chunks: list[TokenStatistics]) -> None:
    for statistic in summarize(chunks[:1]).values():
        assert (statistic.error, statistic.low, statistic.high) == (None, None, None)


def test_what_is_the_same_everywhere_is_no_reason_to_stumble() -> None:
    same = TokenStatistics(np.zeros(3), np.ones(3), np.ones(3), np.ones(3, np.bool_))
    found = summarize([same, same])
    assert found["Mean KLD"] == Statistic(0.0, 0.0)
    assert found["RMS Δp"] == Statistic(0.0, 0.0)
    assert found["99.9% KLD"] == Statistic(0.0)
    assert all(math.isfinite(statistic.value) for statistic in found.values())


def test_a_level_that_knows_nothing_has_a_finite_perplexity() -> None:
    lost = TokenStatistics(np.ones(2), np.full(2, 1e5), np.ones(2), np.zeros(2, np.bool_))
    assert math.isfinite(summarize([lost, lost])["Mean PPL(Q)"].value)


def test_a_chunk_has_the_means_of_its_tokens(chunks: list[TokenStatistics]) -> None:
    chunk = chunk_of("0" * 16, chunks[0])
    assert chunk.tokens == 40
    assert chunk.kld == pytest.approx(chunks[0].kld.mean())
    assert chunk.nll == pytest.approx(chunks[0].nll.mean())
    assert chunk.same_top == chunks[0].same_top.mean()
