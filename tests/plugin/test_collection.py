"""Probe files are collected like test files: ids, marks, selection, order, whose file is whose."""

from __future__ import annotations

import pytest
from tests.sessions import COLOURS, Project, Run

SHADES = COLOURS.replace("id: colour", "id: shade")

# A second category and difficulty, so that marks have something to tell apart.
TWO_PROBES = """
    category: iterative
    probes:
      - id: countdown
        subcategory: sequences
        difficulty: 2
        cases: 2
        prompt: "Count down from {n}."
        parameters: {n: {integer: [3, 9]}}
        expect: n
        check: {kind: numeric}
      - id: countup
        subcategory: sequences
        difficulty: 3
        cases: 2
        prompt: "Count up to {n}."
        parameters: {n: {integer: [3, 9]}}
        expect: n
        check: {kind: numeric}
"""

COLLECT = ("--quant-levels=q8,q4", "--co", "-q")


def collected(run: Run) -> list[str]:
    assert run.code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED), run.errors
    return [line for line in run.lines if "::" in line]


@pytest.fixture
def local(project: Project) -> Project:
    """A project with probe files of its own."""
    project.write("probes/colours.yaml", COLOURS)
    project.write("probes/deeper/counting.yml", TWO_PROBES)
    return project


def test_levels_come_one_after_the_other(local: Project) -> None:
    assert collected(local.run(*COLLECT)) == [
        "probes/colours.yaml::colour[q8]",
        "probes/deeper/counting.yml::countdown[q8]",
        "probes/deeper/counting.yml::countup[q8]",
        "probes/colours.yaml::colour[q4]",
        "probes/deeper/counting.yml::countdown[q4]",
        "probes/deeper/counting.yml::countup[q4]",
    ]


def test_levels_run_in_the_order_given(local: Project) -> None:
    levels = [line[-3:-1] for line in collected(local.run(*COLLECT, "--quant-levels=q4,q8"))]
    assert levels == ["q4"] * 3 + ["q8"] * 3


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (("-k", "countdown"), ["countdown[q8]", "countdown[q4]"]),
        (("-k", "count and q4"), ["countdown[q4]", "countup[q4]"]),
        (("-m", "world_knowledge"), ["colour[q8]", "colour[q4]"]),
        (
            ("-m", "difficulty_2 or difficulty_3 and q8"),
            ["countdown[q8]", "countup[q8]", "countdown[q4]"],
        ),
        (("-m", "q4 and iterative"), ["countdown[q4]", "countup[q4]"]),
        (("-m", "not q4", "--strict-markers"), ["colour[q8]", "countdown[q8]", "countup[q8]"]),
        (
            ("-m", "q8", "--deselect", "probes/deeper/counting.yml::countdown[q8]"),
            ["colour[q8]", "countup[q8]"],
        ),
        (("probes/deeper/counting.yml::countup[q4]",), ["countup[q4]"]),
        (("probes/colours.yaml",), ["colour[q8]", "colour[q4]"]),
    ],
)
def test_is_selected_as_any_test(
    local: Project, selection: tuple[str, ...], expected: list[str]
) -> None:
    ids = collected(local.run(*COLLECT, *selection))
    assert [nodeid.rpartition("::")[2] for nodeid in ids] == expected


def test_a_level_that_is_the_reference_is_not_tested(local: Project) -> None:
    run = local.run(*COLLECT, "--quant-reference=q8", "probes/colours.yaml")
    assert collected(run) == ["probes/colours.yaml::colour[q4]"]


def test_local_probes_come_before_the_library(local: Project) -> None:
    assert len(collected(local.run(*COLLECT))) == 6


def test_an_empty_directory_has_the_library(project: Project) -> None:
    ids = collected(project.run(*COLLECT, "--quant-levels=q8"))
    assert "probes/iterative.yaml::arithmetic_sequence[q8]" in ids
    assert "probes/world_knowledge.yaml::capital[q8]" in ids
    assert len({nodeid.partition("::")[0] for nodeid in ids}) == 10


def test_a_category_of_the_library_is_a_mark(project: Project) -> None:
    ids = collected(project.run(*COLLECT, "--quant-levels=q8", "-m", "long_context"))
    assert len(ids) >= 1
    assert {nodeid.partition("::")[0] for nodeid in ids} == {"probes/long_context.yaml"}


def test_an_id_of_the_library_leads_back_to_its_probe(project: Project) -> None:
    nodeid = "probes/iterative.yaml::fibonacci_like[q4]"
    assert collected(project.run(*COLLECT, nodeid)) == [nodeid]


def test_a_path_that_is_given_is_honoured(local: Project) -> None:
    local.write("other/shades.yaml", SHADES)
    run = local.run(*COLLECT, "--quant-levels=q8", "other")
    assert collected(run) == ["other/shades.yaml::shade[q8]"]


def test_stands_beside_python_tests(local: Project) -> None:
    local.write("test_own.py", "def test_own(): pass")
    run = local.run(*COLLECT, "--quant-levels=q8", "test_own.py", "probes/colours.yaml")
    assert collected(run) == ["test_own.py::test_own", "probes/colours.yaml::colour[q8]"]


def test_other_yaml_files_are_left_alone(local: Project) -> None:
    local.write("compose.yaml", "services: {}")
    local.write("deep/broken.yml", "] not even YAML")
    local.write(".venv/lib/copy.yaml", COLOURS)
    local.write("venv/pyvenv.cfg", "home = /usr")
    local.write("venv/lib/copy.yaml", COLOURS)
    assert len(collected(local.run(*COLLECT, "."))) == 6


def test_stops_at_the_first_failure(local: Project, mode: tuple[str, ...]) -> None:
    """The probes promise more cases than they have: every item fails."""
    for path in sorted(local.path.glob("probes/*.yaml")):
        text = path.read_text("utf-8").replace("cases: 2", "cases: 99")
        path.write_text(text.replace("[1, 12]", "[1, 3]"), "utf-8")
    run = local.run("--quant-levels=q8,q4", "-x", *mode)
    assert run.code in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    assert 1 <= run.outcomes["failed"] < 6
    assert "stopping after 1 failures" in run.output


def test_what_was_measured_before_a_stop_is_shown(local: Project) -> None:
    """One probe is done, then one has too few cases."""
    local.write(
        "probes/colours.yaml", COLOURS.replace("cases: 2", "cases: 99").replace("12]", "3]")
    )
    local.write("probes/a.yaml", SHADES)
    run = local.run("--quant-levels=q8", "-x")
    assert run.outcomes == {"failed": 1, "skipped": 1}
    assert set(run.measurements) == {"probes/a.yaml::shade[q8]"}
    assert run.record is not None
    assert run.record["missing"] == 3
    assert "incomplete: 3 of 4 selected tests brought no measurement" in run.section
