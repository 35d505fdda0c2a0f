"""``--quant-cache-dir`` and ``quant_cache_dir``: where models and responses are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sessions import ONE_PROBE, Project, Run

THRIFTY = (*ONE_PROBE, "--quant-threads=1")
KEPT = {"artifacts", "contents", "digests", "responses", "templates"}


def caches(project: Project, run: Run) -> list[Path]:
    """The caches that a session made anywhere in its project, which is also its home."""
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    found = [path.parent for path in project.path.rglob("responses")]
    assert all({path.name for path in cache.iterdir()} == KEPT for cache in found)
    return found


def test_keeps_everything_there(project: Project, mode: tuple[str, ...]) -> None:
    project.ini("quant_cache_dir = unused")  # the command line beats it
    run = project.run_bare(*THRIFTY, "--quant-cache-dir=kept/here", *mode)
    assert caches(project, run) == [project.path / "kept" / "here"]


def test_a_directory_of_the_ini_file_starts_from_there(project: Project) -> None:
    project.ini("quant_cache_dir = kept")
    (project.path / "below").mkdir()
    run = project.run_bare(*THRIFTY, cwd="below")
    assert caches(project, run) == [project.path / "kept"]


def test_refuses(project: Project) -> None:
    message = project.run_bare(*THRIFTY, "--quant-cache-dir=").mistake()
    assert message.startswith("ERROR: --quant-cache-dir: found an empty path")


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_cache_dir =")
    message = project.run_bare(*THRIFTY).mistake()
    assert message.startswith("ERROR: quant_cache_dir in pytest.ini: found an empty path")
