"""Who is on the frontier of size and quality, and the error of a mean over chunks."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence

import pytest
from tests.reports.records import measured

from pytest_quant.analysis.frontier import FrontierPoint, frontier
from pytest_quant.analysis.ladder import Rung, ladder
from pytest_quant.metrics.divergence import Chunk, Divergence, Source

SIZES = {"f16": 16, "q8": 8, "q4": 4, "odd": 5}
RUNGS = [Rung(name, name, size, float(size)) for name, size in SIZES.items()]
STEPS = ladder(
    [
        measured("sums", "q8", right=60, lost=1),
        measured("sums", "q4", right=60, lost=5),
        measured("sums", "odd", right=60, lost=10),
    ],
    "f16",
    RUNGS,
)


def divergent(
    level: str, chunks: Sequence[tuple[int, float]], source: Source = "text"
) -> Divergence:
    made = tuple(Chunk("0", tokens, kld, 1.0, 1.0, 1.0) for tokens, kld in chunks)
    return Divergence(level, source, "a text", made, {})


def point(level: str, points: Sequence[FrontierPoint]) -> FrontierPoint:
    return next(point for point in points if point.level == level)


def test_a_larger_and_worse_level_is_beaten() -> None:
    points = frontier(STEPS, [])
    assert [(p.level, p.beaten_in_accuracy_by) for p in points] == [
        ("f16", None),
        ("q8", None),
        ("odd", "q4"),
        ("q4", None),
    ]
    assert points[1].accuracy is not None
    assert points[1].accuracy.value == pytest.approx(100 * 59 / 64)
    assert {point.divergence for point in points} == {None}


def test_divergence_has_a_frontier_of_its_own() -> None:
    known = {"q8": 0.001, "odd": 0.02, "q4": 0.05}
    points = frontier(STEPS, [divergent(name, [(10, kld)]) for name, kld in known.items()])
    assert [p.beaten_in_divergence_by for p in points] == [None] * 4
    assert [p.divergence and p.divergence.value for p in points] == [0, 0.001, 0.02, 0.05]


def test_the_held_text_goes_before_the_responses() -> None:
    both = [divergent("q4", [(10, 0.5)]), divergent("q4", [(10, 0.1)], "responses")]
    for order in (both, both[::-1]):
        found = point("q4", frontier(STEPS, order)).divergence
        assert found is not None
        assert found.value == 0.5


def test_chunks_are_the_unit_of_error() -> None:
    rng = random.Random(3)
    chunks = [(100, rng.gauss(0.05, 0.01)) for _ in range(50)]
    found = point("q4", frontier(STEPS, [divergent("q4", chunks)])).divergence
    assert found is not None
    values = [kld for _, kld in chunks]
    assert found.value == pytest.approx(statistics.mean(values))
    assert found.upper - found.value == pytest.approx(1.96 * statistics.stdev(values) / 50**0.5)
    # A long chunk weighs more.
    uneven = point("q4", frontier(STEPS, [divergent("q4", [(300, 0.1), (100, 0.5)])])).divergence
    assert uneven is not None
    assert uneven.value == pytest.approx(0.2)
