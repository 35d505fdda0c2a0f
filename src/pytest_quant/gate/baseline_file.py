"""Baselines as files: made to be committed and reviewed, checked whenever read or written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from pytest_quant.base.amounts import counted
from pytest_quant.base.files import parse_json, read_json, write_atomically
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.baseline import (
    RIGHT,
    WRONG,
    Baseline,
    RecordedArtifact,
    RecordedChunk,
    RecordedProbe,
    RecordedTarget,
)
from pytest_quant.metrics.targets import TargetScore

SCHEMA_VERSION = 1
_SCHEMA = "baseline.schema.json"
# Parts of an artifact that a file leaves out if there is nothing in them.
_OPTIONAL = ("runtime", "metadata", "tensors")


class DamagedBaseline(QuantUsageError):
    """A file that is of no use, whatever it was; ``problem`` says why, without the file's name."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path}: not a usable baseline: {problem}\nrestore the file from version control, or "
            "delete it and record it again with --quant-update-baselines"
        )
        self.problem = problem


def read_baseline(path: Path) -> Baseline | None:
    """The baseline in a file, ``None`` if there is no such file.

    Raises ``DamagedBaseline``, and ``QuantUsageError`` for a file that may be sound and cannot be
    read here: a newer pytest-quant wrote it, or it may not be opened.
    """
    try:
        raw = read_json(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise QuantUsageError(f"{path}: the baseline cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DamagedBaseline(path, f"not valid JSON: {error}") from error
    version = raw.get("schema") if isinstance(raw, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise QuantUsageError(
            f"{path}: a newer pytest-quant wrote this baseline: schema version {version}, this one "
            f"reads {SCHEMA_VERSION}\nupgrade pytest-quant, or name another directory: "
            "--quant-baselines=DIR"
        )
    if version != SCHEMA_VERSION:
        raise DamagedBaseline(
            path, f"schema version {version!r}, this pytest-quant reads {SCHEMA_VERSION}"
        )
    if wrong := best_match(_validator().iter_errors(raw)):
        field = wrong.json_path.removeprefix("$").lstrip(".") or "the whole file"
        raise DamagedBaseline(path, f"{field}: {wrong.message[:200]}")
    baseline = _from_json(raw)
    if problem := _contradiction(baseline):
        raise DamagedBaseline(path, problem)
    if raw["probe_set"] != baseline.probe_set:
        raise DamagedBaseline(
            path, "probe_set is not the digest of the cases; was it edited or merged?"
        )
    return baseline


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Validate and write a baseline in one step; raises ``OSError``."""
    text = dump(baseline)
    _validator().validate(parse_json(text))
    if problem := _contradiction(baseline):
        raise ValueError(f"{path}: {problem}")
    write_atomically(path, text)


def dump(baseline: Baseline) -> str:
    """The text of the file: a line for each field of a probe, tensor and chunk."""
    raw = {
        "schema": SCHEMA_VERSION,
        "model": baseline.model,
        "level": baseline.level,
        "created": baseline.created,
        "created_by": baseline.created_by,
        "version": baseline.version,
        "prompt": baseline.prompt,
        "probe_set": baseline.probe_set,
        "artifact": _filled(asdict(baseline.artifact)),
        "reference": _filled(asdict(baseline.reference)),
        "probes": {name: _probe(probe) for name, probe in sorted(baseline.probes.items())},
        "divergences": {
            source: [[chunk.digest, chunk.tokens, chunk.kld] for chunk in chunks]
            for source, chunks in sorted(baseline.divergences.items())
        },
    }
    text = json.dumps(raw, indent=1, ensure_ascii=True)
    # Lists of plain values on one line; within a text no line break stands as such.
    return re.sub(r"\[\n\s+([^][{}]+?)\n\s*\]", _on_one_line, text) + "\n"


def _on_one_line(match: re.Match[str]) -> str:
    return "[" + re.sub(r"\n\s+", " ", match[1]) + "]"


def _filled(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if value or name not in _OPTIONAL}


def _probe(probe: RecordedProbe) -> dict[str, Any]:
    optional = {
        "room": probe.room,
        "cut": probe.cut,
        "patterns": dict(probe.patterns),
        "targets": [_target(target) for target in probe.targets],
    }
    return {
        "category": probe.category,
        "cases": " ".join(probe.digests),
        "reference": probe.reference,
        "level": probe.level,
    } | {name: value for name, value in optional.items() if value}


def _target(target: RecordedTarget) -> list[Any]:
    scores = (target.level, *([target.reference] if target.reference else []))
    return [target.key, *(number for s in scores for number in (s.logprob, s.log_odds))]


def _read_target(key: str, *numbers: float) -> RecordedTarget:
    reference = TargetScore(*numbers[2:]) if len(numbers) > 2 else None
    return RecordedTarget(key, TargetScore(*numbers[:2]), reference)


def _from_json(raw: Mapping[str, Any]) -> Baseline:
    return Baseline(
        **{
            name: raw[name]
            for name in ("model", "level", "created", "created_by", "version", "prompt")
        },
        reference=_artifact(raw["reference"]),
        artifact=_artifact(raw["artifact"]),
        probes={
            name: RecordedProbe(
                category=probe["category"],
                digests=tuple(probe["cases"].split()),
                reference=probe["reference"],
                level=probe["level"],
                patterns=probe.get("patterns", {}),
                targets=tuple(_read_target(*target) for target in probe.get("targets", ())),
                room=probe.get("room"),
                cut=probe.get("cut", 0),
            )
            for name, probe in raw["probes"].items()
        },
        divergences={
            source: tuple(RecordedChunk(*chunk) for chunk in chunks)
            for source, chunks in raw["divergences"].items()
        },
    )


def _artifact(raw: Mapping[str, Any]) -> RecordedArtifact:
    return RecordedArtifact(**{**{name: {} for name in _OPTIONAL}, **raw})


def _contradiction(baseline: Baseline) -> str:
    """What the schema cannot see: one outcome for each case, and a meaning for each letter."""
    for name, probe in baseline.probes.items():
        cases = len(probe.digests)
        if len(probe.reference) != cases or len(probe.level or probe.reference) != cases:
            return f"probes.{name}: {counted(cases, 'case')}, but not as many outcomes"
        if unknown := set(probe.level or "") - {RIGHT, WRONG, *probe.patterns}:
            return f"probes.{name}: level: {min(unknown)!r} is not among its patterns"
    return ""


@cache
def _validator() -> Draft202012Validator:
    text = resources.files(__package__).joinpath(_SCHEMA).read_text("utf-8")
    return Draft202012Validator(json.loads(text))
