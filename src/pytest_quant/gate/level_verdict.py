"""What became of a level: the one place that says so, from everything the session did with it.

Every report and the exit code read this verdict, so that none of them can say something else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pytest_quant.gate.baseline_changes import BaselineUse
from pytest_quant.gate.divergence_regression import DivergenceCheck
from pytest_quant.gate.likelihood_regression import LikelihoodCheck
from pytest_quant.gate.verdicts import Check, is_within
from pytest_quant.metrics.measurement import Measurement

# The worst first. "not compared": asked, and nothing of it says anything; "not asked": no case was
# put to it.
LevelVerdict = Literal["fail", "broken", "not compared", "not asked", "inconclusive", "pass"]
WORST_FIRST: tuple[LevelVerdict, ...] = (
    "fail",
    "broken",
    "not compared",
    "not asked",
    "inconclusive",
    "pass",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A test of a level that ended otherwise than by a verdict of the gate.

    It was ``broken`` (an error, a crash), or a test in Python ``failed``. ``test`` is its node id,
    ``message`` what it said, for a person. ``category`` and ``difficulty`` are those of its probe,
    ``None`` if it is none.
    """

    level: str
    test: str
    kind: Literal["failed", "broken"]
    message: str
    category: str | None = None
    difficulty: int | None = None


def level_verdict(
    level: str,
    measurements: Iterable[Measurement],
    checks: Iterable[Check],
    *,
    divergence_checks: Iterable[DivergenceCheck] = (),
    likelihood_checks: Iterable[LikelihoodCheck] = (),
    problems: Iterable[Problem] = (),
    uses: Iterable[BaselineUse] = (),
    selected: int = 0,
    overall: bool = False,
) -> LevelVerdict:
    """The verdict on a level, of which ``selected`` probes were to be asked; the rest is what is
    known of all levels.

    It fails by any check, by any test in Python, and where less was compared than a required
    baseline holds. It is broken if any test broke. It passes if the tolerance checks of all
    categories do, and every probe that was selected brought something; ``overall``: also the one
    over all probes must.
    """
    mine = [m for m in measurements if m.level == level]
    here = [check for check in checks if check.level == level]
    verdicts = {check.result.verdict for check in here}
    verdicts |= {c.result.verdict for c in divergence_checks if c.level == level}
    verdicts |= {c.result.verdict for c in likelihood_checks if c.level == level}
    kinds = {problem.kind for problem in problems if problem.level == level}
    short = any(use.is_short for use in uses if use.level == level)
    if "fail" in verdicts or "failed" in kinds or short:
        return "fail"
    if "broken" in kinds:
        return "broken"
    if not any(m.cases for m in mine):
        return "not asked"
    tolerance = [c for c in here if c.scope in ("pooled", "category") and c.kind == "tolerance"]
    if not tolerance:
        return "not compared"
    return (
        "pass"
        if len(mine) >= selected and is_within(tolerance, overall=overall)
        else "inconclusive"
    )
