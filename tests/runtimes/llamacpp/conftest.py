"""Real models with random weights, small enough to build, quantize and decode in a test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_quant.levels import Recipe
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.quantize import quantize

TINY = {"width": 256, "layers": 2, "heads": 4, "feed-forward": 512, "vocabulary": 600}

BuildModel = Callable[..., Path]


@pytest.fixture(scope="session")
def build_model(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> BuildModel:
    """Builds a tiny f16 model; keyword arguments are options of benchmarks/random_model.py."""
    script = pytestconfig.rootpath / "benchmarks" / "random_model.py"

    def build(**options: object) -> Path:
        path = tmp_path_factory.mktemp("model") / "tiny.gguf"
        shape = TINY | {"context": 512} | {k.replace("_", "-"): v for k, v in options.items()}
        arguments = [f"--{name}={value}" for name, value in shape.items()]
        subprocess.run([sys.executable, script, path, *arguments], check=True)
        return path

    return build


@pytest.fixture(scope="session")
def tiny(build_model: BuildModel) -> Path:
    """1.6 million weights in f16."""
    return build_model()


@pytest.fixture(scope="session")
def tiny_f32(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same weights in f32: arithmetic that hardly depends on how a batch is composed."""
    path = tmp_path_factory.mktemp("model") / "tiny-f32.gguf"
    quantize(tiny, path, Recipe("F32"), threads=2)
    return path


@pytest.fixture(scope="session")
def runtime(tiny: Path) -> Iterator[LlamaCppRuntime]:
    with LlamaCppRuntime.open(tiny, threads=2, parallel=4) as opened:
        yield opened


@pytest.fixture(scope="session")
def prompts() -> tuple[str, ...]:
    """Nine questions of unequal length with a shared beginning."""
    return tuple(f"what follows {'bo ' * (n % 4)}{n * n} da {'ku' * n}?" for n in range(9))
