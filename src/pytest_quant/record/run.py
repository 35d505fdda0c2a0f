"""The run record: everything one session learned, as JSON that every report renders from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Self

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from pytest_quant.analysis.efficiency import Benchmark
from pytest_quant.analysis.quality import ResponseLikelihood
from pytest_quant.analysis.summary import Analysis
from pytest_quant.base.converter import structured
from pytest_quant.base.files import read_json, write_atomically
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.baseline_changes import BaselineUse
from pytest_quant.gate.divergence_regression import DivergenceCheck
from pytest_quant.gate.level_verdict import LevelVerdict, Problem
from pytest_quant.gate.likelihood_regression import LikelihoodCheck
from pytest_quant.gate.verdicts import Check
from pytest_quant.judge.preferences import Judgement
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.likelihood_drop import likelihood_drops
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.metrics.patterns import hallucinations, pattern_counts
from pytest_quant.metrics.thinking import thinking_counts
from pytest_quant.record.provenance import Provenance
from pytest_quant.runtimes.protocol import RuntimeInfo

SCHEMA_VERSION = 1

# The end of a message about a file that is no run record.
_WANTED = "expected a run record, as written by pytest --quant-json=FILE"


@dataclass(frozen=True, slots=True)
class LevelRecord:
    """A level's artifact. ``size`` in bytes, ``bits_per_weight`` read back from the file.

    ``warning`` is a sentence if the artifact is not what its level says, else empty; ``verdict`` is
    ``None`` for the reference; ``limits_from`` says whose its limits are; ``prompt`` in which form
    questions were put, with the digests of all that took part in it. ``selected`` probes were
    to be asked of it, ``deselected`` ones were collected and left out. ``file`` is its name,
    empty for one that the session made, or that was not at hand; ``source`` is the file of a hub,
    pinned to its commit, that it is or was quantized from.
    """

    name: str
    recipe: str
    digest: str
    size: int
    bits_per_weight: float
    tensor_types: dict[str, int]
    warning: str
    runtime: RuntimeInfo | None
    verdict: LevelVerdict | None
    selected: int = 0
    deselected: int = 0
    limits_from: str = ""
    file: str = ""
    prompt: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """What a session was given, and what it took, in seconds; ``over``: that ended it, and not all
    was asked that was to be.
    """

    given: float
    spent: float
    over: bool


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One session. ``created`` is an ISO 8601 time in UTC.

    ``selected`` counts the checks by scope that share ``alpha``; ``missing`` names the selected
    tests that brought no measurement (a crash, an error). ``reference_recorded``: the reference
    was not at hand, its outcomes are those of the baselines. ``unused_baselines`` are the recorded
    levels of the model that were not tested. Of ``divergences`` there are at most two a level,
    that on the held text first. ``cases`` of each probe were asked, or in turn up to ``max_cases``;
    both ``None``: as many of each category as its decision takes. ``sets`` are parametrized
    tests in Python, which take part in no check but their own. ``judgement`` is that of a judge, if
    one was asked. ``supply`` says how many cases a probe has, by node id, where these are fewer
    than an undecided check over several probes would take. ``provenance`` is how the session was
    asked for, unknown to older records; ``stopped``: it ended before all was asked.
    ``time`` is that of a session that was given some.
    """

    created: str
    version: str
    model: str
    reference: str
    reference_quantized: bool
    reference_recorded: bool
    alpha: float
    selected: dict[str, int]
    missing: int
    levels: tuple[LevelRecord, ...]
    measurements: tuple[Measurement, ...]
    checks: tuple[Check, ...]
    analysis: Analysis
    divergences: tuple[Divergence, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    likelihoods: tuple[ResponseLikelihood, ...] = ()
    judgement: Judgement | None = None
    divergence_checks: tuple[DivergenceCheck, ...] = ()
    likelihood_checks: tuple[LikelihoodCheck, ...] = ()
    baselines: tuple[BaselineUse, ...] = ()
    unused_baselines: tuple[str, ...] = ()
    cases: int | None = None
    max_cases: int | None = None
    sets: tuple[Measurement, ...] = ()
    problems: tuple[Problem, ...] = ()
    other_failures: int = 0
    stopped: bool = False
    time: TimeSpent | None = None
    supply: dict[str, int] = field(default_factory=dict)
    provenance: Provenance | None = None

    def of_level(self, level: str) -> list[Measurement]:
        return [m for m in self.measurements if m.level == level]

    def level(self, name: str) -> LevelRecord:
        """The artifact of a level; raises ``KeyError`` for a level that is not here."""
        for level in self.levels:
            if level.name == name:
                return level
        raise KeyError(name)

    def divergences_of(self, level: str) -> list[Divergence]:
        """That on the held text first."""
        return [d for d in self.divergences if d.level == level]

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA_VERSION,
            **asdict(self),
            "patterns": [asdict(row) for row in pattern_counts(self.measurements)],
            "hallucinations": [asdict(row) for row in hallucinations(self.measurements)],
            "thinking": [asdict(row) for row in thinking_counts(self.measurements)],
            "likelihood_drops": [asdict(row) for row in likelihood_drops(self.measurements)],
        }

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """The inverse of ``to_json``: what is derived is derived again.

        Raises ``QuantUsageError`` for anything but a run record of this schema version.
        """
        if not isinstance(raw, dict) or "schema" not in raw:
            raise QuantUsageError(f"no schema version; {_WANTED}")
        if raw["schema"] != SCHEMA_VERSION:
            raise QuantUsageError(
                f"schema version {raw['schema']!r:.20}, this pytest-quant reads version "
                f"{SCHEMA_VERSION}; read it with the version that wrote it, or run again"
            )
        # Older records hold the noise of the reference here; a level has its own now.
        raw = {name: value for name, value in raw.items() if name != "noise"}
        if error := best_match(_validator().iter_errors(raw)):
            raise QuantUsageError(f"{error.json_path}: {error.message:.200}; {_WANTED}")
        try:
            record = structured(raw, cls)
        except ValueError as error:  # counts that contradict each other
            raise QuantUsageError(f"damaged: {error}; {_WANTED}") from error
        known = {level.name for level in record.levels}
        named = [record.reference, *(measurement.level for measurement in record.measurements)]
        named += [check.level for check in record.checks]
        named += [divergence.level for divergence in record.divergences]
        named += [check.level for check in record.likelihood_checks]
        named += [found.level for found in record.judgement.preferences] if record.judgement else []
        if unknown := [name for name in named if name not in known]:
            raise QuantUsageError(f"damaged: no level {unknown[0]!r} in levels; {_WANTED}")
        return record


def read_record(path: Path) -> RunRecord:
    """Read and validate a record; raises ``QuantUsageError`` that names the file."""
    try:
        return RunRecord.from_json(read_json(path))
    except QuantUsageError as error:
        raise QuantUsageError(f"{path}: {error}") from error
    except OSError as error:
        raise QuantUsageError(f"{path}: {error.strerror}; {_WANTED}") from error
    except (ValueError, RecursionError) as error:
        raise QuantUsageError(f"{path}: not JSON: {error}; {_WANTED}") from error


def write_record(record: RunRecord, path: Path) -> None:
    """Validate and write a record; raises ``OSError`` if the file cannot be written."""
    raw = json.loads(json.dumps(record.to_json()))
    _validator().validate(raw)
    write_atomically(path, json.dumps(raw, indent=1) + "\n")


def schema_text() -> str:
    """The published JSON schema of run records."""
    return resources.files(__package__).joinpath("run.schema.json").read_text("utf-8")


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema_text()))
