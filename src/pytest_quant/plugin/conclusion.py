"""From what the tests brought to the run record."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping

import pytest_quant
from pytest_quant.analysis.efficiency import Benchmark
from pytest_quant.analysis.guide import read_guide
from pytest_quant.analysis.ladder import Rung
from pytest_quant.analysis.quality import ResponseLikelihood
from pytest_quant.analysis.summary import analyse
from pytest_quant.gate.regression import regression_checks
from pytest_quant.gate.verdicts import Check, level_verdict, pooled_checks
from pytest_quant.measurement import Measurement
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.noise import NoiseFloor
from pytest_quant.plugin.baselines import baseline_uses, divergence_checks, unused_baselines
from pytest_quant.plugin.state import State
from pytest_quant.record import LevelRecord, RunRecord
from pytest_quant.runtimes.protocol import RuntimeInfo


def conclude(
    state: State,
    found: Mapping[str, Measurement],
    runtimes: Mapping[str, RuntimeInfo],
    divergences: Iterable[Divergence],
    noise: Mapping[str, NoiseFloor],
    benchmarks: Mapping[str, Benchmark],
    likelihoods: Mapping[str, ResponseLikelihood],
) -> RunRecord:
    """The record of a session. Nothing in it depends on the order in which tests ended."""
    lineup, budget = state.lineup, state.budget
    assert budget is not None
    measurements = tuple(
        sorted(found.values(), key=lambda m: (lineup.levels.index(m.level), m.nodeid))
    )
    max_cases = state.settings.max_cases
    checks = (
        *pooled_checks(measurements, state.limit, budget, max_cases),
        *(
            Check("probe", m.level, m.nodeid, m.category, state.check(m))
            for m in measurements
            if m.informative
        ),
        *regression_checks(measurements, state.settings.regression_drop, budget, state.turns),
    )
    timed = tuple(benchmarks[name] for name in lineup.artifacts if name in benchmarks)
    distances = tuple(
        sorted(divergences, key=lambda d: (lineup.levels.index(d.level), d.source == "responses"))
    )
    distance_checks = divergence_checks(state, distances)
    tested = {m.level for m in measurements}
    levels = (
        *_recorded_reference(state),
        *(
            LevelRecord(
                name=name,
                recipe=artifact.recipe,
                digest=artifact.digest,
                size=artifact.size,
                bits_per_weight=artifact.bits_per_weight,
                tensor_types=dict(artifact.tensor_types),
                warning=artifact.warning,
                runtime=runtimes.get(name),
                verdict=level_verdict(checks, name, distance_checks) if name in tested else None,
            )
            for name, artifact in lineup.artifacts.items()
        ),
    )
    return RunRecord(
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        version=pytest_quant.__version__,
        model=lineup.model,
        reference=lineup.reference,
        reference_quantized=lineup.reference_quantized,
        reference_recorded=state.recorded_reference is not None,
        alpha=state.settings.alpha,
        selected={"pooled": budget.pooled, "category": budget.category, "probe": budget.probe},
        missing=state.tests - len(measurements),
        levels=levels,
        measurements=measurements,
        checks=checks,
        # That which was found beside the first level: each is of the reference.
        noise=next((noise[level] for level in lineup.levels if level in noise), None),
        analysis=analyse(
            measurements,
            checks,
            distance_checks,
            lineup.reference,
            [
                Rung(level.name, state.guide_level(level.name), level.size, level.bits_per_weight)
                for level in levels
            ],
            read_guide(),
            distances,
            timed,
        ),
        benchmarks=timed,
        likelihoods=tuple(likelihoods[name] for name in lineup.levels if name in likelihoods),
        divergences=distances,
        divergence_checks=distance_checks,
        baselines=baseline_uses(state, measurements, runtimes, distances),
        unused_baselines=unused_baselines(state),
        max_cases=max_cases,
    )


def _recorded_reference(state: State) -> Iterator[LevelRecord]:
    """The reference, if it is not at hand, as the baselines describe it."""
    if known := state.recorded_reference:
        yield LevelRecord(
            name=known.level,
            recipe=known.recipe,
            digest=known.digest,
            size=known.size,
            bits_per_weight=known.bits_per_weight,
            tensor_types=dict(known.tensor_types),
            warning="",
            runtime=None,
            verdict=None,
        )
