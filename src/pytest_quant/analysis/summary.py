"""Everything that is derived from a session's measurements, computed once for its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_quant.analysis.confidence import CalibrationRow, calibration_rows
from pytest_quant.analysis.estimates import Estimate
from pytest_quant.analysis.frontier import FrontierPoint, frontier
from pytest_quant.analysis.ladder import Rung, ladder
from pytest_quant.analysis.quality import (
    Degeneration,
    InstructionsKept,
    degeneration,
    instructions_kept,
)
from pytest_quant.analysis.sensitivity import Sensitivity, sensitivity
from pytest_quant.gate.verdicts import Check
from pytest_quant.measurement import Measurement


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


def analyse(
    measurements: Sequence[Measurement],
    checks: Sequence[Check],
    reference: str,
    rungs: Sequence[Rung],
    sensitivity_of: Mapping[str, str],
    divergences: Mapping[str, Estimate],
) -> Analysis:
    """``sensitivity_of`` is what the guide expects of each category; ``divergences`` hold mean KL
    divergences by level.
    """
    steps = ladder(measurements, reference, rungs)
    return Analysis(
        calibration=calibration_rows(measurements, reference),
        sensitivity=sensitivity(steps, checks, sensitivity_of),
        frontier=frontier(steps, divergences),
        instructions=instructions_kept(measurements),
        degeneration=degeneration(measurements),
    )
