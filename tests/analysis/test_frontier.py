"""Who is on the frontier of size and quality, and the error of a mean over chunks."""

from __future__ import annotations

import random
import statistics

import pytest
from tests.reports.records import measured

from pytest_quant.analysis.estimates import Estimate
from pytest_quant.analysis.frontier import frontier, mean_divergence
from pytest_quant.analysis.ladder import Rung, ladder

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


def test_a_larger_and_worse_level_is_beaten() -> None:
    points = frontier(STEPS, {})
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
    points = frontier(STEPS, {name: Estimate(k, k, k) for name, k in known.items()})
    assert [p.beaten_in_divergence_by for p in points] == [None] * 4
    assert points[0].divergence == Estimate(0, 0, 0)


def test_chunks_are_the_unit_of_error() -> None:
    rng = random.Random(3)
    chunks = [(100, rng.gauss(0.05, 0.01)) for _ in range(50)]
    found = mean_divergence(chunks)
    values = [kld for _, kld in chunks]
    assert found.value == pytest.approx(statistics.mean(values))
    margin = 1.96 * statistics.stdev(values) / 50**0.5
    assert found.upper - found.value == pytest.approx(margin)
    # A long chunk weighs more.
    assert mean_divergence([(300, 0.1), (100, 0.5)]).value == pytest.approx(0.2)
