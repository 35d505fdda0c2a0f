"""The run record: everything one session learned, as JSON that every report renders from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from pytest_quant.files import write_atomically
from pytest_quant.gate.tolerance_check import CheckVerdict
from pytest_quant.gate.verdicts import Check
from pytest_quant.measurement import Measurement
from pytest_quant.metrics.patterns import hallucinations, pattern_counts
from pytest_quant.runtimes.protocol import RuntimeInfo

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class LevelRecord:
    """A level's artifact. ``size`` in bytes, ``bits_per_weight`` read back from the file.

    ``warning`` is a sentence if the artifact is not what its level says, else empty;
    ``verdict`` is ``None`` for the reference.
    """

    name: str
    recipe: str
    digest: str
    size: int
    bits_per_weight: float
    tensor_types: dict[str, int]
    warning: str
    runtime: RuntimeInfo | None
    verdict: CheckVerdict | None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One session. ``created`` is an ISO 8601 time in UTC.

    ``selected`` counts the checks by scope that share ``alpha``; ``missing`` names the selected
    tests that brought no measurement (a crash, an error). ``max_cases``: up to so many cases of
    each probe were asked, in turn; ``None`` if their number was fixed.
    """

    created: str
    version: str
    model: str
    reference: str
    reference_quantized: bool
    alpha: float
    selected: dict[str, int]
    missing: int
    levels: tuple[LevelRecord, ...]
    measurements: tuple[Measurement, ...]
    checks: tuple[Check, ...]
    max_cases: int | None = None

    def of_level(self, level: str) -> list[Measurement]:
        return [m for m in self.measurements if m.level == level]

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA_VERSION,
            **asdict(self),
            "patterns": [asdict(row) for row in pattern_counts(self.measurements)],
            "hallucinations": [asdict(row) for row in hallucinations(self.measurements)],
        }


def write_record(record: RunRecord, path: Path) -> None:
    """Validate and write a record; raises ``OSError`` if the file cannot be written."""
    raw = json.loads(json.dumps(record.to_json()))
    _validator().validate(raw)
    write_atomically(path, json.dumps(raw, indent=1) + "\n")


@cache
def _validator() -> Draft202012Validator:
    text = resources.files(__package__).joinpath("record.schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))
