"""Probes whose answers are programs: judged in the sandbox, or skipped with the reason."""

from __future__ import annotations

import pytest
from tests.sessions import Project

from pytest_quant.sandbox import require

PROGRAMS = """
    category: logical_reasoning
    probes:
      - id: constant
        subcategory: programs
        difficulty: 1
        cases: 2
        prompt: "Write a Python function f that returns {n}."
        parameters:
          n: {integer: [1, 99]}
        expect: "assert f() == {n}"
        check: {kind: code, entry: f}
"""


@pytest.fixture
def programs(project: Project) -> Project:
    project.write("probes/programs.yaml", PROGRAMS)
    return project


def test_without_a_sandbox_nothing_is_asked(programs: Project, mode: tuple[str, ...]) -> None:
    run = programs.run("--quant-levels=q8", "-rs", *mode, PATH="/nowhere")
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    assert run.outcomes == {"skipped": 1, "failed": 1}
    assert run.section[0].startswith(
        "q8: NOT ASKED: none of 1 probe tells anything: no sandbox: bubblewrap is not"
    )
    (line,) = [line for line in run.lines if line.startswith("SKIPPED")]
    assert line.startswith("SKIPPED [1] probes/programs.yaml:4: no sandbox: bubblewrap is not")
    (measured,) = run.measurements.values()
    assert measured["skipped"].startswith("no sandbox: bubblewrap is not installed")


def test_with_one_programs_are_judged(programs: Project) -> None:
    require()
    run = programs.run("--quant-levels=q8")
    (measured,) = run.measurements.values()
    assert {case["reference"]["verdict"] for case in measured["cases"]} <= {
        "incorrect",
        "unparsable",
    }
    assert measured["uninformative"]
