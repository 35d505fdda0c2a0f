"""``--quant-cases`` and ``quant_cases``: how many cases each probe is asked."""

from __future__ import annotations

import pytest
from tests.sessions import CAPITAL, COLOURS, ONE_PROBE, WITHOUT_DIVERGENCE, Project, Run

SELECTED = ("--quant-levels=q8", "-k", CAPITAL)
# What the embedded model can do; one that it cannot do is not asked so many.
ROUNDINGS = """
    category: numerical_reasoning
    probes:
      - id: rounding_again
        subcategory: precision
        difficulty: 1
        cases: 900
        prompt: "Round {x} to one decimal place. Write the number after 'Answer:'."
        parameters:
          x: {decimal: [10, 12], places: 2}
        expect: floor(10 * x + 1 / 2) / 10
        check: {kind: numeric}
"""


def asked(run: Run) -> int:
    """How many cases; of what no model knows too, for which nothing is compared."""
    compared = run.level("q8")["verdict"] != "not compared"
    assert run.code == int(not compared), run.output + run.errors
    (measurement,) = run.measurements.values()
    assert [case["index"] for case in measurement["cases"]] == list(
        range(len(measurement["cases"]))
    )
    return len(measurement["cases"])


def test_asks_as_many(project: Project) -> None:
    project.ini("quant_cases = 5")  # the command line beats it
    run = project.run(*SELECTED, "--quant-cases=3")
    assert asked(run) == 3
    assert "quantization: q8 of embedded, 3 cases, alpha 0.05" in run.lines


def test_cases_of_the_ini_file(project: Project) -> None:
    project.ini("quant_cases = 3")
    assert asked(project.run(*SELECTED)) == 3


def test_by_default_as_the_probe_says(project: Project) -> None:
    project.write("probes/local.yaml", COLOURS)
    run = project.run("--quant-levels=q8")
    assert asked(run) == 2
    assert "quantization: q8 of embedded, cases by category, alpha 0.05" in run.lines


def test_more_cases_only_append(project: Project) -> None:
    few, more = (project.run(*SELECTED, f"--quant-cases={n}").measurements for n in (3, 5))
    ((nodeid, measurement),) = few.items()
    digests = [case["digest"] for case in measurement["cases"]]
    assert digests == [case["digest"] for case in more[nodeid]["cases"]][:3]


def test_of_a_probe_with_fewer_all_are_asked(project: Project) -> None:
    project.write("probes/local.yaml", COLOURS)
    assert 2 < asked(project.run("--quant-levels=q8", "--quant-cases=900")) <= 12


def test_a_probe_that_promises_more_than_it_has_says_so(project: Project) -> None:
    project.write("probes/local.yaml", ROUNDINGS)
    run = project.run("--quant-levels=q8", "-k", "rounding_again", WITHOUT_DIVERGENCE)
    assert run.code == pytest.ExitCode.TESTS_FAILED
    assert "probe 'rounding_again': has only" in run.output
    assert "900 were asked for" in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("given", ["0", "1.5", "many"])
def test_refuses(project: Project, given: str) -> None:
    message = project.run(*ONE_PROBE, f"--quant-cases={given}").mistake()
    assert message == (
        f"ERROR: --quant-cases: found {given!r}, expected a whole number of at least 1"
    )


@pytest.mark.parametrize("given", ["0", "many"])
def test_refuses_what_the_ini_file_says_by_its_name(project: Project, given: str) -> None:
    project.ini(f"quant_cases = {given}")
    message = project.run(*SELECTED).mistake()
    assert message.startswith("ERROR: quant_cases in pytest.ini: ")
    assert given in message


@pytest.mark.parametrize("option", ["cases", "max-cases"])
def test_refuses_more_than_can_be_counted(project: Project, option: str) -> None:
    given = f"--quant-{option}=99999999999999999999"
    message = project.run("--quant-levels=q8", given).mistake()
    assert message.startswith(f"ERROR: --quant-{option}: found '99999999999999999999', expected at")
