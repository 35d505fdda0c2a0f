"""Measurements and baselines built from outcomes: a character for each case, as in the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pytest_quant.gate.baseline import Baseline, RecordedArtifact, RecordedProbe
from pytest_quant.gate.baseline_changes import with_recorded
from pytest_quant.metrics.measurement import Answer, CaseResult, Effort, Measurement

PATTERNS = {"a": "arithmetic slip", "b": "loop"}
RUNTIME: Mapping[str, str | int] = {"name": "llama.cpp", "version": "0.3.36", "threads": 2}
ARTIFACT = RecordedArtifact(
    level="q4",
    recipe="Q4_K_M",
    digest="4" * 64,
    size=2_900_000,
    bits_per_weight=4.85,
    tensor_types={"F32": 1, "Q4_K": 1},
    runtime=RUNTIME,
    metadata={"llama.rope.freq_base": "10000.0", "tokenizer.ggml.tokens": "sha256:f9365690645c"},
    tensors={"blk.0.up": "Q4_K aaaaaaaaaaaa", "blk.0.norm": "F32 bbbbbbbbbbbb"},
)
REFERENCE = replace(
    ARTIFACT, level="f16", recipe="F16", digest="f" * 64, bits_per_weight=16.0, tensors={}
)


def measured(
    level: str,
    reference: str | None = None,
    *,
    probe: str = "sums",
    category: str = "numerical_reasoning",
    asks: str = "0",
) -> Measurement:
    """One probe; ``level`` and ``reference`` (all right) are outcomes, ``asks`` is part of what
    every case asks.
    """
    before = reference or "1" * len(level)
    cases = tuple(
        CaseResult(i, f"{i:05x}{asks}{'0' * 10}", "p", "e", _answer(was), _answer(now))
        for i, (was, now) in enumerate(zip(before, level, strict=True))
    )
    return Measurement(
        nodeid=f"probes/{category}.yaml::{probe}[q4]",
        probe=probe,
        category=category,
        difficulty=1,
        level="q4",
        chance=0.0,
        task=None,
        cases=cases,
        reference_effort=Effort(1, 1, 1.0),
        level_effort=Effort(1, 1, 1.0),
    )


def compared(was: str, now: str, **kwargs: str) -> Measurement:
    """Outcomes of today beside recorded ones; a ``-`` is not recorded."""
    measurement = measured(now, **kwargs)
    known = {"1": "correct", "-": None, "0": "incorrect", **PATTERNS}
    cases = (replace(c, recorded=known[w]) for c, w in zip(measurement.cases, was, strict=True))
    return replace(measurement, cases=tuple(cases))


def probe_of(level: str | None, reference: str | None = None, *, asks: str = "0") -> RecordedProbe:
    """A recorded probe with the digests that ``measured`` gives."""
    before = reference or "1" * len(level or "")
    return RecordedProbe(
        category="numerical_reasoning",
        digests=tuple(f"{i:05x}{asks}" for i in range(len(before))),
        reference=before,
        level=level,
        patterns={letter: text for letter, text in PATTERNS.items() if letter in (level or "")},
    )


def baseline(**probes: RecordedProbe) -> Baseline:
    return Baseline(
        model="a model",
        level="q4",
        created="2026-11-20T10:00:00+00:00",
        created_by="ada",
        version="0.1.0",
        prompt="plain question",
        reference=REFERENCE,
        artifact=ARTIFACT,
        probes={f"probes/numerical_reasoning.yaml::{name}": p for name, p in probes.items()},
        divergences={},
    )


def recorded(measurement: Measurement, known: Baseline) -> list[str | None]:
    """What the baseline says to each case of a measurement."""
    return [case.recorded for case in with_recorded(measurement, known).cases]


def _answer(mark: str) -> Answer:
    if mark == "1":
        return Answer("correct", "17", "", "equal", "17", "end")
    return Answer("incorrect", "18", PATTERNS.get(mark, ""), "not equal", "18", "end")
