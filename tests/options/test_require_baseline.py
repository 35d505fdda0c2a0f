"""``--quant-require-baseline`` and ``quant_require_baseline``: a missing baseline is a failure."""

from __future__ import annotations

import pytest
from tests.sessions import ONE_PROBE, Project, Run


def failed_tests(run: Run) -> list[str]:
    return [line.split()[1] for line in run.lines if line.startswith("FAILED quant-gate")]


def test_a_missing_baseline_fails(project: Project) -> None:
    run = project.run(*ONE_PROBE, "--quant-require-baseline")
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    assert failed_tests(run) == ["quant-gate::baseline[q8]"]
    assert "no baseline for q8: baselines/pytest-quant-embedded/q8.json does not exist" in run.lines
    assert "no baseline (required) for q8: record with --quant-update-baselines" in run.section


def test_a_recorded_one_does_not(project: Project) -> None:
    project.run(*ONE_PROBE, "--quant-update-baselines", "--quant-require-baseline")
    run = project.run(*ONE_PROBE, "--quant-require-baseline")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors


@pytest.mark.parametrize(("value", "failed"), [("true", 1), ("false", 0)])
def test_the_ini_file_may_demand_it(project: Project, value: str, failed: int) -> None:
    project.ini(f"quant_require_baseline = {value}")
    assert len(failed_tests(project.run(*ONE_PROBE))) == failed


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_require_baseline = perhaps")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: quant_require_baseline in pytest.ini: ")
