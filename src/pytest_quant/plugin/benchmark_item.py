"""One benchmark for each level, timed by pytest-benchmark with all of its options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.plugin.properties import set_properties

if TYPE_CHECKING:
    from pytest_quant.analysis.efficiency import Benchmark
    from pytest_quant.session.session import Session

_FOLDER = "quant-benchmark"


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


def benchmark_items(parent: pytest.Session, session: Session) -> Iterator[BenchmarkItem]:
    """An item for the reference and each level, if ``--quant-benchmark`` was given."""
    plan = session.plan
    rounds = plan.settings.benchmark
    if rounds is None:
        return
    folder = _Benchmarks.from_parent(parent, name=_FOLDER, nodeid=_FOLDER)
    at_hand = [] if plan.recorded_reference else [plan.reference.name]
    for level in (*at_hand, *plan.tested):
        yield BenchmarkItem.from_parent(
            folder, name=f"generate[{level}]", callobj=_timed(session, level, rounds), level=level
        )


def _timed(session: Session, level: str, rounds: int) -> Any:
    """A test function of that level; pytest-benchmark's fixture drives it."""

    def generate(benchmark: Any, request: pytest.FixtureRequest) -> None:
        from pytest_quant.session.benchmark import time_level

        set_properties(request.node, [("quant_level", level)])
        request.node.benchmark = None
        if not benchmark.enabled:
            pytest.skip("pytest-benchmark is switched off; it is under -n, where nothing is quiet")

        def timer(run: Callable[[], Any]) -> tuple[float, ...]:
            benchmark.pedantic(run, rounds=rounds)
            return tuple(benchmark.stats.stats.data)

        if session.time.is_over:
            pytest.skip("not timed: the time was over (--quant-time)")
        found = time_level(session, level, rounds, timer)
        request.node.benchmark = found
        tokens = found.prompt_tokens + found.new_tokens
        benchmark.extra_info.update(
            level=level,
            prompt_tokens=found.prompt_tokens,
            new_tokens=found.new_tokens,
            tokens_per_second=tokens * len(found.rounds) / sum(found.rounds),
            peak_memory_bytes=found.peak_memory,
            joules_per_round=found.energy,
        )

    return generate
