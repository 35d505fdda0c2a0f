"""A disk that is full in the middle: no answer is lost for it, and no report but those on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.namespaces import with_small_disks
from tests.sessions import WITHOUT_DIVERGENCE, Project

SELECTED = ("--quant-levels=q8", "--quant-cases=16", "-k", "doubling or word_repeated or opposite")
BARE = ("--quant-threads=1", "--quant-json=record.json", "--quant-baselines=baselines")


def test_answers_that_cannot_be_kept(
    project: Project, tmp_path: Path, mode: tuple[str, ...]
) -> None:
    cache = tmp_path / "cache"
    (cache / "responses").mkdir(parents=True)
    run = project.run_bare(
        *SELECTED,
        *BARE,
        WITHOUT_DIVERGENCE,
        f"--quant-cache-dir={cache}",
        *mode,
        wrapper=with_small_disks({cache / "responses": "4k"}),
    )
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert "Traceback" not in run.output + run.errors
    said = f"quantization: not all answers are kept: {cache}/responses cannot be written: "
    assert sum(line.startswith(said) for line in run.lines) == 1
    assert run.measurements == project.run(*SELECTED).measurements


def test_results_that_cannot_be_written(
    project: Project, tmp_path: Path, mode: tuple[str, ...]
) -> None:
    small = tmp_path / "small"
    small.mkdir()
    run = project.run_bare(
        *SELECTED,
        *BARE,
        WITHOUT_DIVERGENCE,
        f"--quant-cache-dir={project.cache}",
        "--alluredir=small/results",
        "--quant-html=r.html",
        "--quant-markdown=small/r.md",
        *mode,
        wrapper=with_small_disks({small: "8k"}),
    )
    message = run.mistake()
    assert message.startswith(
        f"ERROR: --alluredir: {small}/results cannot be written: No space left on device"
    )
    assert f"--quant-markdown: {small}/r.md cannot be written: No space left" in message
    assert any(line.startswith("overall") for line in run.section)
    assert run.record is not None
    assert len(run.measurements) == 3
    assert (project.path / "r.html").exists()
