"""What is read in one go is told by ranges of depth, each twice as deep as the one before."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.metrics.depth import by_depth, range_of, stretches
from pytest_quant.metrics.divergence import Chunk


def reading(tokens: int, kld: float = 0.1) -> list[Chunk]:
    return [
        Chunk(f"{start:016x}", end - start, kld * (1 + range_of(start)), 2.0, 1.0, 0.9, start)
        for start, end in stretches(tokens)
    ]


@pytest.mark.parametrize(
    ("depth", "start"),
    [(0, 0), (511, 0), (512, 512), (1023, 512), (1024, 1024), (2047, 1024), (131_071, 65_536)],
)
def test_where_a_range_begins(depth: int, start: int) -> None:
    assert range_of(depth) == start


@given(st.integers(1, 200_000))
def test_stretches_hold_every_token_once_and_none_is_in_two_ranges(tokens: int) -> None:
    found = stretches(tokens)
    assert [start for start, _ in found] == [0, *(end for _, end in found)][:-1]
    assert found[-1][1] == tokens
    assert all(range_of(start) == range_of(end - 1) for start, end in found)
    # What a record keeps of a reading is bounded, however long that is.
    assert len(found) <= 32 * (1 + math.ceil(math.log2(max(1, tokens / 512))))


@pytest.mark.parametrize(
    ("tokens", "ends"),
    [
        (511, [512]),
        (2047, [512, 1024, 2048]),
        (2999, [512, 1024, 2048, 3000]),
        (131_071, [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072]),
    ],
)
def test_ranges_end_where_the_next_ones_begin(tokens: int, ends: list[int]) -> None:
    found = by_depth(reading(tokens))
    assert [one.end for one in found] == ends
    assert [one.start for one in found] == [0, *ends][:-1]
    assert sum(one.tokens for one in found) == tokens


def test_means_are_over_tokens() -> None:
    chunks = [Chunk("a", 10, 0.1, 1.0, 0.5, 1.0, 0), Chunk("b", 30, 0.5, 3.0, 0.9, 0.6, 10)]
    (found,) = by_depth(chunks)
    assert (found.kld, found.same_top) == pytest.approx((0.4, 0.7))
    assert found.perplexity == pytest.approx(math.exp(2.5))
    assert found.base_perplexity == pytest.approx(math.exp(0.8))


def test_a_perplexity_beyond_all_numbers_is_one() -> None:
    (found,) = by_depth([Chunk("a", 10, 0.1, 1e6, 1e6, 1.0)])
    assert math.isfinite(found.perplexity + found.base_perplexity)
