"""A worker that is killed costs the item it was running, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sessions import EASY, Project

DEADLY = "probes/language_generation.yaml::word_repeated[q4]"

# Each worker notes what it starts; the one that starts the deadly item dies of it.
KILLER = f"""
    import os
    import signal

    def pytest_runtest_logstart(nodeid):
        if "PYTEST_XDIST_WORKER" not in os.environ:
            return
        with open("started.log", "a") as log:
            log.write(nodeid + "\\n")
        if nodeid == {DEADLY!r}:
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_costs_one_item(project: Project, tmp_path: Path) -> None:
    project.write("killer.py", KILLER)
    run = project.run("-n2", "-p", "killer", "--quant-levels=q8,q4", "--quant-cases=4", "-k", EASY)
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors

    started = (tmp_path / "started.log").read_text().split()
    assert DEADLY in started
    assert len(started) == len(set(started)) == 10
    assert set(run.measurements) == set(started) - {DEADLY}

    (crash,) = [line for line in run.lines if line.startswith("worker 'gw")]
    assert crash.endswith(f"crashed while running '{DEADLY}'")
    assert run.outcomes["failed"] == 1
    assert run.record is not None
    assert run.record["missing"] == 1
    assert "incomplete: 1 of 10 selected tests brought no measurement" in run.section
    assert not any("may ship" in line for line in run.section)
