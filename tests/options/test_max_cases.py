"""``--quant-max-cases`` and ``quant_max_cases``: each probe until its verdict is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.sessions import CAPITAL, COLOURS, MODES, ONE_PROBE, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL

# Two probes of one category that the embedded model can do, and that take little time.
TWO = "opposite or animal_class"
SELECTED = ("--quant-levels=q8,q2", "-k", TWO, "--quant-max-cases=96")


@pytest.fixture(scope="module")
def runs(
    cold_cache: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Run]:
    """The same session in two modes, neither of which finds an answer in a cache.

    At q8 the limit is so near that a probe alone cannot pass in 96 cases, but both together can.
    """
    found = {}
    for name in ("-n0", "-n2"):
        project = Project(tmp_path_factory.mktemp("project"), cold_cache())
        project.ini("quant_tolerances = q8 world_knowledge 3")
        found[name] = project.run(*SELECTED, *MODES[name])
    return found


def sizes(run: Run) -> dict[tuple[str, str], int]:
    return {(m["probe"], m["level"]): len(m["cases"]) for m in run.measurements.values()}


def checks(run: Run) -> dict[tuple[str, str], dict[str, Any]]:
    assert run.record is not None, run.output + run.errors
    return {(check["subject"], check["level"]): check["result"] for check in run.record["checks"]}


def test_a_level_whose_limit_is_far_is_asked_less(runs: Mapping[str, Run]) -> None:
    asked = sizes(runs["-n0"])
    for probe in ("opposite", "animal_class"):
        assert asked[probe, "q2"] < asked[probe, "q8"] <= 96
    for (_, level), result in checks(runs["-n0"]).items():
        assert result["verdict"] == "pass" or level == "q8"


def test_cases_begin_with_the_first_and_leave_none_out(runs: Mapping[str, Run]) -> None:
    for measurement in runs["-n0"].measurements.values():
        count = len(measurement["cases"])
        assert [case["index"] for case in measurement["cases"]] == list(range(count))
        assert all(case["level"] is not None for case in measurement["cases"])
        assert measurement["complete"] == (count == 96)


def test_a_category_takes_as_many_of_each_probe(runs: Mapping[str, Run]) -> None:
    asked, found = sizes(runs["-n0"]), checks(runs["-n0"])
    for level in ("q8", "q2"):
        common = min(asked[probe, level] for probe in ("opposite", "animal_class"))
        for subject in ("overall", "world_knowledge"):
            assert found[subject, level]["counts"]["n"] == 2 * common


def test_the_same_bytes_and_verdicts_with_workers(runs: Mapping[str, Run]) -> None:
    assert runs["-n2"].measurements == runs["-n0"].measurements
    assert checks(runs["-n2"]) == checks(runs["-n0"])
    assert runs["-n2"].code == runs["-n0"].code


def test_a_category_that_is_open_has_its_probes_asked_more(runs: Mapping[str, Run]) -> None:
    run = runs["-n0"]
    for nodeid, measurement in run.measurements.items():
        own = checks(run)[nodeid, measurement["level"]]["counts"]["n"]
        assert own <= len(measurement["cases"])
        if measurement["level"] == "q8":
            assert own < len(measurement["cases"])
    assert any("asking more for " in line and "[q8]" in line for line in run.lines)


def test_what_is_undecided_says_what_it_would_take(runs: Mapping[str, Run]) -> None:
    undecided = [
        result
        for (subject, level), result in checks(runs["-n0"]).items()
        if level == "q8" and "::" in subject
    ]
    assert [result["verdict"] for result in undecided] == ["inconclusive"] * 2
    assert all(
        result["cases_needed"] is None or result["cases_needed"] > 96 for result in undecided
    )
    assert runs["-n0"].record is not None
    assert runs["-n0"].record["max_cases"] == 96


def test_advises_the_option_that_was_used(project: Project) -> None:
    run = project.run("--quant-levels=q8", "-k", CAPITAL, "--quant-max-cases=16")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.told[0].startswith("q8: undecided: world_knowledge (about ")
    (advice,) = (line for line in run.told if line.startswith("q8 is undecided: "))
    assert advice.startswith("q8 is undecided: --quant-max-cases=")


def test_says_so_in_the_header(runs: Mapping[str, Run]) -> None:
    line = "quantization: q8, q2 of embedded, up to 96 cases, alpha 0.05"
    assert line in runs["-n0"].lines


def test_a_damaged_level_fails_early(project: Project, damaged_q8_file: Path) -> None:
    run = project.run(
        "--quant-levels=q8",
        f"--quant-artifact=q8={damaged_q8_file}",
        f"--quant-model={EMBEDDED_MODEL}",
        *("-k", "doubling or fibonacci_like", "--quant-max-cases=512"),
    )
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    assert run.level("q8")["verdict"] == "fail"
    assert max(sizes(run).values()) < 256


def test_what_the_reference_cannot_do_costs_a_look(project: Project) -> None:
    project.write("probes/local.yaml", COLOURS.replace("[1, 12]", "[1, 120]"))
    run = project.run("--quant-levels=q8", "--quant-max-cases=512")
    (measurement,) = run.measurements.values()
    assert len(measurement["cases"]) == 8
    assert "0 of 8 cases" in measurement["uninformative"]
    assert measurement["level_effort"] is None


def test_of_the_ini_file_which_the_command_line_beats(project: Project) -> None:
    project.ini("quant_max_cases = 5")
    selected = ("--quant-levels=q8", "-k", CAPITAL)
    assert set(sizes(project.run(*selected)).values()) == {5}
    assert set(sizes(project.run(*selected, "--quant-cases=3")).values()) == {3}
    project.ini("quant_cases = 5")
    assert set(sizes(project.run(*selected, "--quant-max-cases=3")).values()) == {3}


def test_refuses_both(project: Project) -> None:
    message = project.run(*ONE_PROBE, "--quant-max-cases=64").mistake()
    assert message == (
        "ERROR: --quant-cases: 8 cases of each probe, and --quant-max-cases: as many as are "
        "needed up to 64; give one of the two"
    )


def test_refuses_both_in_the_ini_file(project: Project) -> None:
    project.ini("quant_cases = 8", "quant_max_cases = 64")
    message = project.run("--quant-levels=q8", "-k", CAPITAL).mistake()
    assert message.startswith("ERROR: quant_cases in pytest.ini: 8 cases of each probe, and ")


@pytest.mark.parametrize("given", ["0", "1.5", "many"])
def test_refuses(project: Project, given: str) -> None:
    run = project.run("--quant-levels=q8", "-k", CAPITAL, f"--quant-max-cases={given}")
    assert run.mistake() == (
        f"ERROR: --quant-max-cases: found {given!r}, expected a whole number of at least 1"
    )
