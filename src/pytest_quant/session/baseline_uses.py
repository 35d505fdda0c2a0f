"""What this session shows beside what is recorded: changes, coverage, divergence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pytest_quant.base.version import __version__
from pytest_quant.gate.baseline import Baseline
from pytest_quant.gate.baseline_changes import (
    BaselineUse,
    Changes,
    Coverage,
    DivergenceUse,
    changes,
    coverage,
    likelihood_use,
)
from pytest_quant.gate.depth_regression import depth_check
from pytest_quant.gate.divergence_regression import (
    DivergenceCheck,
    behaves_like,
    evaluate_divergence,
    mean_over,
)
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.runtimes.backend import backend_of
from pytest_quant.runtimes.protocol import RuntimeInfo
from pytest_quant.session.baselines import recorded_artifact, shown_path
from pytest_quant.session.session import Session


def changes_since(
    session: Session, baseline: Baseline, runtime: RuntimeInfo | None, covered: Coverage
) -> Changes:
    """What differs between a baseline and what this session measured at its level."""
    artifact = session.plan.lineup.artifacts[baseline.level]
    backend = backend_of(artifact.path)
    contents = backend.contents(artifact, session.plan.settings.cache_dir)
    return changes(
        baseline,
        recorded_artifact(artifact, runtime, contents),
        session.plan.recorded_reference
        or recorded_artifact(session.plan.lineup.artifacts[session.plan.reference.name], None),
        session.prompt_form(baseline.level),
        __version__,
        covered,
    )


def baseline_uses(
    session: Session,
    measurements: Sequence[Measurement],
    runtimes: Mapping[str, RuntimeInfo],
    divergences: Sequence[Divergence],
) -> tuple[BaselineUse, ...]:
    """What became of the baseline of each tested level; nothing while they are recorded anew."""
    if session.plan.settings.update != "no":
        return ()
    return tuple(
        replace(
            _use(
                session, level, [m for m in measurements if m.level == level], runtimes.get(level)
            ),
            diverges=_lower_level(session, level, divergences),
            divergence=_divergence_use(session, session.plan.baseline(level), level, divergences),
        )
        for level in session.plan.tested
    )


def _divergence_use(
    session: Session, baseline: Baseline | None, level: str, divergences: Sequence[Divergence]
) -> DivergenceUse:
    """Whether all that is recorded of the held text was read again, piece by piece and at depth.

    Without the reference that is what the record holds of its predictions. Responses come and go
    with the probes that are asked.
    """
    if not (baseline and baseline.divergences):
        return "not recorded"
    sources = session.plan.sources_of(baseline.divergences)
    held = {"text" if "text" in sources else "recorded", *sources & {"depth"}}
    recorded = [{c.digest for c in baseline.divergences.get(source, ())} for source in held]
    found = (d for d in divergences if d.level == level and d.source in held)
    now = {chunk.digest for divergence in found for chunk in divergence.chunks}
    return "compared" if all(one and one <= now for one in recorded) else "not measured"


def _use(
    session: Session, level: str, measured: Sequence[Measurement], runtime: RuntimeInfo | None
) -> BaselineUse:
    baseline, path = session.plan.baseline(level), shown_path(session.plan.baselines.path(level))
    required = session.plan.settings.require_baseline
    if baseline is None:
        return BaselineUse(level, path, found=False, required=required)
    covered = coverage(baseline, measured, session.files.is_gone)
    return BaselineUse(
        level,
        path,
        found=True,
        required=required,
        created=baseline.created,
        created_by=baseline.created_by,
        version=baseline.version,
        coverage=covered,
        changes=changes_since(session, baseline, runtime, covered),
        likelihood=likelihood_use(baseline, measured),
    )


def divergence_checks(
    session: Session, divergences: Sequence[Divergence]
) -> tuple[DivergenceCheck, ...]:
    """Each level's divergence held against the recorded one, where there is one."""
    checks: list[DivergenceCheck | None] = []
    # Where there was no time to measure it, all may be noise, as far as is known.
    unknown = 1.0 if session.time.is_given else 0.0
    for found in divergences:
        baseline = session.plan.baseline(found.level)
        if baseline is None or found.source not in baseline.divergences:
            continue
        assert session.budget is not None
        recorded, alpha = baseline.divergences[found.source], session.budget.alpha_for("pooled")
        if found.source == "depth":
            checks.append(depth_check(found.level, recorded, found.chunks, alpha))
            continue
        noise = found.noise.share if found.noise else unknown
        result = evaluate_divergence(recorded, found.chunks, alpha, noise=noise)
        checks.append(DivergenceCheck(found.level, found.source, result) if result else None)
    return tuple(check for check in checks if check)


def _lower_level(session: Session, level: str, divergences: Sequence[Divergence]) -> str:
    """The recorded level of fewer bits that a file diverges like on the held text, or empty."""
    for found in divergences:
        if found.level != level or not found.is_headline:
            continue
        digests = [chunk.digest for chunk in found.chunks]
        recorded = {}
        for other in session.plan.baselines.others(level):
            mean = mean_over(other.divergences.get(found.source, ()), digests)
            if mean is not None:
                recorded[other.level] = (mean, other.artifact.bits_per_weight)
        mean = mean_over(found.chunks, digests)
        bits = session.plan.lineup.artifacts[level].bits_per_weight
        return behaves_like(mean, bits, recorded) if mean is not None else ""
    return ""


def unused_baselines(session: Session) -> tuple[str, ...]:
    """The recorded levels of the model that this session does not test."""
    return tuple(
        name for name in session.plan.baselines.levels() if name not in session.plan.tested
    )
