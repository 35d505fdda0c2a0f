"""``--quant-imatrix`` and ``quant_imatrix``: levels quantized with an importance matrix."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from tests.sessions import CAPITAL, ONE_PROBE, Project

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.imatrix_file import Sums, columns, matrix_bytes

SELECTED = ("--quant-cases=8", "-k", CAPITAL)


@pytest.fixture
def matrix(project: Project) -> Path:
    random = np.random.default_rng(0)
    sums = {
        tensor.name: Sums(random.lognormal(0, 1, (1, columns(tensor))), np.array([9]))
        for tensor in inspect(EMBEDDED_MODEL).matrices
    }
    path = project.path / "m.imatrix"
    path.write_bytes(matrix_bytes(sums, text="", chunks=1, chunk_tokens=512))
    return path


def test_levels_are_made_with_it_and_say_so(
    project: Project, matrix: Path, mode: tuple[str, ...]
) -> None:
    """One of the ini file starts from there, and unlocks a type that needs it."""
    project.ini(
        "quant_imatrix = m.imatrix",
        "quant_recipes =",
        "    own: q3_k_m imatrix=m.imatrix",
    )
    run = project.run(*ONE_PROBE, "--quant-levels=iq2_s,own", *mode)
    digest = hashlib.sha256(matrix.read_bytes()).hexdigest()[:12]
    assert run.level("iq2_s")["recipe"] == f"IQ2_S imatrix={digest}"
    assert run.level("own")["recipe"] == f"Q3_K_M imatrix={digest}"
    assert run.level("f16")["recipe"] == "F16"
    assert run.record is not None
    assert run.record["provenance"]["options"]["imatrix"] == "m.imatrix"


@pytest.mark.parametrize(
    ("level", "given", "said"),
    [
        ("q4", "none.imatrix", "none.imatrix: no such file; give an importance matrix"),
        ("q4", "", "--quant-imatrix: found an empty path"),
        ("q4", str(EMBEDDED_MODEL), "is no importance matrix (its general.type is 'model')"),
        ("q4", "cut.imatrix", "cut.imatrix: truncated: "),
        ("q4", "empty.imatrix", "empty.imatrix: is no importance matrix: it is empty"),
    ],
)
def test_refuses_a_file(project: Project, matrix: Path, level: str, given: str, said: str) -> None:
    (project.path / "cut.imatrix").write_bytes(matrix.read_bytes()[:-300])
    (project.path / "empty.imatrix").touch()
    message = project.run(
        f"--quant-levels={level}", *SELECTED, f"--quant-imatrix={given}"
    ).mistake()
    assert said in message


def test_a_type_that_needs_one_names_the_option(project: Project) -> None:
    message = project.run("--quant-levels=iq2_xs", *SELECTED).mistake()
    assert "IQ2_XS: needs an importance matrix" in message
    assert "--quant-imatrix (quant_imatrix)" in message
    assert "pytest-quant imatrix MODEL -o FILE" in message


def test_one_that_would_change_nothing(project: Project, matrix: Path, q8_file: Path) -> None:
    given = (f"--quant-artifact=q8={q8_file}", f"--quant-artifact=f16={EMBEDDED_MODEL}")
    message = project.run(*ONE_PROBE, *given, f"--quant-imatrix={matrix}").mistake()
    assert "--quant-imatrix: no level is quantized here" in message


@pytest.mark.parametrize("recipe", ["own: q4 imatrix=", "own: q4 imatrix=a imatrix=b"])
def test_refuses_a_recipe(project: Project, recipe: str) -> None:
    project.ini("quant_recipes =", f"    {recipe}")
    message = project.run("--quant-levels=own", *SELECTED).mistake()
    assert message.startswith(f"ERROR: quant_recipes: in '{recipe}': ")
