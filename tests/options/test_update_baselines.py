"""``--quant-update-baselines``: recording, whole or in part, never by accident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.sessions import Project

from pytest_quant.library import EMBEDDED_MODEL

UPDATE = "--quant-update-baselines"
FILE = "baselines/pytest-quant-embedded/q8.json"
ONE, OTHER = "doubling", "animal_class"


def selected(probes: str) -> tuple[str, ...]:
    return ("--quant-levels=q8", "--quant-cases=8", "-k", probes)


def stored(project: Project) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((project.path / FILE).read_text("utf-8"))
    return raw | {"created": None}


def ids(project: Project) -> set[str]:
    return {name.rpartition("::")[2] for name in stored(project)["probes"]}


def test_a_selection_goes_into_the_file_that_there_is(project: Project) -> None:
    assert project.run(*selected(ONE), UPDATE).code == pytest.ExitCode.OK
    assert ids(project) == {ONE}
    run = project.run(*selected(OTHER), UPDATE)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert ids(project) == {ONE, OTHER}
    assert (
        "q8: 1 recorded probes were not measured completely this time and stay as they are"
        in run.lines
    )
    before = (project.path / FILE).read_bytes()
    again = project.run(*selected(f"{ONE} or {OTHER}"), UPDATE)
    assert "q8: as recorded, 16 cases of 2 probes" in again.lines
    assert (project.path / FILE).read_bytes() == before


def test_a_selection_of_another_file_is_refused(project: Project, damaged_q8_file: Path) -> None:
    whole = selected(f"{ONE} or {OTHER}")
    assert project.run(*whole, UPDATE).code == pytest.ExitCode.OK
    before = (project.path / FILE).read_bytes()
    other = (f"--quant-artifact=q8={damaged_q8_file}", f"--quant-model={EMBEDDED_MODEL}")
    run = project.run(*selected(ONE), *other, UPDATE)
    assert "q8: not recorded: only 1 of 2 probes were measured" in run.output
    assert "the artifact is another" in run.output
    assert (project.path / FILE).read_bytes() == before
    run = project.run(*whole, *other, UPDATE)
    heading = next(i for i, line in enumerate(run.lines) if line.startswith("q8, cases"))
    row = next(line for line in run.lines[heading:] if line.startswith("iterative")).split()
    created, better, worse, gone, changed = map(int, row[1:])
    assert worse > better
    assert created == gone == changed == 0
    assert (project.path / FILE).read_bytes() != before


def test_every_mode_writes_the_same_once(project: Project, mode: tuple[str, ...]) -> None:
    assert project.run(*selected(f"{ONE} or {OTHER}"), UPDATE).code == pytest.ExitCode.OK
    expected = stored(project)
    (project.path / FILE).unlink()
    run = project.run(*selected(f"{ONE} or {OTHER}"), UPDATE, *mode)
    assert stored(project) == expected
    assert sum(line.startswith("q8: wrote ") for line in run.lines) == 1
    assert [path.name for path in (project.path / FILE).parent.iterdir()] == ["q8.json"]


def test_an_interrupted_run_records_what_it_finished(project: Project) -> None:
    project.write(
        "interrupting.py",
        f"""
        def pytest_runtest_logfinish(nodeid):
            if {ONE!r} in nodeid:
                raise KeyboardInterrupt
        """,
    )
    run = project.run(*selected(f"{ONE} or {OTHER}"), UPDATE, "-p", "interrupting")
    assert run.code == pytest.ExitCode.INTERRUPTED, run.output + run.errors
    assert ids(project) == {ONE}


def test_is_refused_under_ci_unless_forced(project: Project) -> None:
    message = project.run(*selected(ONE), UPDATE, CI="true").mistake()
    assert message.startswith("ERROR: --quant-update-baselines: the variable CI is set")
    assert "--quant-update-baselines=force" in message
    assert not (project.path / "baselines").exists()
    run = project.run(*selected(ONE), f"{UPDATE}=force", CI="true")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert ids(project) == {ONE}


def test_wants_levels(project: Project) -> None:
    message = project.run_bare(UPDATE).mistake()
    assert "no level to record; add --quant-levels" in message


def test_takes_no_path(project: Project) -> None:
    message = project.run("--quant-levels=q8", UPDATE, "probes").mistake()
    assert message.startswith("ERROR: --quant-update-baselines: found 'probes', expected nothing")
