"""What a session was asked to do, as text for its record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Set
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from pytest_quant.base.library import BASELINES, HELD_TEXT
from pytest_quant.gate.regression import DEFAULT_DROP
from pytest_quant.levels import Level
from pytest_quant.record.provenance import Provenance
from pytest_quant.runtimes.artifact import Artifact
from pytest_quant.session.session import Session
from pytest_quant.session.settings import JudgeSettings, Settings

# Where something is written changes nothing of it.
_NOT_TOLD = ("cache_dir", "json", "html", "markdown", "reports")
_DEFAULTS = {"baselines": BASELINES, "regression_drop": DEFAULT_DROP}
# Where the option is not called as the setting is.
_OPTIONS = {
    "artifacts": "artifact",
    "difficulties": "difficulty",
    "probe_paths": "probes",
    "suites": "suite",
    "tables": "table",
    "update": "update-baselines",
}


def provenance(session: Session, *, read: bool) -> Provenance:
    """What was chosen; ``read``: whether the held text was."""
    settings = session.plan.settings
    text = _digest(settings.text or HELD_TEXT) if read else ""
    return Provenance(options(settings), dict(session.selection), text)


def file_of(artifact: Artifact) -> str:
    """The name of a file that was brought; empty for one that was made here, which has none."""
    return "" if artifact.made_here else artifact.path.name


def options(settings: Settings) -> dict[str, str]:
    """The settings that are not as they are by default, by the name of their option."""
    found = {}
    for field in fields(settings):
        default = _DEFAULTS.get(field.name, field.default)
        if field.default_factory is not MISSING:
            default = field.default_factory()
        value = getattr(settings, field.name)
        if field.name not in _NOT_TOLD and value != default:
            name = _OPTIONS.get(field.name, field.name.replace("_", "-"))
            found[name] = _text(value)
    return found


def _text(value: Any) -> str:
    if isinstance(value, Path):
        return value.name
    if isinstance(value, Level):
        return value.name
    if isinstance(value, JudgeSettings):
        return f"{value.model}, at most {value.pairs} pairs"
    if isinstance(value, Mapping):
        return ", ".join(f"{_key(key)}={_text(one)}" for key, one in value.items())
    if isinstance(value, Set):
        return ", ".join(map(_text, sorted(value)))
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _key(key: Any) -> str:
    """A level, or a level and a category."""
    return " ".join(part or "overall" for part in key) if isinstance(key, tuple) else str(key)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:  # gone since it was read
        return ""
