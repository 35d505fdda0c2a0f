"""``--quant-parallel`` and ``quant_parallel``: how many sequences are decoded together."""

from __future__ import annotations

import pytest
from tests.sessions import ONE_PROBE, Project, Run


def parallel_of(run: Run) -> int:
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    return int(run.level("f16")["runtime"]["parallel"])


def test_decodes_as_many_together(project: Project) -> None:
    project.ini("quant_parallel = 2")  # the command line beats it
    run = project.run(*ONE_PROBE, "--quant-parallel=3")
    assert parallel_of(run) == 3
    assert any(line.endswith("1 thread, 3 sequences at once") for line in run.section)


def test_number_of_the_ini_file(project: Project) -> None:
    project.ini("quant_parallel = 2")
    assert parallel_of(project.run(*ONE_PROBE)) == 2


@pytest.mark.parametrize("given", ["0", "four"])
def test_refuses(project: Project, given: str) -> None:
    message = project.run(*ONE_PROBE, f"--quant-parallel={given}").mistake()
    assert message == (
        f"ERROR: --quant-parallel: found {given!r}, expected a whole number of at least 1"
    )


def test_refuses_more_than_llama_cpp_can(project: Project) -> None:
    message = project.run(*ONE_PROBE, "--quant-parallel=100000").mistake()
    assert message.startswith("ERROR: --quant-parallel")
    assert "100000" in message
    assert "256" in message


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_parallel = 0")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: quant_parallel in pytest.ini: found '0'")
