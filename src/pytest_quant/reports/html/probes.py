"""The table by probe: what each lost at each level."""

from __future__ import annotations

from typing import Any

from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.record.run import LevelRecord, RunRecord

# Points of drop from which a cell is one shade darker.
_SHADES = (0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0)


def by_probe(record: RunRecord, levels: list[LevelRecord]) -> list[dict[str, Any]]:
    """For each category its probes, each with a cell for each level."""
    measured = {(m.category, m.probe, m.level): m for m in record.measurements}
    checks = {
        check.subject: check
        for check in record.checks
        if (check.scope, check.kind) == ("probe", "tolerance")
    }
    rows = sorted({(category, probe) for category, probe, _ in measured})
    return [
        {
            "category": category,
            "probes": [
                {
                    "name": probe,
                    "difficulty": next(
                        m.difficulty
                        for (of, name, _), m in measured.items()
                        if (of, name) == (category, probe)
                    ),
                    "cells": [
                        _cell(measured.get((category, probe, level.name)), checks)
                        for level in levels
                    ],
                }
                for of, probe in rows
                if of == category
            ],
        }
        for category in dict.fromkeys(category for category, _ in rows)
    ]


def shade(drop: float) -> str:
    """The class of a cell: how far below or above the reference."""
    steps = sum(abs(drop) >= edge for edge in _SHADES)
    return "even" if not steps else f"{'loss' if drop > 0 else 'gain'}-{steps}"


def _cell(found: Measurement | None, checks: dict[str, Check]) -> dict[str, Any] | None:
    """Numbers where the probe was checked, else why it was not; ``None``: it was not asked."""
    if found is None:
        return None
    check = checks.get(found.nodeid)
    if check is None:
        right = sum(case.reference.correct for case in found.cases)
        why = found.skipped or found.uninformative
        return {"check": None, "why": why, "right": right, "n": len(found.cases)}
    return {"check": check, "result": check.result, "shade": shade(check.result.drop)}
