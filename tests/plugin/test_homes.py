"""A user without a home, and directories in which nothing can be made."""

from __future__ import annotations

import pytest
from tests.namespaces import as_nobody_known
from tests.sessions import ONE_PROBE, Project


def test_no_home_and_no_name(project: Project) -> None:
    run = project.run_bare(*ONE_PROBE, wrapper=as_nobody_known())
    message = run.mistake()
    assert "the variable HOME is not set, and the system knows no home of this user" in message
    assert "--quant-cache-dir" in message
    assert {path.name for path in project.path.iterdir()} <= {".benchmarks", ".pytest_cache"}


def test_a_cache_is_all_that_a_user_without_a_home_needs(project: Project) -> None:
    run = project.run_bare(
        *ONE_PROBE,
        "--quant-cache-dir=cache",
        "--quant-threads=1",
        "--quant-json=record.json",
        "--quant-html=r.html",
        "--alluredir=results",
        "--quant-update-baselines",
        wrapper=as_nobody_known(),
    )
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    made = {path.name for path in project.path.iterdir()} - {".pytest_cache", ".benchmarks"}
    assert made == {"cache", "record.json", "r.html", "results", "baselines"}


@pytest.mark.parametrize("value", ["~nosuch/x", "relative"])
def test_a_home_that_is_none(project: Project, value: str) -> None:
    message = project.run_bare(*ONE_PROBE, HOME=value).mistake()
    assert message.startswith(f"ERROR: the variable HOME is '{value}', expected an absolute path")


def test_a_home_that_cannot_be_written(project: Project) -> None:
    """Below a file nobody can make a directory, not even root."""
    home = project.write("home", "a file")
    message = project.run_bare(*ONE_PROBE, HOME=str(home)).mistake()
    assert message.startswith(f"ERROR: {home}/.cache/pytest-quant: the cache cannot be written: ")
    assert "--quant-cache-dir" in message
