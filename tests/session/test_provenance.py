"""What a session was asked to do, as its record tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_quant.base.library import BASELINES
from pytest_quant.gate.regression import DEFAULT_DROP
from pytest_quant.levels import parse_levels
from pytest_quant.session.provenance import options
from pytest_quant.session.settings import JudgeSettings, Settings


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, {}),
        ({"cases": 8, "alpha": 0.01}, {"cases": "8", "alpha": "0.01"}),
        ({"model": Path("/home/somebody/m-f16.gguf")}, {"model": "m-f16.gguf"}),
        (
            {"artifacts": {"q4": Path("/a/b.gguf"), "q2": Path("/a/c.gguf")}},
            {"artifact": "q4=b.gguf, q2=c.gguf"},
        ),
        ({"difficulties": frozenset({3, 1, 2})}, {"difficulty": "1, 2, 3"}),
        ({"baselines": Path("/home/somebody/records")}, {"baselines": "records"}),
        ({"tolerances": {("q4", None): 2.0}}, {"tolerances": "q4 overall=2"}),
        ({"require_baseline": True}, {"require-baseline": "True"}),
        ({"probe_paths": (Path("/a/mine.yaml"), Path("/a/b"))}, {"probes": "mine.yaml, b"}),
        # A judge's address may hold a name and a password.
        (
            {"judge": JudgeSettings("http://me:secret@host/v1", "qwen3", 64, 60.0)},
            {"judge": "qwen3, at most 64 pairs"},
        ),
        ({"json": Path("/a/run.json"), "html": Path("/a/r.html")}, {}),
    ],
    ids=str,
)
def test_what_is_not_as_by_default(given: dict[str, Any], told: dict[str, str]) -> None:
    needed: dict[str, Any] = {
        "levels": parse_levels("q4,q2"),
        "cache_dir": Path("/home/somebody/.cache"),
        "baselines": BASELINES,
        "regression_drop": DEFAULT_DROP,
    }
    assert options(Settings(**{**needed, **given})) == {"levels": "q4, q2", **told}
