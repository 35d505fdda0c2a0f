"""What a session does that is given levels and nothing else."""

from __future__ import annotations

import pytest
from tests.sessions import Project

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.base.resources import usable_cpus
from pytest_quant.runtimes.llamacpp.gguf_file import inspect


def test_defaults(project: Project) -> None:
    """One probe is selected, to save time; the record is wanted, to see the rest."""
    run = project.run_bare("--quant-levels=q8", "-k", "doubling", "--quant-json=record.json")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    assert run.record["model"] == inspect(EMBEDDED_MODEL).name
    assert (run.record["reference"], run.record["reference_quantized"]) == ("f16", False)
    assert run.record["alpha"] == 0.05
    (measurement,) = run.record["measurements"]
    # As many as its category takes, and some more if that leaves it undecided.
    assert 103 <= len(measurement["cases"]) <= 224
    runtime = run.level("f16")["runtime"]
    assert 1 <= runtime["parallel"] <= 32
    assert runtime["threads"] == usable_cpus()
    (responses,) = project.path.rglob("responses")
    assert responses.parent.name == "pytest-quant"


def test_a_session_that_only_collects_makes_and_writes_nothing(project: Project) -> None:
    run = project.run_bare("--quant-levels=q8", "--quant-json=record.json", "--co", "-q")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    # The second is made by pytest-benchmark, whatever a session does.
    assert {path.name for path in project.path.iterdir()} <= {".pytest_cache", ".benchmarks"}
