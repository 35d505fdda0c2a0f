"""What of pytest's own options chooses among the tests, as text for the run record."""

from __future__ import annotations

from pathlib import Path

import pytest

# Options of pytest by the names that their values have.
_OPTIONS = {
    "keyword": "-k",
    "markexpr": "-m",
    "deselect": "--deselect",
    "lf": "--last-failed",
    "maxfail": "--maxfail",
    "ignore": "--ignore",
    "ignore_glob": "--ignore-glob",
}


def selection(config: pytest.Config) -> dict[str, str]:
    """What was chosen by the option that did, without what chose nothing."""
    found = {flag: _text(config.getoption(name, None)) for name, flag in _OPTIONS.items()}
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        found["paths"] = _text(config.args)
    return {flag: text for flag, text in found.items() if text}


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_named(str(one)) for one in value)
    return _named(str(value)) if value else ""


def _named(text: str) -> str:
    """An absolute path by its last part: where it lies is nobody else's business."""
    return Path(text).name if Path(text).is_absolute() else text
