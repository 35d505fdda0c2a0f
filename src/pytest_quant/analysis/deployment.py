"""Which level to deploy where, by what this session measured and by nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_quant.analysis.ladder import Rung
from pytest_quant.analysis.sensitivity import passed_levels
from pytest_quant.base.amounts import counted
from pytest_quant.gate.verdicts import Check

LIMITS = (
    "Holds for cases like those of the probes asked here, and for the limits of this session. "
    "Memory, speed and heat on the target, and anything that no probe asks, were not measured."
)


@dataclass(frozen=True, slots=True)
class Advice:
    """For one scenario and category (``None``: all probes), the smallest level that passed.

    Only levels that the guide names for the scenario (``candidates``, those of this session among
    them) are considered. ``level`` is ``None`` if none of them passed here without failing
    elsewhere; ``size`` in bytes.
    ``evidence`` says in words what it rests on, or why there is none.
    """

    scenario: str
    category: str | None
    candidates: tuple[str, ...]
    level: str | None
    size: int | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """``limits`` says what all advice leaves open."""

    advice: tuple[Advice, ...]
    limits: str


def deployment(
    checks: Sequence[Check],
    failed: Collection[str],
    reference: str,
    rungs: Iterable[Rung],
    scenarios: Mapping[str, Sequence[str]],
) -> Deployment:
    """``scenarios`` maps a scenario to the guide's levels for it; ``failed`` are the levels that
    failed or broke.
    """
    tested = sorted((r for r in rungs if r.level != reference), key=lambda r: (r.size, r.level))
    judged = [c for c in checks if c.scope in ("pooled", "category")]
    subjects = [None, *sorted({c.category for c in judged if c.category is not None})]
    return Deployment(
        tuple(
            _advice(scenario, subject, wanted, judged, failed, tested)
            for scenario, wanted in scenarios.items()
            for subject in subjects
        ),
        LIMITS,
    )


def _advice(
    scenario: str,
    category: str | None,
    wanted: Sequence[str],
    checks: Sequence[Check],
    failed: Collection[str],
    tested: Iterable[Rung],
) -> Advice:
    rungs = [rung for rung in tested if rung.guide_level in wanted]
    mine = {c.level: c for c in checks if c.category == category and c.kind == "tolerance"}
    shown = passed_levels(checks, category, failed)
    found = [(rung, mine[rung.level]) for rung in rungs if rung.level in mine]
    passed = [(rung, check) for rung, check in found if rung.level in shown]
    candidates = tuple(rung.level for rung in rungs)
    if passed:
        rung, check = passed[0]
        smaller = [f"{r.level} {_verdict(c)}" for r, c in found if r.size < rung.size]
        told = f"; smaller: {', '.join(smaller)}" if smaller else ""
        return Advice(
            scenario, category, candidates, rung.level, rung.size, f"{_evidence(check)}{told}"
        )
    if not rungs:
        reason = f"none of the levels that the guide names ({', '.join(wanted)}) was measured"
    elif not found:
        reason = f"{', '.join(candidates)}: no probe that tells anything was asked"
    else:
        reason = "none passed: " + "; ".join(
            f"{rung.level} {_verdict(check)}, {_evidence(check)}" for rung, check in found
        )
    return Advice(scenario, category, candidates, None, None, reason)


def _verdict(check: Check) -> str:
    """Of a level that is not advised: within its limit, it fails elsewhere or by its baseline."""
    verdict = check.result.verdict
    return "fails another check" if verdict == "pass" else verdict


def _evidence(check: Check) -> str:
    result = check.result
    return (
        f"{counted(result.counts.n, 'case')}, drop {result.drop:.1f} [{result.lower:.1f}, "
        f"{result.upper:.1f}] points, limit {result.limit:g}"
    )
