"""Two distributions compared over the whole vocabulary, against scipy in 64 bits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_softmax, rel_entr, softmax

from pytest_quant.metrics.distributions import TOP, compare_logits, joined, split

Logits = npt.NDArray[np.float32]

SHAPES = st.tuples(st.integers(1, 4), st.integers(2, 40))


def logits(shape: tuple[int, int]) -> st.SearchStrategy[Logits]:
    return arrays(np.float32, shape, elements=st.floats(-50, 50, width=32))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Logits, Logits, npt.NDArray[np.int32]]:
    shape = draw(SHAPES)
    targets = draw(arrays(np.int32, shape[0], elements=st.integers(0, shape[1] - 1)))
    return draw(logits(shape)), draw(logits(shape)), targets


@given(pairs())
def test_agrees_with_scipy(pair: tuple[Logits, Logits, npt.NDArray[np.int32]]) -> None:
    base, own, targets = pair
    found = compare_logits(base, own, targets)
    wide, other = base.astype(np.float64), own.astype(np.float64)
    expected = rel_entr(softmax(wide, axis=1), softmax(other, axis=1)).sum(axis=1)
    assert found.kld == pytest.approx(expected, abs=1e-12)
    rows = np.arange(len(targets))
    assert found.nll == pytest.approx(-log_softmax(other, axis=1)[rows, targets], abs=1e-12)
    assert found.base_nll == pytest.approx(-log_softmax(wide, axis=1)[rows, targets], abs=1e-12)
    gained = softmax(other, axis=1)[rows, targets] - softmax(wide, axis=1)[rows, targets]
    assert found.delta == pytest.approx(gained, abs=1e-12)
    assert (found.same_top == (base.argmax(axis=1) == own.argmax(axis=1))).all()


@given(pairs())
def test_is_never_below_zero_and_zero_for_the_same_logits(
    pair: tuple[Logits, Logits, npt.NDArray[np.int32]],
) -> None:
    base, own, targets = pair
    assert (compare_logits(base, own, targets).kld >= 0).all()
    same = compare_logits(base, base.copy(), targets)
    assert not same.kld.any()
    assert not same.delta.any()
    assert same.same_top.all()


@given(pairs(), st.sampled_from([-1000.0, 1e4]))
def test_a_shift_of_all_logits_changes_nothing(
    pair: tuple[Logits, Logits, npt.NDArray[np.int32]], shift: float
) -> None:
    """And does not overflow. What 32 bits lose of shifted logits is not the comparison's doing."""
    base, own, targets = pair
    near = np.round(own * 64) / 64
    found = compare_logits(base, near, targets)
    shifted = compare_logits(base, near + np.float32(shift), targets)
    assert shifted.kld == pytest.approx(found.kld, abs=1e-9)


def test_many_rows_and_threads_give_what_single_rows_give() -> None:
    generator = np.random.default_rng(1)
    base = generator.normal(0, 3, (50, 5000)).astype(np.float32)
    own = base + generator.normal(0, 0.1, base.shape).astype(np.float32)
    targets = generator.integers(0, 5000, 50).astype(np.int32)
    single = joined(
        [compare_logits(base[[i]], own[[i]], targets[[i]]) for i in range(len(targets))]
    )
    for threads in (1, 3):
        found = compare_logits(base, own, targets, threads)
        assert found.kld.tobytes() == single.kld.tobytes()
        assert found.nll.tobytes() == single.nll.tobytes()
    parts = split(single, [20, 1, 29])
    assert [len(part) for part in parts] == [20, 1, 29]
    assert (joined(parts).base_nll == single.base_nll).all()


def test_the_token_that_the_reference_would_choose() -> None:
    base = np.array([[0, 3, 1], [5, 0, 0]], np.float32)
    own = np.array([[9, 0, 0], [0, 9, 0]], np.float32)
    chosen = compare_logits(base, own, np.array([TOP, TOP], np.int32))
    named = compare_logits(base, own, np.array([1, 0], np.int32))
    assert (chosen.nll == named.nll).all()
    assert (chosen.base_nll == named.base_nll).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", [0, 1])
def test_what_is_no_number_is_refused(bad: float, side: int) -> None:
    both = [np.zeros((2, 4), np.float32), np.ones((2, 4), np.float32)]
    both[side][1, 2] = bad
    with pytest.raises(ValueError, match="not a finite number"):
        compare_logits(both[0], both[1], np.zeros(2, np.int32))
