"""Run records built from counts, judged by the real gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pytest_quant.analysis.guide import read_guide
from pytest_quant.analysis.ladder import Rung
from pytest_quant.analysis.summary import analyse
from pytest_quant.checkers.outcome import Verdict
from pytest_quant.gate.budget import Budget
from pytest_quant.gate.counting import Settled
from pytest_quant.gate.level_verdict import LevelVerdict, level_verdict
from pytest_quant.gate.tolerance_check import Alphas, count_pairs, evaluate_tolerance
from pytest_quant.gate.verdicts import Check, pooled_checks
from pytest_quant.metrics.distributions import TokenStatistics
from pytest_quant.metrics.divergence import Divergence, Source
from pytest_quant.metrics.measurement import Answer, CaseResult, Effort, Measurement, outcomes
from pytest_quant.metrics.token_statistics import chunk_of, summarize
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.runtimes.protocol import RuntimeInfo

LIMIT = 5.0
RUNTIME = RuntimeInfo("llama.cpp", "0.3.36", "build", "x86_64 avx2", 2, 32, 2048)
BITS = {"q8": 8.51, "q4": 4.86, "q2": 3.14}
EFFORT = Effort(prompt_tokens=500, new_tokens=300, seconds=0.5)


def measured(
    probe: str,
    level: str,
    *,
    right: int,
    lost: int = 0,
    n: int = 64,
    category: str = "numerical_reasoning",
    response: str = "Answer: 17",
    uninformative: str = "",
    clean: Verdict | None = None,
) -> Measurement:
    """``n`` cases, ``right`` of them at the reference, of which the level lost ``lost``.

    ``clean`` makes them pairs: the verdict on every answer to a clean prompt.
    """
    cases = tuple(
        CaseResult(
            index=i,
            digest=f"{i:016x}",
            prompt=f"What is {i} + 1?",
            expected=str(i + 1),
            reference=answer(i < right, response, clean),
            level=None if uninformative else answer(lost <= i < right, response, clean),
        )
        for i in range(n)
    )
    return Measurement(
        nodeid=f"probes/{category}.yaml::{probe}[{level}]",
        probe=probe,
        category=category,
        difficulty=1,
        level=level,
        chance=0.0,
        task=None,
        cases=cases,
        reference_effort=EFFORT,
        level_effort=None if uninformative else EFFORT,
        uninformative=uninformative,
    )


def unasked(probe: str, level: str, reason: str) -> Measurement:
    """A probe of which nothing could be asked."""
    asked = measured(probe, level, right=0, n=0)
    return replace(asked, level_effort=None, skipped=reason)


def divergence(level: str, kld: float, source: Source = "text", warning: str = "") -> Divergence:
    """Two chunks of three tokens, with a mean KL divergence of ``kld``."""
    tokens = [
        TokenStatistics(
            kld=np.full(3, kld * share),
            nll=np.array([0.1, 0.5, 2.0]) + kld,
            base_nll=np.array([0.1, 0.5, 2.0]),
            same_top=np.array([True, True, share > 1]),
        )
        for share in (0.8, 1.2)
    ]
    chunks = tuple(chunk_of(f"{i:016x}", part) for i, part in enumerate(tokens))
    return Divergence(level, source, "a text", chunks, summarize(tokens), warning)


def answer(right: bool, response: str, clean: Verdict | None = None) -> Answer:
    if right:
        return Answer("correct", "17", "", "equal", response, "end", clean)
    return Answer("incorrect", "18", "one-digit slip", f"18 in {response}", response, "end", clean)


def record(
    *measurements: Measurement,
    missing: int = 0,
    warnings: Mapping[str, str] | None = None,
    model: str = "a model",
    reference_quantized: bool = False,
    divergences: Sequence[Divergence] = (),
) -> RunRecord:
    """The record of a session that brought these measurements."""
    levels = list(dict.fromkeys(m.level for m in measurements))
    budget = Budget(
        alpha=0.05,
        pooled=len(levels),
        category=len({(m.category, m.level) for m in measurements}),
        probe=len(measurements) + missing,
    )
    order = sorted(levels, key=lambda name: -BITS.get(name, 16.0))
    checks = pooled_checks(measurements, lambda _level, _category: LIMIT, budget, Settled(), order)
    checks += tuple(_probe_check(m, budget) for m in measurements if not m.uninformative)
    artifact = LevelRecord("f16", "F16", "0" * 64, 7_500_000, 16.01, {"F16": 30}, "", RUNTIME, None)
    verdicts = {name: level_verdict(name, measurements, checks) for name in levels}
    tested = [
        replace(
            _level(artifact, name, verdict, warnings or {}),
            selected=sum(m.level == name for m in measurements),
        )
        for name, verdict in verdicts.items()
    ]
    return RunRecord(
        created="2026-11-23T12:00:00+00:00",
        version="0.1.0",
        model=model,
        reference="f16",
        reference_quantized=reference_quantized,
        reference_recorded=False,
        alpha=0.05,
        selected={"pooled": budget.pooled, "category": budget.category, "probe": budget.probe},
        missing=missing,
        cases=64,
        levels=(artifact, *tested),
        measurements=measurements,
        checks=checks,
        analysis=analyse(
            measurements,
            checks,
            (),
            "f16",
            [
                Rung(level.name, level.name, level.size, level.bits_per_weight)
                for level in (artifact, *tested)
            ],
            read_guide(),
            divergences,
            held_back={name for name, verdict in verdicts.items() if verdict == "fail"},
        ),
        divergences=tuple(divergences),
    )


def _level(
    artifact: LevelRecord, name: str, verdict: LevelVerdict, warnings: Mapping[str, str]
) -> LevelRecord:
    bits = BITS.get(name, artifact.bits_per_weight)
    return replace(
        artifact,
        name=name,
        bits_per_weight=bits,
        size=round(artifact.size * bits / artifact.bits_per_weight),
        verdict=verdict,
        limits_from="the guide's limits",
        warning=warnings.get(name, ""),
    )


def _probe_check(measurement: Measurement, budget: Budget) -> Check:
    counts = count_pairs(outcomes(measurement))
    result = evaluate_tolerance(counts, LIMIT, Alphas(budget.alpha_for("probe"), budget.alpha))
    return Check("probe", measurement.level, measurement.nodeid, measurement.category, result)
