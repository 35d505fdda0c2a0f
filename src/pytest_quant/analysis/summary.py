"""Everything that is derived from a session's measurements, computed once for its record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pytest_quant.analysis.abilities import Ability, abilities
from pytest_quant.analysis.case_studies import CaseStudy, case_studies
from pytest_quant.analysis.confidence import CalibrationRow, calibration_rows
from pytest_quant.analysis.deployment import Deployment, deployment
from pytest_quant.analysis.efficiency import Benchmark, EfficiencyRow, efficiency
from pytest_quant.analysis.frontier import FrontierPoint, frontier
from pytest_quant.analysis.guide import Guide
from pytest_quant.analysis.ladder import Rung, ladder
from pytest_quant.analysis.quality import (
    CutAnswers,
    Degeneration,
    InstructionsKept,
    cut_answers,
    degeneration,
    instructions_kept,
)
from pytest_quant.analysis.resilience import Resilience, resilience
from pytest_quant.analysis.sensitivity import Sensitivity, sensitivity
from pytest_quant.gate.divergence_regression import DivergenceCheck
from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.measurement import Measurement


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a session tells besides right and wrong. Every bound is two-sided at 95 %, unless its
    field says otherwise; an empty section had nothing to say.
    """

    calibration: tuple[CalibrationRow, ...]
    sensitivity: Sensitivity
    frontier: tuple[FrontierPoint, ...]
    instructions: tuple[InstructionsKept, ...]
    degeneration: tuple[Degeneration, ...]
    efficiency: tuple[EfficiencyRow, ...]
    case_studies: tuple[CaseStudy, ...]
    deployment: Deployment
    abilities: tuple[Ability, ...] = ()
    cut: tuple[CutAnswers, ...] = ()
    resilience: Resilience = field(default_factory=Resilience)


def analyse(
    measurements: Sequence[Measurement],
    checks: Sequence[Check],
    divergence_checks: Sequence[DivergenceCheck],
    reference: str,
    rungs: Sequence[Rung],
    guide: Guide,
    divergences: Sequence[Divergence],
    held_back: Collection[str],
    benchmarks: Sequence[Benchmark] = (),
) -> Analysis:
    """``held_back`` levels failed or broke; ``benchmarks`` are those of this session, if any."""
    diverged = {check.level for check in divergence_checks if check.result.verdict == "fail"}
    # Most bits first, like everything that is derived from the ladder.
    rungs = sorted(rungs, key=lambda r: (-r.bits_per_weight, r.level != reference, r.level))
    steps = ladder(measurements, reference, rungs)
    return Analysis(
        calibration=calibration_rows(measurements, reference),
        sensitivity=sensitivity(steps, checks, diverged, guide),
        frontier=frontier(steps, divergences),
        instructions=instructions_kept(measurements),
        degeneration=degeneration(measurements),
        efficiency=efficiency(measurements, reference, rungs, benchmarks),
        case_studies=case_studies(measurements, reference, rungs, guide.tables),
        deployment=deployment(checks, held_back, reference, rungs, guide.scenarios),
        abilities=abilities(measurements),
        cut=cut_answers(measurements),
        resilience=resilience(measurements, guide.lists),
    )
