"""From what a session found to its run record."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence

from pytest_quant.analysis.guide import read_guide
from pytest_quant.analysis.ladder import Rung
from pytest_quant.analysis.summary import analyse
from pytest_quant.base.version import __version__
from pytest_quant.gate.budget import Budget
from pytest_quant.gate.level_verdict import level_verdict
from pytest_quant.gate.likelihood_regression import likelihood_checks
from pytest_quant.gate.python_sets import set_checks, verdict_of_sets
from pytest_quant.gate.regression import regression_checks
from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.divergence import SOURCES
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.record.run import LevelRecord, RunRecord, TimeSpent
from pytest_quant.runtimes import backend
from pytest_quant.runtimes.artifact import Artifact
from pytest_quant.session.baseline_uses import (
    baseline_uses,
    divergence_checks,
    unused_baselines,
)
from pytest_quant.session.findings import Findings
from pytest_quant.session.provenance import file_of, provenance
from pytest_quant.session.python_sets import sets_of
from pytest_quant.session.session import Session
from pytest_quant.session.supply import short_supply


def conclude(session: Session, found: Findings) -> RunRecord:
    """The record of a session. Nothing in it depends on the order in which tests ended."""
    lineup = session.plan.lineup
    # Without any test that ran, nobody has shared the budget, and there is nothing to check.
    budget = session.budget or Budget(session.plan.settings.alpha, pooled=0, category=0, probe=0)
    session.time.has_cut = _is_cut(session, found, len(found.measurements))
    places = {name: place for place, name in enumerate(lineup.levels)}
    measurements = tuple(
        sorted(found.measurements.values(), key=lambda m: (places[m.level], m.nodeid))
    )
    sets = sets_of(found.counted)
    checks = (
        *(_checks(session, measurements, session.budget) if session.budget else ()),
        *set_checks(sets, session.plan.limit, budget),
    )
    timed = tuple(found.benchmarks[name] for name in lineup.artifacts if name in found.benchmarks)
    distances = tuple(
        sorted(
            found.divergences,
            key=lambda d: (lineup.levels.index(d.level), SOURCES.index(d.source)),
        )
    )
    likelihoods = found.likelihoods
    distance_checks = divergence_checks(session, distances)
    # How many right answers were read was not settled beforehand where the clock ended it.
    target_checks = () if session.time.has_cut else likelihood_checks(measurements, budget)
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
            selected=_wanted(session, name, measurements),
            overall=name in session.plan.overall,
        )
        for name in lineup.levels
    }
    told = {name: [c for c in checks if (c.scope, c.level) == ("set", name)] for name in verdicts}
    for name, verdict in verdicts.items():
        if verdict == "not asked" and told[name] and not session.selected.get(name):
            verdicts[name] = verdict_of_sets(told[name])
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
                selected=session.selected.get(name, 0) or len(told.get(name, ())),
                deselected=session.deselected.get(name, 0),
                verdict=verdicts.get(name),
                limits_from=_limits_from(session, name, measurements),
                file=file_of(artifact),
                prompt=session.prompt_form(name),
                source=_source(session, artifact),
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
        sets=sets,
        checks=checks,
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
        likelihoods=tuple(likelihoods[name] for name in lineup.levels if name in likelihoods),
        divergences=distances,
        divergence_checks=distance_checks,
        likelihood_checks=target_checks,
        baselines=uses,
        unused_baselines=unused_baselines(session),
        cases=session.plan.settings.cases,
        max_cases=session.plan.settings.max_cases,
        provenance=provenance(session, read=any(d.is_headline for d in distances)),
        problems=problems,
        other_failures=found.other_failures + len(found.problems) - len(problems),
        stopped=found.stopped or session.time.has_cut,
        time=_time_spent(session),
        # To count cases takes a while, which a session that was given a time does not have.
        supply={} if session.time.is_given else short_supply(session, checks, measurements),
    )


def end_in_order(session: Session, record: RunRecord) -> None:
    """Tell what ran the models that all was asked, unless something broke or was left out."""
    over = record.time is not None and record.time.over
    if not (over or record.stopped or record.missing or record.problems or record.other_failures):
        backend.end_in_order(session.plan.lineup.artifacts.values())


def _is_cut(session: Session, found: Findings, measured: int) -> bool:
    """Whether the clock left something out: it says so of this process, and of others by what is
    missing though nothing broke.
    """
    missing = sum(session.selected.values()) - measured - len(found.problems)
    return session.time.has_cut or (session.time.is_given and missing > 0 and not found.stopped)


def _time_spent(session: Session) -> TimeSpent | None:
    time = session.time
    if time.seconds is None:
        return None
    return TimeSpent(time.seconds, round(time.spent, 1), time.has_cut)


def _wanted(session: Session, level: str, found: Iterable[Measurement]) -> int:
    """How many probes have to bring something of a level: all that were selected, or where the
    clock ended it those that were reached, if there is one of every category.
    """
    mine = [m for m in found if m.level == level]
    reached = {m.category for m in mine}
    if session.time.has_cut and reached >= set(session.by_category.get(level, ())):
        return len(mine)
    return session.selected.get(level, 0)


def _checks(
    session: Session, measurements: Sequence[Measurement], budget: Budget
) -> Iterator[Check]:
    """Those of probes, by themselves and together: against the limits, then against the record."""
    yield from session.pooled_checks(measurements)
    for m in measurements:
        if m.informative:
            yield Check("probe", m.level, m.nodeid, m.category, session.check(m))
    drop = session.plan.settings.regression_drop
    same = [name for name in session.plan.lineup.levels if session.plan.is_recorded_file(name)]
    yield from regression_checks(measurements, drop, budget, session.counting, same)


def _source(session: Session, artifact: Artifact) -> str:
    """The file of a hub that an artifact is, or was quantized from."""
    chosen = session.plan.settings
    path = artifact.path
    if artifact.made_here:
        path = chosen.model or chosen.artifacts.get(session.plan.reference.file_level, path)
    return chosen.fetched.get(path, "")


def _limits_from(session: Session, level: str, found: Iterable[Measurement]) -> str:
    """Whose the limits of a level are, by the categories that tell anything."""
    categories = dict.fromkeys(m.category for m in found if m.level == level and m.informative)
    # Tests in Python have the limit of all probes together.
    return session.plan.limit_sources(level, categories or [None])


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
