"""``--quant-threads`` and ``quant_threads``: threads of all workers together."""

from __future__ import annotations

import pytest
from tests.sessions import ONE_PROBE, Project, Run


def threads_of(run: Run) -> int:
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    return int(run.level("f16")["runtime"]["threads"])


def test_are_divided_among_the_workers(project: Project, mode: tuple[str, ...]) -> None:
    project.ini("quant_threads = 3")  # the command line beats it
    run = project.run(*ONE_PROBE, "--quant-threads=4", *mode)
    assert threads_of(run) == (2 if mode == ("-n2",) else 4)


def test_number_of_the_ini_file(project: Project) -> None:
    project.ini("quant_threads = 2", f"quant_cache_dir = {project.cache}")
    assert threads_of(project.run_bare(*ONE_PROBE, "--quant-json=record.json")) == 2


@pytest.mark.parametrize("given", ["-2", "all"])
def test_refuses(project: Project, given: str) -> None:
    message = project.run(*ONE_PROBE, f"--quant-threads={given}").mistake()
    assert message == (
        f"ERROR: --quant-threads: found {given!r}, expected a whole number of at least 1"
    )


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_threads = all")
    message = project.run_bare(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: quant_threads in pytest.ini: ")


@pytest.mark.parametrize("given", ["513", "20000", "100000000", "9" * 30])
def test_refuses_more_than_llama_cpp_can_run(project: Project, given: str) -> None:
    """It would abort, or wait for ever."""
    message = project.run(*ONE_PROBE, f"--quant-threads={given}").mistake()
    assert message.startswith("ERROR: --quant-threads: found ")
