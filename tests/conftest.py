"""Fixtures of the end-to-end tests: projects, ways to distribute a session, model files.

And one hook, for tests that need a sandbox.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from tests.packages import packages
from tests.sessions import MODES, Project

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.errors import SandboxUnavailable
from pytest_quant.levels import Recipe
from pytest_quant.runtimes.llamacpp.quantize import quantize

__all__ = ["packages"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Tests that judge programs run where these can be isolated, and say why where not."""
    try:
        return (yield)
    except SandboxUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(params=["no xdist", "-n2"])
def mode(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The arguments of a session in one process, and of one with workers.

    That -n0 is like the first is for test_verdicts, test_baselines and test_levels to show.
    """
    return MODES[request.param]


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all sessions, so that models and responses are made once."""
    base = tmp_path_factory.getbasetemp()
    distributed = "PYTEST_XDIST_WORKER" in os.environ
    return (base.parent if distributed else base) / "quant-cache"


@pytest.fixture(scope="module")
def cold_cache(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A cache with the models of the shared one, and what was found of them, but with no answer."""

    def made() -> Path:
        cache = tmp_path_factory.mktemp("cache")
        for name in ("artifacts", "digests", "templates"):
            (shared_cache / name).mkdir(parents=True, exist_ok=True)
            (cache / name).symlink_to(shared_cache / name)
        return cache

    return made


@pytest.fixture
def project(tmp_path: Path, shared_cache: Path) -> Project:
    return Project(tmp_path, shared_cache)


@pytest.fixture(scope="session")
def q8_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model at Q8_0, as somebody else might have made it."""
    return _made("Q8_0", tmp_path_factory)


@pytest.fixture(scope="session")
def f32_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model in 32 bits: a source that is told from the embedded file itself."""
    return _made("F32", tmp_path_factory)


def _made(file_type: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / f"mine-{file_type}.gguf"
    quantize(EMBEDDED_MODEL, path, Recipe(file_type), threads=1)
    return path


@pytest.fixture(scope="session")
def damaged_q8_file(q8_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model at Q8_0 with a planted fault that only its answers show."""
    # pytest reads this file in a session that only asks probes, too, where no test extra is.
    from benchmarks.faults.catalogue import fault_named

    path = tmp_path_factory.mktemp("model") / "damaged-Q8_0.gguf"
    fault_named("repeated block").plant(q8_file, 1, path)
    return path
