"""The divergence over the likeliest tokens, beside that over all of them."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_quant.metrics.distributions import compare_logits
from pytest_quant.metrics.likeliest import KEPT, compare_with, likeliest

TOKENS, VOCABULARY = 40, 300


@pytest.fixture
def logits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    base = (4 * random.standard_normal((TOKENS, VOCABULARY))).astype(np.float32)
    own = (base + 0.3 * random.standard_normal(base.shape)).astype(np.float32)
    return base, own, random.integers(0, VOCABULARY, TOKENS).astype(np.int32)


def test_kept_are_the_likeliest_and_the_rest_together(
    logits: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    base, _, targets = logits
    known = likeliest(base, targets)
    shares = np.exp(base.astype(float))
    shares /= shares.sum(axis=1, keepdims=True)
    assert known.ids.shape == (TOKENS, KEPT)
    assert known.logs.shape == (TOKENS, KEPT + 1)
    for place in range(TOKENS):
        assert known.ids[place].tolist() == np.argsort(-shares[place])[:KEPT].tolist()
        kept = shares[place, known.ids[place]]
        assert np.exp(known.logs[place, :-1].astype(float)) == pytest.approx(kept, rel=5e-3)
        assert np.exp(float(known.logs[place, -1])) == pytest.approx(1 - kept.sum(), rel=5e-3)
    assert known.nll == pytest.approx(-np.log(shares[np.arange(TOKENS), targets]), rel=1e-5)


@pytest.mark.parametrize("kept", [1, 8, 40, VOCABULARY])
def test_the_divergence_is_never_more_than_over_all_tokens(
    kept: int, logits: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    base, own, targets = logits
    exact = compare_logits(base, own, targets)
    found = compare_with(likeliest(base, targets, kept), own, targets)
    # 16 bits of a logarithm round it by a two-thousandth.
    assert (found.kld <= exact.kld + 2e-3).all()
    least = {1: 0.2, 8: 0.5, 40: 0.85, VOCABULARY: 0.99}[kept]
    assert found.kld.mean() > least * exact.kld.mean()
    assert found.nll == pytest.approx(exact.nll)
    assert found.base_nll == pytest.approx(exact.base_nll, rel=1e-5)
    assert found.same_top.tolist() == exact.same_top.tolist()


def test_a_model_is_next_to_no_distance_from_itself(
    logits: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    base, own, targets = logits
    known = likeliest(base, targets)
    assert compare_with(known, base, targets).kld.mean() < 1e-5
    assert compare_with(known, own, targets).kld.mean() > 1e-2


def test_what_is_no_number_is_an_error(
    logits: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    base, own, targets = logits
    own[3, 5] = np.nan
    with pytest.raises(ValueError, match="not a finite number"):
        compare_with(likeliest(base, targets), own, targets)
