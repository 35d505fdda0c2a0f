"""``--quant-difficulty`` and ``quant_difficulty``: which probes run."""

from __future__ import annotations

import re

import pytest
from tests.sessions import COLOURS, Project, Run

COLLECT = ("--quant-levels=q8", "--co", "-q")


@pytest.fixture
def graded(project: Project) -> Project:
    """A project with one probe of each difficulty, and a test of its own."""
    for n in range(1, 6):
        probe = COLOURS.replace("id: colour", f"id: colour_{n}")
        project.write(f"probes/d{n}.yaml", probe.replace("difficulty: 1", f"difficulty: {n}"))
    project.write("test_own.py", "def test_own(): pass")
    return project


def difficulties(run: Run) -> list[int]:
    return [int(n) for n in re.findall(r"colour_(\d)\[q8\]", run.output)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2", [2]),
        ("1-3", [1, 2, 3]),
        ("1,4-5", [1, 4, 5]),
        (" 5 , 3 - 4 ", [3, 4, 5]),
        ("1-5", [1, 2, 3, 4, 5]),
    ],
)
def test_runs_only_probes_of_these(graded: Project, given: str, expected: list[int]) -> None:
    run = graded.run(*COLLECT, f"--quant-difficulty={given}")
    assert run.code == pytest.ExitCode.OK
    assert difficulties(run) == expected
    gone = 5 - len(expected)
    assert (f"{len(expected)}/5 tests collected ({gone} deselected)" in run.output) == (gone > 0)


def test_the_budget_is_shared_among_what_is_left(graded: Project) -> None:
    graded.ini("quant_difficulty = 5")  # the command line beats it
    run = graded.run("--quant-levels=q8", "--quant-difficulty=1-2")
    assert set(run.measurements) == {f"probes/d{n}.yaml::colour_{n}[q8]" for n in (1, 2)}
    assert run.record is not None
    assert run.record["selected"]["probe"] == 2
    assert any(line.endswith("alpha 0.05, difficulty 1, 2") for line in run.lines)


def test_the_ini_file_and_marks_and_other_tests(graded: Project) -> None:
    graded.ini("quant_difficulty = 2-4")
    run = graded.run(*COLLECT, "-m", "not difficulty_3", "probes", "test_own.py")
    assert difficulties(run) == [2, 4]
    assert "test_own.py::test_own" in run.lines


def test_nothing_left(graded: Project) -> None:
    (graded.path / "probes/d5.yaml").unlink()
    run = graded.run("--quant-levels=q8", "--quant-difficulty=5")
    assert run.code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert run.outcomes == {"deselected": 4}


@pytest.mark.parametrize("given", ["6", "3-1", "easy", "1,,2"])
def test_refuses(project: Project, given: str) -> None:
    message = project.run(*COLLECT, f"--quant-difficulty={given}").mistake()
    assert message.startswith("ERROR: --quant-difficulty: found '")
    assert "such as 1-3 or 1,4-5" in message


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_difficulty = 7")
    message = project.run(*COLLECT).mistake()
    assert message.startswith("ERROR: quant_difficulty in pytest.ini: found '7', expected ")
