"""Responses are kept: a second session only does what is missing, whatever ended the first."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.sessions import Project

SELECTED = ("--quant-levels=q8", "--quant-cases=4", "-k", "doubling or word_repeated or opposite")

# A plugin that kills the session, as a crash or a power cut would, when two probes are done.
# It is none of conftest.py: that one's hooks do not see tests outside its directory.
KILLER = """
    import os
    import signal

    done = 0

    def pytest_runtest_logreport(report):
        global done
        done += report.when == "call"
        if done == 2:
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a cache of its own."""
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project", tmp_path / "cache")


def kept(project: Project) -> Mapping[Path, tuple[int, int]]:
    """The files of models and responses, with what would change if one was written again."""
    files = [*project.cache.glob("responses/*/*.json"), *project.cache.glob("artifacts/*.gguf")]
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def test_a_second_session_makes_nothing(project: Project) -> None:
    first = project.run(*SELECTED)
    files = kept(project)
    second = project.run(*SELECTED)
    assert first.record is not None
    assert second.record is not None
    # Seconds are those of the first time, to the last digit.
    assert second.record["measurements"] == first.record["measurements"]
    assert kept(project) == files


def test_a_killed_session_is_taken_up_where_it_ended(project: Project) -> None:
    project.write("killer.py", KILLER)
    killed = project.run(*SELECTED, "-p", "killer")
    assert killed.code == -signal.SIGKILL
    assert killed.record is None
    files = kept(project)
    # An artifact, and for each of three probes the answers and the right answers of two levels.
    assert 0 < len(files) < 13
    resumed = project.run(*SELECTED)
    assert resumed.code == pytest.ExitCode.OK, resumed.output + resumed.errors
    assert len(resumed.measurements) == 3
    assert len(kept(project)) > len(files)
    assert {path: kept(project)[path] for path in files} == files


@pytest.mark.parametrize("content", ['{"batch": {"resp', '{"batch": {"responses": []}}'])
def test_a_damaged_response_is_asked_for_again(project: Project, content: str) -> None:
    first = project.run(*SELECTED)
    answers = (path for path in kept(project) if path.suffix == ".json")
    damaged = next(path for path in answers if '"responses"' in path.read_text())
    damaged.write_text(content)
    files = kept(project)
    second = project.run(*SELECTED)
    assert second.measurements == first.measurements
    assert json.loads(damaged.read_text())["batch"]["responses"]
    changed = {path for path, state in kept(project).items() if state != files[path]}
    assert changed == {damaged}
