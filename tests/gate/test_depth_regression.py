"""A level that moved away from its reference at depth fails; what rounding does there does not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from pytest_quant.gate.baseline import RecordedChunk, recorded_chunks
from pytest_quant.gate.depth_regression import depth_check
from pytest_quant.gate.divergence_regression import DivergenceCheck
from pytest_quant.metrics.depth import stretches
from pytest_quant.metrics.divergence import Chunk

CONTEXTS = (2048, 8192, 131_072)
# Of a session of four levels with baselines.
ALPHA = 0.002


def reading(context: int, spread: float = 0.5, seed: int = 1) -> list[Chunk]:
    """Stretches whose divergences differ as those of real texts do."""
    random = np.random.default_rng(seed)
    return [
        Chunk(f"{start:016x}", end - start, 0.02 * random.lognormal(0, spread), 2, 2, 0.9, start)
        for start, end in stretches(context - 1)
    ]


def raised(chunks: list[Chunk], factor: Callable[[int], float]) -> list[Chunk]:
    return [dataclasses.replace(c, kld=c.kld * factor(c.depth)) for c in chunks]


def check(then: list[Chunk], now: list[Chunk], alpha: float = ALPHA) -> DivergenceCheck:
    found = depth_check("q4", recorded_chunks(then), now, alpha)
    assert found is not None
    return found


@pytest.mark.parametrize("context", CONTEXTS)
def test_the_same_file_passes(context: int) -> None:
    found = check(reading(context), reading(context))
    assert (found.result.verdict, found.result.rise) == ("pass", pytest.approx(0, abs=1e-6))
    assert found.name == "divergence-depth-regression"


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("depth", [512, 1024])
def test_what_shows_only_at_depth_fails_and_is_told_where(context: int, depth: int) -> None:
    then = reading(context)
    random = np.random.default_rng(2)
    now = raised(then, lambda at: random.lognormal(0, 0.2) * (3 if at >= depth else 1))
    found = check(then, now)
    assert found.result.verdict == "fail"
    start = int(found.where.split()[1].replace(",", ""))
    assert start >= depth


def test_a_range_in_the_middle_is_enough() -> None:
    then = reading(8192)
    found = check(then, raised(then, lambda at: 3 if 1024 <= at < 2048 else 1))
    assert (found.result.verdict, found.where) == ("fail", "behind 1,024 to 2,048 tokens")


def test_what_has_risen_by_less_than_half_is_no_failure() -> None:
    then = reading(8192)
    assert check(then, raised(then, lambda _at: 1.4)).result.verdict != "fail"


def test_the_beginning_is_left_to_the_pieces_of_the_text() -> None:
    then = reading(2048)
    assert check(then, raised(then, lambda at: 9 if at < 512 else 1)).result.verdict == "pass"


def test_too_few_stretches_tell_nothing() -> None:
    then = reading(560)
    assert check(then, raised(then, lambda _at: 9)).result.verdict == "inconclusive"


def test_what_was_not_recorded_is_not_compared() -> None:
    other = (RecordedChunk("0" * 15 + "f", 9, 0.1),)
    assert depth_check("q4", other, reading(2048), ALPHA) is None
    assert depth_check("q4", recorded_chunks(reading(511)), reading(511), ALPHA) is None


def harmless(context: int, random: np.random.Generator) -> tuple[list[Chunk], list[Chunk]]:
    """Rounding moves roots, of a whole reading one way, of neighbours alike, and by itself."""
    then = reading(context, seed=int(random.integers(1 << 30)))
    whole = random.normal(0, 0.08)
    ours = random.standard_t(4, len(then)) * 0.1
    alike = np.convolve(random.normal(0, 0.1, len(then) + 2), np.ones(3) / 3**0.5, "valid")
    now = [
        dataclasses.replace(c, kld=c.kld * (1 + move) ** 2)
        for c, move in zip(then, whole + ours + alike, strict=True)
    ]
    return then, now


@pytest.mark.parametrize("context", [2048, 8192])
def test_harmless_changes_fail_no_more_often_than_alpha(context: int) -> None:
    random = np.random.default_rng(7)
    alpha, texts = 0.05, 100
    failed = sum(
        check(*harmless(context, random), alpha).result.verdict == "fail" for _ in range(texts)
    )
    assert failed <= alpha * texts
