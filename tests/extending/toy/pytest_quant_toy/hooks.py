"""Keeps a diary of a session; breaks where it is told to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

DIARY = "diary.txt"


def pytest_quant_measured(config: Any, measurement: Any) -> None:
    _write(config, f"measured {measurement.nodeid}")
    if os.environ.get("TOY_BREAKS") == "measured":
        raise ValueError(f"no paper for {measurement.level}")


def pytest_quant_record(config: Any, record: Any) -> None:
    _write(config, f"record {len(record.measurements)}")
    if os.environ.get("TOY_BREAKS") == "record":
        raise ValueError("no paper left")


def _write(config: Any, line: str) -> None:
    with Path(config.rootpath, DIARY).open("a", encoding="utf-8") as diary:
        diary.write(f"{line}\n")
