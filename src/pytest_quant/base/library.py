"""Where the files that ship with the package are: probes, baselines, the embedded model."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]

# A wheel carries the data in the package; a source checkout has it at the top level.
_SHIPPED = _PACKAGE / "library"
_DATA = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parents[1]

PROBES: Path = _DATA / "probes"
BASELINES: Path = _DATA / "baselines"
EXPECTED_IMPACT: Path = BASELINES / "expected_impact.json"
GUIDE_TABLES: Path = BASELINES / "guide_tables.json"
HELD_TEXT: Path = BASELINES / "held_text.jsonl"
EMBEDDED_MODEL: Path = _PACKAGE / "models" / "embedded-f16.gguf"
CALIBRATION_TEXT: Path = _PACKAGE / "models" / "calibration.txt"
PROBE_SCHEMA: Path = _PACKAGE / "probes" / "probe.schema.json"
