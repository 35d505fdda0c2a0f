"""``--quant-reference`` and ``quant_reference``: what levels are measured against."""

from __future__ import annotations

import pytest
from tests.sessions import ONE_PROBE, Project, Run


def test_may_be_quantized_if_it_is_named(project: Project) -> None:
    project.ini("quant_reference = f32")  # the command line beats it
    run = project.run(*ONE_PROBE, "--quant-levels=q8,q4", "--quant-reference=q8")
    assert reference_of(run) == ("q8", True)
    assert {m["level"] for m in run.measurements.values()} == {"q4"}
    assert run.record is not None
    assert [level["name"] for level in run.record["levels"]] == ["q8", "q4"]
    assert any("reference q8 (quantized itself)" in line for line in run.section)


def test_reference_of_the_ini_file(project: Project) -> None:
    project.ini("quant_reference = f32")
    assert reference_of(project.run(*ONE_PROBE)) == ("f32", False)


def test_refuses_an_unknown_level(project: Project) -> None:
    message = project.run(*ONE_PROBE, "--quant-reference=f61").mistake()
    assert message.startswith("ERROR: --quant-reference: unknown quantization level 'f61'")
    assert "Did you mean 'f16'?" in message


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_reference = f61")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: quant_reference in pytest.ini: unknown quantization level")


def reference_of(run: Run) -> tuple[str, bool]:
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    return run.record["reference"], run.record["reference_quantized"]
