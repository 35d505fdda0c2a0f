"""What a comparison needs to know of a file, be it a run record or a recorded baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pytest_quant.gate.baseline import RIGHT, Baseline, RecordedArtifact, RecordedProbe
from pytest_quant.gate.comparison import Key, Side
from pytest_quant.metrics.divergence import HEADLINE
from pytest_quant.metrics.measurement import RECORDED, Answer, CaseResult
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.plain_text import shown


class Artifact(Protocol):
    """The file of a level: ``size`` in bytes, ``tensor_types`` a histogram."""

    @property
    def recipe(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def bits_per_weight(self) -> float: ...
    @property
    def tensor_types(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class Compared:
    """One side. ``facts`` are what else may have changed, by name; all else is by level.

    ``recorded`` are artifacts of which each tensor is known, as a baseline holds them. A run holds
    instead what of its files was not as in the baseline that it found, in ``changed``, by the
    level and that baseline's time. ``divergences`` are means on the held text, in nats a token.
    """

    title: str
    created: str
    facts: Mapping[str, str]
    artifacts: Mapping[str, Artifact]
    answers: Mapping[str, Mapping[Key, Side]]
    recorded: Mapping[str, RecordedArtifact] = field(default_factory=dict)
    changed: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    divergences: Mapping[str, float] = field(default_factory=dict)


def of_record(record: RunRecord) -> Compared:
    """Everything that a session asked."""
    runtimes = [level.runtime for level in record.levels if level.runtime]
    known = [
        {
            "runtime": f"{runtime.name} {runtime.version}",
            "build": runtime.build,
            "hardware": runtime.hardware,
            "kernels": runtime.kernels,
            "devices": runtime.devices,
            "flash attention": runtime.flash_attention,
            "keys and values": runtime.kv,
            "threads": str(runtime.threads),
            "sequences at once": str(runtime.parallel),
            "context": str(runtime.context),
        }
        for runtime in runtimes
    ]
    return Compared(
        title=_title(record.model, record.created, record.version),
        created=record.created,
        facts={
            "model": record.model,
            "reference": record.reference,
            "pytest-quant": record.version,
            # Where levels differ among themselves, all that occurs.
            **{
                name: ", ".join(dict.fromkeys(facts[name] for facts in known))
                for name in (known[0] if known else ())
            },
        },
        artifacts={level.name: level for level in record.levels},
        answers={
            level.name: found for level in record.levels if (found := _answers(record, level.name))
        },
        changed={
            (use.level, use.created): use.changes.artifact for use in record.baselines if use.found
        },
        divergences={
            found.level: found.statistics["Mean KLD"].value
            for found in record.divergences
            if found.is_headline
        },
    )


def of_baseline(baseline: Baseline) -> Compared:
    """One level and its reference: what was right, without the words of any answer."""
    runtime = baseline.artifact.runtime
    facts = {
        "runtime": f"{runtime.get('name', '')} {runtime.get('version', '')}".strip(),
        "build": runtime.get("build"),
        "hardware": runtime.get("hardware"),
        "devices": runtime.get("devices"),
        "flash attention": runtime.get("flash_attention"),
        "keys and values": runtime.get("kv"),
        "threads": runtime.get("threads"),
        "sequences at once": runtime.get("parallel"),
        "context": runtime.get("context"),
    }
    reference = baseline.reference.level
    return Compared(
        title=_title(baseline.model, baseline.created, baseline.version),
        created=baseline.created,
        facts={
            "model": baseline.model,
            "reference": reference,
            "pytest-quant": baseline.version,
            **{name: str(value) for name, value in facts.items() if value not in (None, "")},
        },
        artifacts={reference: baseline.reference, baseline.level: baseline.artifact},
        answers={
            reference: _recorded(baseline, reference),
            baseline.level: _recorded(baseline, baseline.level),
        },
        recorded={baseline.level: baseline.artifact},
        divergences=_recorded_divergence(baseline),
    )


def _recorded_divergence(baseline: Baseline) -> dict[str, float]:
    """The mean over the tokens of the held text, if it was read."""
    chunks = [c for name, of in baseline.divergences.items() if name in HEADLINE for c in of]
    tokens = sum(chunk.tokens for chunk in chunks)
    total = math.fsum(chunk.kld * chunk.tokens for chunk in chunks)
    return {baseline.level: total / tokens} if tokens else {}


def _title(model: str, created: str, version: str) -> str:
    return f"{shown(model, 40)}, {shown(created, 25)}, pytest-quant {shown(version, 20)}"


def _answers(record: RunRecord, level: str) -> dict[Key, Side]:
    """The answers of a level, or of the reference, by case."""
    found: dict[Key, Side] = {}
    for measurement in record.measurements:
        for case in measurement.cases:
            answer = _answer_of(record, level, measurement.level, case)
            # Of a probe that the recorded reference could not do nothing was asked.
            silent = case.level is None and answer is not None and answer.finish == RECORDED
            if answer is not None and not silent:
                found[measurement.probe, case.index] = Side(
                    category=measurement.category,
                    digest=case.digest,
                    correct=answer.correct,
                    pattern=answer.pattern,
                    response=None if answer.finish == RECORDED else answer.response,
                    prompt=case.prompt,
                    expected=case.expected,
                )
    return found


def _answer_of(record: RunRecord, level: str, measured: str, case: CaseResult) -> Answer | None:
    if level == record.reference:
        return case.reference
    return case.level if level == measured else None


def _recorded(baseline: Baseline, level: str) -> dict[Key, Side]:
    return {
        (nodeid.rpartition("::")[2], index): _side(probe, index, mark)
        for nodeid, probe in baseline.probes.items()
        for index, mark in enumerate(
            (probe.reference if level == baseline.reference.level else probe.level) or ""
        )
    }


def _side(probe: RecordedProbe, index: int, mark: str) -> Side:
    pattern = probe.patterns.get(mark, "incorrect")
    return Side(
        category=probe.category,
        digest=probe.digests[index],
        correct=mark == RIGHT,
        pattern="" if mark == RIGHT else pattern,
        response=None,
    )
