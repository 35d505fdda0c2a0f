"""``--quant-levels`` and ``quant_levels``: which levels are tested."""

from __future__ import annotations

import pytest
from tests.sessions import CAPITAL, MODES, ONE_PROBE, Project, Run

SELECTED = ("--quant-cases=8", "-k", CAPITAL)


def collected_levels(run: Run) -> list[str]:
    """The levels of the collected items, in the order in which they would run."""
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    levels = [line.rpartition("[")[2].rstrip("]") for line in run.lines if line.endswith("]")]
    return list(dict.fromkeys(levels))


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_tests_the_levels_given(project: Project, mode: tuple[str, ...]) -> None:
    project.ini("quant_levels = q2")  # the command line beats it
    run = project.run("--quant-levels=q8,q4", *SELECTED, *mode)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    assert [level["name"] for level in run.record["levels"]] == ["f16", "q8", "q4"]
    assert [m["level"] for m in run.record["measurements"]] == ["q8", "q4"]
    assert run.level("q8")["tensor_types"].keys() == {"F32", "Q8_0"}
    assert "Q4_K" in run.level("q4")["tensor_types"]
    assert run.level("q4")["bits_per_weight"] < 5 < 8 < run.level("q8")["bits_per_weight"] < 9


def test_levels_of_the_ini_file(project: Project) -> None:
    project.ini("quant_levels = q8")
    run = project.run(*SELECTED)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    assert [level["name"] for level in run.record["levels"]] == ["f16", "q8"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (" Q8 ,q8,", ["q8"]),
        ("q4_k_s,IQ4_XS", ["q4_k_s", "iq4_xs"]),
        ("q3,all", ["q3", "q8", "q6", "q5", "q4", "q2"]),
        ("f16,q8", ["q8"]),
    ],
)
def test_names_of_levels(project: Project, given: str, expected: list[str]) -> None:
    run = project.run(f"--quant-levels={given}", "--co", "-q", "-k", CAPITAL)
    assert collected_levels(run) == expected


def test_a_level_that_its_file_does_not_keep_is_flagged(project: Project) -> None:
    """llama.cpp's MXFP4 is for experts: a dense model silently gets another type."""
    run = project.run(*ONE_PROBE, "--quant-levels=mxfp4_moe")
    assert "promises MXFP4" in run.level("mxfp4_moe")["warning"]
    assert any(line.startswith("note: mxfp4_moe: ") for line in run.section)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("q9", "unknown quantization level 'q9'. Did you mean 'q8'?"),
        ("q8,q4_k_n", "unknown quantization level 'q4_k_n'. Did you mean 'q4_k_"),
        (",", "no quantization level in ','"),
        ("f16", "f16 is the reference itself; add a level to compare with it"),
    ],
)
def test_refuses(project: Project, given: str, said: str) -> None:
    message = project.run(f"--quant-levels={given}").mistake()
    assert message.startswith("ERROR: --quant-levels: ")
    assert said in message


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_levels = q8 q4")
    message = project.run().mistake()
    assert message.startswith("ERROR: quant_levels in pytest.ini: ")
    assert "unknown quantization level 'q8 q4'" in message


def test_refuses_a_list_where_a_string_belongs(project: Project) -> None:
    project.write("pytest.toml", '[pytest]\nquant_levels = ["q8", "q4"]\n')
    message = project.run().mistake()
    assert "pytest.toml: " in message
    assert "'quant_levels' expects a string, got list" in message


@pytest.mark.parametrize("given", ["--quant-model=m.gguf", "--quant-html=r.html"])
def test_what_needs_a_level_is_not_ignored(project: Project, given: str) -> None:
    message = project.run_bare(given, "test_it.py").mistake()
    flag = given.partition("=")[0]
    assert message == f"ERROR: {flag}: no level to test; add --quant-levels, as in " + (
        "--quant-levels=q4,q8"
    )


def test_what_a_project_always_adds_may_be_for_other_commands(project: Project) -> None:
    project.ini("addopts = --quant-html=r.html")
    project.write("test_it.py", "def test_it(): pass")
    assert project.run_bare("test_it.py").outcomes == {"passed": 1}
