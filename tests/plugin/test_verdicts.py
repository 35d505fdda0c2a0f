"""The main job: undamaged levels do not fail, a damaged one does, however it is run."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.sessions import COLOURS, EASY, MODES, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL

SELECTED = ("--quant-levels=q8,q4", "--quant-cases=16", "-k", EASY)

Runs = Mapping[str, Run]


@pytest.fixture(scope="module")
def damaged(
    damaged_q8_file: Path, shared_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Runs:
    """The same session with a damaged q8 beside an undamaged q4, in each mode."""
    runs: dict[str, Run] = {}
    for name, mode in MODES.items():
        project = Project(tmp_path_factory.mktemp("damaged"), shared_cache)
        runs[name] = project.run(
            *SELECTED,
            f"--quant-model={EMBEDDED_MODEL}",
            f"--quant-artifact=q8={damaged_q8_file}",
            "--junitxml=junit.xml",
            "-v",
            *mode,
        )
    return runs


@pytest.fixture(params=list(MODES))
def damaged_run(request: pytest.FixtureRequest, damaged: Runs) -> Run:
    return damaged[request.param]


def of_level(run: Run, level: str) -> list[dict[str, Any]]:
    assert run.record is not None, run.output + run.errors
    return [check for check in run.record["checks"] if check["level"] == level]


def test_undamaged_levels_do_not_fail(project: Project, mode: tuple[str, ...]) -> None:
    run = project.run(*SELECTED, *mode)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    for level in ("q8", "q4"):
        assert run.level(level)["verdict"] in ("pass", "inconclusive")
        assert of_level(run, level)
    assert not any(line.startswith("FAILED") for line in run.lines)


def test_a_damaged_level_fails(damaged_run: Run) -> None:
    assert damaged_run.code == pytest.ExitCode.TESTS_FAILED, damaged_run.output
    assert damaged_run.level("q8")["verdict"] == "fail"
    assert damaged_run.level("q4")["verdict"] != "fail"
    assert "Hold q8 back: shown to lose more than the limit." in damaged_run.section


def test_a_failure_names_level_category_and_an_example(damaged_run: Run) -> None:
    (overall,) = (c for c in of_level(damaged_run, "q8") if c["scope"] == "pooled")
    assert overall["result"]["verdict"] == "fail"
    failed = {c["subject"] for c in of_level(damaged_run, "q8") if c["result"]["verdict"] == "fail"}
    categories = failed & {m["category"] for m in damaged_run.measurements.values()}
    assert categories
    told = "\n".join(damaged_run.section)
    assert any(f"FAILED q8 {category}" in told for category in categories)
    example = told[told.index("FAILED q8 overall") :]
    for label in ("example", "prompt", "expected", "f16", "q8", "because"):
        assert f"\n  {label:<9} " in example, label


def test_the_example_is_a_case_that_was_lost(damaged_run: Run) -> None:
    (first,) = [line for line in damaged_run.section if line.startswith("  example ")][:1]
    nodeid, _, index = first.split(maxsplit=1)[1].rpartition(", case ")
    case = damaged_run.measurements[nodeid]["cases"][int(index)]
    assert case["reference"]["verdict"] == "correct"
    assert case["level"]["verdict"] != "correct"


def test_gate_checks_are_tests(damaged_run: Run) -> None:
    ends = {
        line.split()[0]: line.split()[1]
        for line in damaged_run.lines
        if line.startswith("quant-gate::") and len(line.split()) > 1
    }
    verdicts = {"fail": "FAILED", "pass": "PASSED", "inconclusive": "INCONCLUSIVE"}
    assert damaged_run.record is not None
    assert ends == {
        f"quant-gate::{check['subject']}[{check['level']}]": verdicts[check["result"]["verdict"]]
        for check in damaged_run.record["checks"]
        if check["scope"] != "probe"
    }
    assert ends["quant-gate::overall[q8]"] == "FAILED"


def test_every_verdict_is_counted_once(damaged_run: Run) -> None:
    assert damaged_run.record is not None
    verdicts = [check["result"]["verdict"] for check in damaged_run.record["checks"]]
    silent = [m for m in damaged_run.measurements.values() if m["uninformative"]]
    counted = damaged_run.outcomes
    assert counted["failed"] == verdicts.count("fail")
    assert counted.get("inconclusive", 0) == verdicts.count("inconclusive")
    assert counted.get("passed", 0) == verdicts.count("pass")
    assert counted.get("skipped", 0) == len(silent)


def test_what_the_reference_cannot_do_is_skipped_with_its_numbers(project: Project) -> None:
    project.write("probes/colours.yaml", COLOURS)
    run = project.run("--quant-levels=q8,q4", "-rs")
    assert run.outcomes == {"skipped": 2, "failed": 2}
    for measurement in run.measurements.values():
        assert measurement["uninformative"].startswith("the reference answers 0 of 2 cases correct")
        assert all(case["level"] is None for case in measurement["cases"])
    (reason,) = (line for line in run.lines if line.startswith("SKIPPED [2] probes/colours.yaml:4"))
    assert "the reference answers 0 of 2 cases correctly" in reason
    assert "q8: NOTHING COMPARED" in run.section


def test_every_mode_finds_the_same(damaged: Runs) -> None:
    first, *others = damaged.values()
    for other in others:
        assert first.record is not None
        assert other.record is not None
        assert other.record["checks"] == first.record["checks"]
        assert other.measurements == first.measurements
        assert list(other.measurements) == list(first.measurements)
        assert other.record["selected"] == first.record["selected"]


def test_junit_xml_holds_the_gate_s_tests(damaged_run: Run) -> None:
    suite = ET.parse(damaged_run.directory / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    record = damaged_run.record
    assert record is not None
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert len(cases) == len(record["measurements"]) + sum(
        check["scope"] != "probe" for check in record["checks"]
    )
    failure = cases["overall[q8]"].find("failure")
    assert failure is not None
    assert "expected  " in str(failure.text)
    assert int(suite.get("failures", 0)) == damaged_run.outcomes["failed"]


def test_junit_xml_holds_the_numbers_of_every_check(damaged_run: Run) -> None:
    root = ET.parse(damaged_run.directory / "junit.xml").getroot()
    found = {case.get("name"): properties_of(case) for case in root.iter("testcase")}
    assert damaged_run.record is not None
    difficulty = {m["nodeid"]: m["difficulty"] for m in damaged_run.record["measurements"]}
    for check in damaged_run.record["checks"]:
        result, counts = check["result"], check["result"]["counts"]
        name = check["subject"] if check["scope"] == "probe" else gate_name(check)
        properties = found[name.rpartition("::")[2]]
        expected = {
            "level": check["level"],
            "reference": "f16",
            "verdict": result["verdict"],
            **{key: str(counts[key]) for key in ("n", "b", "c")},
        }
        if check["category"]:
            expected["category"] = check["category"]
        if check["scope"] == "probe":
            expected["difficulty"] = str(difficulty[check["subject"]])
        else:
            expected["kind"] = check["kind"]
        numbers = {key: result[key] for key in ("drop", "lower", "upper", "limit", "alpha")}
        for side in ("reference", "level"):
            numbers[f"{side}_accuracy"] = 100 * counts[f"{side}_correct"] / counts["n"]
        assert properties.keys() == expected.keys() | numbers.keys()
        assert {key: properties[key] for key in expected} == expected
        for key, number in numbers.items():
            assert float(properties[key]) == pytest.approx(number, rel=1e-5, abs=1e-5), key


def properties_of(case: ET.Element) -> dict[str, str]:
    """The plugin's properties of a test, each of which must be there once."""
    pairs = [(p.get("name", ""), p.get("value", "")) for p in case.iter("property")]
    own = [(name.removeprefix("quant_"), v) for name, v in pairs if name.startswith("quant_")]
    assert len(own) == len(dict(own))
    return dict(own)


def gate_name(check: dict[str, Any]) -> str:
    return f"{check['subject']}[{check['level']}]"
