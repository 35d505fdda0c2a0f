"""A failure that the summary tells is told there alone; those of others are pytest's."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from tests.sessions import MODES, Project

CATEGORIES = ("iterative", "ambiguity", "real_world", "probabilistic")


def scripted(level: str, default: str) -> str:
    script = {"runtime": "scripted", "model": "toy", "context": 100 + len(level)}
    return json.dumps({**script, "default": default})


@pytest.mark.parametrize("mode", ["no xdist", "-n2"])
def test_a_bad_level_takes_a_screen_and_not_ten(project: Project, mode: str) -> None:
    for category in CATEGORIES:
        rows = [
            {
                "id": f"{category}_{name}",
                "subcategory": "colours",
                "difficulty": 1,
                "prompt": f"{name}: what colour has number {{n}}?",
                "parameters": {"n": {"integer": [1, 400]}},
                "expect": "red",
                "check": {"kind": "text"},
            }
            for name in ("first", "second", "third")
        ]
        project.write(f"probes/{category}.yaml", json.dumps({"category": category, "probes": rows}))
    for level, says in (("f16", "red"), ("q2", "blue")):
        project.write(f"{level}.json", scripted(level, says))
    project.write("test_other.py", "def test_other():\n    assert 1 == 2, 'of the author'")
    levels = [f"--quant-artifact={level}={level}.json" for level in ("f16", "q2")]
    paths = ("probes", "test_other.py", "--junitxml=junit.xml")
    run = project.run("--quant-levels=q2", *levels, *paths, *MODES[mode])
    failed = 4 * 3 + 4 + 1
    assert run.outcomes["failed"] == failed + 1, run.output
    # What pytest shows of failures is the author's own test.
    shown = run.output.partition("= FAILURES =")[2].partition("= quantization: ")[0]
    assert "of the author" in shown
    assert "because" not in shown
    assert 1 <= run.output.count("because ") <= 3
    assert len(run.lines) < 160
    assert sum(line.startswith("FAILED q2 ") for line in run.section) == 3
    assert f"and {failed - 3} more failed tests, each in full in --junitxml" in run.output
    # A line each, and each in full in the report.
    assert sum(line.startswith("FAILED ") for line in run.lines) == 3 + failed + 1
    found = ET.parse(run.directory / "junit.xml").iterfind(".//failure")
    assert sum("because" in (failure.text or "") for failure in found) == failed
