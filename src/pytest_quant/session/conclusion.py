"""From what a session found to its run record."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from pytest_quant.analysis.guide import read_guide
from pytest_quant.analysis.ladder import Rung
from pytest_quant.analysis.summary import analyse
from pytest_quant.base.version import __version__
from pytest_quant.gate.budget import Budget
from pytest_quant.gate.level_verdict import level_verdict
from pytest_quant.gate.likelihood_regression import likelihood_checks
from pytest_quant.gate.regression import regression_checks
from pytest_quant.gate.verdicts import Check, pooled_checks
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.session.baseline_uses import (
    baseline_uses,
    divergence_checks,
    unused_baselines,
)
from pytest_quant.session.findings import Findings
from pytest_quant.session.session import Session


def conclude(session: Session, found: Findings) -> RunRecord:
    """The record of a session. Nothing in it depends on the order in which tests ended."""
    lineup = session.plan.lineup
    # Without any test that ran, nobody has shared the budget, and there is nothing to check.
    budget = session.budget or Budget(session.plan.settings.alpha, pooled=0, category=0, probe=0)
    places = {name: place for place, name in enumerate(lineup.levels)}
    measurements = tuple(
        sorted(found.measurements.values(), key=lambda m: (places[m.level], m.nodeid))
    )
    max_cases = session.plan.settings.max_cases
    checks = (
        *pooled_checks(measurements, session.plan.limit, budget, max_cases),
        *(
            Check("probe", m.level, m.nodeid, m.category, session.check(m))
            for m in measurements
            if m.informative
        ),
        *regression_checks(
            measurements, session.plan.settings.regression_drop, budget, session.turns
        ),
    )
    timed = tuple(found.benchmarks[name] for name in lineup.artifacts if name in found.benchmarks)
    distances = tuple(
        sorted(
            found.divergences.values(),
            key=lambda d: (lineup.levels.index(d.level), d.source == "responses"),
        )
    )
    distance_checks = divergence_checks(session, distances)
    target_checks = likelihood_checks(measurements, budget)
    uses = baseline_uses(session, measurements, found.runtimes, distances)
    # Of the reference nothing is decided: what fails there fails at every level that needs it.
    problems = tuple(p for p in found.problems if p.level in lineup.levels)
    verdicts = {
        name: level_verdict(
            name,
            measurements,
            checks,
            divergence_checks=distance_checks,
            likelihood_checks=target_checks,
            problems=problems,
            uses=uses,
            selected=session.selected.get(name, 0),
        )
        for name in lineup.levels
    }
    levels = (
        *_recorded_reference(session),
        *(
            LevelRecord(
                name=name,
                recipe=artifact.recipe,
                digest=artifact.digest,
                size=artifact.size,
                bits_per_weight=artifact.bits_per_weight,
                tensor_types=dict(artifact.tensor_types),
                warning=artifact.warning,
                runtime=found.runtimes.get(name),
                selected=session.selected.get(name, 0),
                deselected=session.deselected.get(name, 0),
                verdict=verdicts.get(name),
            )
            for name, artifact in lineup.artifacts.items()
        ),
    )
    return RunRecord(
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        version=__version__,
        model=lineup.model,
        reference=lineup.reference,
        reference_quantized=lineup.reference_quantized,
        reference_recorded=session.plan.recorded_reference is not None,
        alpha=session.plan.settings.alpha,
        selected={"pooled": budget.pooled, "category": budget.category, "probe": budget.probe},
        missing=max(0, sum(session.selected.values()) - len(measurements)),
        levels=levels,
        measurements=measurements,
        checks=checks,
        # That which was found beside the first level: each is of the reference.
        noise=next((found.noise[name] for name in lineup.levels if name in found.noise), None),
        analysis=analyse(
            measurements,
            checks,
            distance_checks,
            lineup.reference,
            [
                Rung(
                    level.name,
                    session.plan.guide_level(level.name),
                    level.size,
                    level.bits_per_weight,
                )
                for level in levels
            ],
            read_guide(),
            distances,
            {name for name, verdict in verdicts.items() if verdict in ("fail", "broken")},
            timed,
        ),
        benchmarks=timed,
        likelihoods=tuple(
            found.likelihoods[name] for name in lineup.levels if name in found.likelihoods
        ),
        divergences=distances,
        divergence_checks=distance_checks,
        likelihood_checks=target_checks,
        baselines=uses,
        unused_baselines=unused_baselines(session),
        max_cases=max_cases,
        problems=problems,
        other_failures=found.other_failures + len(found.problems) - len(problems),
    )


def _recorded_reference(session: Session) -> Iterator[LevelRecord]:
    """The reference, if it is not at hand, as the baselines describe it."""
    if known := session.plan.recorded_reference:
        yield LevelRecord(
            name=known.level,
            recipe=known.recipe,
            digest=known.digest,
            size=known.size,
            bits_per_weight=known.bits_per_weight,
            tensor_types=dict(known.tensor_types),
            warning="",
            runtime=None,
            selected=0,
            verdict=None,
        )
