"""``--quant-regression-drop`` and ``quant_regression_drop``: the drop that is worth failing for."""

from __future__ import annotations

import pytest
from tests.sessions import ONE_PROBE, Project, Run


def limits(run: Run) -> set[float]:
    assert run.record is not None, run.output + run.errors
    checks = [check for check in run.record["checks"] if check["kind"] == "regression"]
    return {check["result"]["limit"] for check in checks}


def test_is_the_limit_of_regression_checks(project: Project) -> None:
    project.run(*ONE_PROBE, "--quant-update-baselines")
    assert limits(project.run(*ONE_PROBE)) == {0.5}
    project.ini("quant_regression_drop = 2")
    assert limits(project.run(*ONE_PROBE)) == {2}
    run = project.run(*ONE_PROBE, "--quant-regression-drop=80")
    assert limits(run) == {80}
    assert "1 passed" not in run.lines[-1]


@pytest.mark.parametrize("given", ["-1", "101", "much", "nan"])
def test_refuses(project: Project, given: str) -> None:
    message = project.run(*ONE_PROBE, f"--quant-regression-drop={given}").mistake()
    assert message == (
        f"ERROR: --quant-regression-drop: found {given!r}, expected percentage points from 0 to "
        "100, such as 0.5"
    )
