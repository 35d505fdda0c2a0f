"""One benchmark for each level, timed by pytest-benchmark with all of its options.

The cache of responses takes no part: every round generates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.plugin.properties import set_properties

if TYPE_CHECKING:
    from pytest_quant.analysis.efficiency import Benchmark
    from pytest_quant.plugin.state import State

_FOLDER = "quant-benchmark"
# Something to read and room to answer, the same for every model.
_PROMPTS = (
    "Tell a story about a lighthouse and the people who live beside it.",
    "Explain how bread is made, from the field to the table.",
    "Which planets have rings, and what are these made of?",
    "List ten things to see to before a long journey, the most important first.",
    "What is 17 times 24? Show each step.",
    "Describe a busy market in the morning, with its sounds and smells.",
    "Why do ships of steel float? Answer for a child of ten.",
    "Write a short letter that thanks a neighbour for watering the plants.",
)
_NEW_TOKENS = 64


def check_available(config: pytest.Config) -> None:
    """Raises ``QuantUsageError`` if the plugin that times is not there."""
    if not config.pluginmanager.hasplugin("benchmark"):
        raise QuantUsageError(
            "--quant-benchmark needs pytest-benchmark, which is not installed or switched off; "
            "install it: pip install 'pytest-quant[benchmark]'"
        )


class _Benchmarks(pytest.Collector):
    """Gives the benchmarks their place in node ids."""

    def collect(self) -> list[pytest.Item]:
        return []


class BenchmarkItem(pytest.Function):
    """Times one level alone; ``benchmark`` is what came of it."""

    def __init__(self, *, level: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.level = level
        self.benchmark: Benchmark | None = None


def benchmark_items(session: pytest.Session, state: State) -> Iterator[BenchmarkItem]:
    """An item for the reference and each level, if ``--quant-benchmark`` was given."""
    rounds = state.settings.benchmark
    if rounds is None:
        return
    parent = _Benchmarks.from_parent(session, name=_FOLDER, nodeid=_FOLDER)
    at_hand = [] if state.recorded_reference else [state.reference.name]
    for level in (*at_hand, *state.tested):
        item = BenchmarkItem.from_parent(
            parent, name=f"generate[{level}]", callobj=_timed(state, level, rounds), level=level
        )
        yield item


def _timed(state: State, level: str, rounds: int) -> Any:
    """A test function of that level; pytest-benchmark's fixture drives it."""

    def generate(benchmark: Any, request: pytest.FixtureRequest) -> None:
        set_properties(request.node, [("quant_level", level)])
        request.node.benchmark = None
        if not benchmark.enabled:
            pytest.skip("pytest-benchmark is switched off; it is under -n, where nothing is quiet")
        # Held models would count as this level's memory.
        state.bench.close()
        request.node.benchmark = run(state, level, rounds, benchmark)

    return generate


def run(state: State, level: str, rounds: int, fixture: Any) -> Benchmark:
    """Open a level, time ``rounds`` rounds of generating with it, and close it."""
    from pytest_quant.analysis.efficiency import Benchmark
    from pytest_quant.runtimes.protocol import Limits
    from pytest_quant.session.machine import (
        NotCounted,
        forget_peak_memory,
        joules_between,
        peak_memory,
        read_energy,
    )

    why_no_memory = why_no_energy = ""
    peak = None
    try:
        forget_peak_memory()
    except NotCounted as error:
        why_no_memory = str(error)
    runtime = state.open_level(level)
    try:
        # The first batch makes the context and is not timed.
        batch = runtime.generate(_PROMPTS, Limits(_NEW_TOKENS))
        energy = None
        try:
            start = read_energy()
        except NotCounted as error:
            why_no_energy = str(error)
        fixture.pedantic(runtime.generate, args=(_PROMPTS, Limits(_NEW_TOKENS)), rounds=rounds)
        if not why_no_energy:
            energy = joules_between(start, read_energy()) / rounds
        if not why_no_memory:
            peak = peak_memory()
    finally:
        runtime.close()
    read = sum(response.prompt_tokens for response in batch.responses)
    written = sum(len(response.tokens) for response in batch.responses)
    times = tuple(fixture.stats.stats.data)
    fixture.extra_info.update(
        level=level,
        prompt_tokens=read,
        new_tokens=written,
        tokens_per_second=(read + written) * len(times) / sum(times),
        peak_memory_bytes=peak,
        joules_per_round=energy,
    )
    return Benchmark(level, times, read, written, peak, why_no_memory, energy, why_no_energy)
