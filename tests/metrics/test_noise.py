"""What of a level's divergence is its own noise."""

from __future__ import annotations

import pytest

from pytest_quant.metrics.divergence import Chunk, Divergence
from pytest_quant.metrics.noise import noise_of


def divergence(*chunks: tuple[str, int, float, float]) -> Divergence:
    read = (Chunk(digest, tokens, kld, 1.0, 1.0, top) for digest, tokens, kld, top in chunks)
    return Divergence("q8", "text", "a text", tuple(read), {})


WHOLE = divergence(("a", 10, 0.1, 0.9), ("b", 30, 0.2, 0.8), ("c", 60, 9.0, 0.1))


def test_it_is_told_by_the_chunks_that_both_were_read_on() -> None:
    itself = divergence(("a", 10, 0.05, 1.0), ("b", 30, 0.15, 0.9), ("elsewhere", 5, 7.0, 0.0))
    noise = noise_of(itself, WHOLE, 16)
    assert noise is not None
    assert (noise.batch, noise.tokens) == (16, 40)
    assert noise.kld == pytest.approx((0.5 + 4.5) / 40)
    assert noise.share == pytest.approx((0.5 + 4.5) / (1.0 + 6.0))
    assert noise.same_top == pytest.approx((10 + 27) / 40)


def test_no_share_is_more_than_all_of_it() -> None:
    noise = noise_of(divergence(("a", 10, 0.3, 1.0)), WHOLE, 16)
    assert noise is not None
    assert noise.share == 1.0


def test_a_level_that_is_the_reference_has_no_share() -> None:
    exact = divergence(("a", 10, 0.0, 1.0))
    noise = noise_of(exact, exact, 16)
    assert noise is not None
    assert (noise.kld, noise.share) == (0.0, 0.0)


def test_nothing_in_common_tells_nothing() -> None:
    assert noise_of(divergence(("x", 10, 0.3, 1.0)), WHOLE, 16) is None
