"""``--quant-alpha`` and ``quant_alpha``: the error budget of the session."""

from __future__ import annotations

import pytest
from tests.sessions import ONE_PROBE, Project, Run


def budget_of(run: Run) -> float:
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    return float(run.record["alpha"])


def test_is_shared_by_the_checks(project: Project) -> None:
    project.ini("quant_alpha = 0.01")  # the command line beats it
    run = project.run(*ONE_PROBE, "--quant-alpha=0.2")
    assert budget_of(run) == 0.2
    assert run.record is not None
    shares = {check["scope"]: check["result"]["alpha"] for check in run.record["checks"]}
    assert shares == pytest.approx({"pooled": 0.1, "category": 0.05, "probe": 0.05})
    assert "alpha 0.2 for all 3 checks together" in run.section
    assert "quantization: q8 of embedded, 8 cases, alpha 0.2" in run.lines


def test_alpha_of_the_ini_file(project: Project) -> None:
    project.ini("quant_alpha = 0.01")
    assert budget_of(project.run(*ONE_PROBE)) == 0.01


@pytest.mark.parametrize("given", ["0", "0.5", "5%", "nan"])
def test_refuses(project: Project, given: str) -> None:
    message = project.run(*ONE_PROBE, f"--quant-alpha={given}").mistake()
    assert message == (
        f"ERROR: --quant-alpha: found {given!r}, expected a number between 0 and 0.5, such as 0.05"
    )


@pytest.mark.parametrize("given", ["5", "low"])
def test_refuses_what_the_ini_file_says_by_its_name(project: Project, given: str) -> None:
    project.ini(f"quant_alpha = {given}")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: quant_alpha in pytest.ini: ")
    assert given in message
