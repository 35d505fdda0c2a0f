"""A disk that is full in the middle: no answer is lost for it, and no report but those on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.namespaces import with_small_disks
from tests.sessions import MODES, WITHOUT_DIVERGENCE, Project, Server, start_server

SELECTED = ("--quant-levels=q8", "--quant-cases=16", "-k", "doubling or word_repeated or opposite")
TESTED = ("no xdist", "-n2")
BARE = (
    *("--quant-threads=1", "--quant-json=record.json", "--quant-baselines=baselines"),
    WITHOUT_DIVERGENCE,
)


@dataclass(frozen=True, slots=True)
class Disks:
    """What is a small disk for the sessions of ``server``, by the mode of a session: where a cache
    keeps its responses, and a directory for results.
    """

    server: Server
    caches: Mapping[str, Path]
    results: Mapping[str, Path]


@pytest.fixture(scope="module")
def disks(
    cold_cache: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Disks]:
    caches = {mode: cold_cache() for mode in TESTED}
    results = {mode: tmp_path_factory.mktemp("small") for mode in TESTED}
    sizes = {cache / "responses": "4k" for cache in caches.values()}
    for path in sizes:
        path.mkdir()
    wrapper = with_small_disks(sizes | dict.fromkeys(results.values(), "8k"))
    with start_server(wrapper) as server:
        yield Disks(server, caches, results)


@pytest.mark.parametrize("mode", TESTED)
def test_answers_that_cannot_be_kept(project: Project, disks: Disks, mode: str) -> None:
    cache = disks.caches[mode]
    run = project.run_bare(
        *(*SELECTED, *BARE, f"--quant-cache-dir={cache}", *MODES[mode]), server=disks.server
    )
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert "Traceback" not in run.output + run.errors
    said = f"quantization: not all answers are kept: {cache}/responses cannot be written: "
    assert sum(line.startswith(said) for line in run.lines) == 1
    assert run.measurements == project.run(*SELECTED).measurements


@pytest.mark.parametrize("mode", TESTED)
def test_results_that_cannot_be_written(project: Project, disks: Disks, mode: str) -> None:
    small = disks.results[mode]
    run = project.run_bare(
        *(*SELECTED, *BARE, f"--quant-cache-dir={project.cache}", *MODES[mode]),
        f"--alluredir={small}/results",
        "--quant-html=r.html",
        f"--quant-markdown={small}/r.md",
        server=disks.server,
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
