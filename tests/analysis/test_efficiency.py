"""Relative latency and memory, from batches and from the benchmark."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.reports.records import measured

from pytest_quant.analysis.efficiency import Benchmark, efficiency
from pytest_quant.analysis.ladder import Rung
from pytest_quant.metrics.measurement import Effort, Measurement

RUNGS = [Rung("f16", "f16", 1000, 16.0), Rung("q4", "q4", 300, 4.9)]


def timed(probe: str, before: float, now: float, tokens: int = 100) -> Measurement:
    return replace(
        measured(probe, "q4", right=10, n=10),
        reference_effort=Effort(100, 100, before),
        level_effort=Effort(100, tokens, now),
    )


def test_the_time_for_a_token_is_compared() -> None:
    reference, q4 = efficiency([timed("a", 2, 1), timed("b", 4, 2)], "f16", RUNGS)
    assert (reference.relative_latency and reference.relative_latency.value) == 1
    assert q4.relative_latency is not None
    assert q4.tokens_per_second is not None
    assert q4.relative_latency.value == q4.relative_latency.upper == pytest.approx(0.5)
    assert q4.tokens_per_second.value == pytest.approx(400 / 3)
    assert (q4.probes, q4.timed_by, q4.relative_size) == (2, "session", 0.3)
    # A level that writes twice as much in twice the time is no slower.
    (_, wordy) = efficiency([timed("a", 2, 3, tokens=200)], "f16", RUNGS)
    assert wordy.relative_latency is not None
    assert wordy.relative_latency.value == pytest.approx(1)


def test_probes_that_disagree_widen_the_bounds() -> None:
    (_, q4) = efficiency([timed(str(i), 2, 1 + i % 2) for i in range(20)], "f16", RUNGS)
    assert q4.relative_latency is not None
    assert q4.relative_latency.lower < 0.72 < 0.78 < q4.relative_latency.upper


def test_what_was_not_measured_says_why() -> None:
    (_, q4) = efficiency([], "f16", RUNGS)
    assert q4.relative_latency is q4.peak_memory is q4.energy_per_token is None
    assert set(q4.not_measured) == {"timings", "peak_memory", "energy"}
    assert "--quant-benchmark" in q4.not_measured["energy"]


def test_the_benchmark_counts_before_the_session() -> None:
    def bench(level: str, seconds: float, memory: int | None, energy: float | None) -> Benchmark:
        return Benchmark(level, (seconds, seconds), 50, 50, memory, "no counter", energy, "no rapl")

    rows = efficiency(
        [timed("a", 2, 1)], "f16", RUNGS, [bench("f16", 2, 800, 4), bench("q4", 0.5, 200, 1)]
    )
    assert [row.timed_by for row in rows] == ["benchmark", "benchmark"]
    q4 = rows[1]
    assert q4.relative_latency is not None
    assert q4.relative_latency.value == 0.25
    assert (q4.peak_memory, q4.relative_memory) == (200, 0.25)
    assert (q4.energy_per_token, q4.relative_energy) == (0.01, 0.25)
    assert q4.not_measured == {}
    (_, without) = efficiency(
        [], "f16", RUNGS, [bench("f16", 2, None, None), bench("q4", 1, None, None)]
    )
    assert without.not_measured == {"peak_memory": "no counter", "energy": "no rapl"}


def test_a_size_that_nobody_tells_has_no_ratio() -> None:
    """Behind a server it may be unknown."""
    for sizes in ((0, 300), (1000, 0), (0, 0)):
        rungs = [replace(rung, size=size) for rung, size in zip(RUNGS, sizes, strict=True)]
        (_, q4) = efficiency([timed("a", 2, 1)], "f16", rungs)
        assert q4.relative_size is None
