"""``--quant-model`` and ``quant_model``: the file from which levels are quantized."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sessions import ONE_PROBE, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL


def reference_of(run: Run) -> str:
    """The reference level, which tells the 32-bit file from the embedded model."""
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    return str(run.record["reference"])


def test_quantizes_the_given_file(project: Project, f32_file: Path) -> None:
    """A relative path starts from where pytest was called."""
    project.ini(f"quant_model = {EMBEDDED_MODEL}")  # the command line beats it
    (project.path / "m.gguf").symlink_to(f32_file)
    run = project.run(*ONE_PROBE, "--quant-levels=f16,q8", "--quant-model=m.gguf")
    assert reference_of(run) == "f32"
    assert run.level("f32")["bits_per_weight"] == 32
    assert run.level("q8")["recipe"] == "Q8_0"
    assert {m["level"] for m in run.measurements.values()} == {"f16", "q8"}
    assert "quantization: f16, q8 of m.gguf, 8 cases, alpha 0.05" in run.lines


def test_a_relative_path_of_the_ini_file_starts_from_there(
    project: Project, f32_file: Path
) -> None:
    project.ini("quant_model = models/model.gguf", f"quant_cache_dir = {project.cache}")
    for directory in ("models", "below"):
        (project.path / directory).mkdir()
    (project.path / "models" / "model.gguf").symlink_to(f32_file)
    run = project.run_bare(*ONE_PROBE, "--quant-json=../record.json", cwd="below")
    assert reference_of(run) == "f32"


def test_refuses_by_the_name_of_the_option(project: Project) -> None:
    message = project.run(*ONE_PROBE, "--quant-model=").mistake()
    assert message.startswith("ERROR: --quant-model: found an empty path, expected a file")


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_model =")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: quant_model in pytest.ini: found an empty path")
