"""Whatever becomes of a level: the exit code and every report say the same.

Each situation is a real session that writes all reports; they are read as a person or a CI job
reads them, without our own code.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml
from benchmarks.faults.catalogue import fault_named
from tests.plugin.test_worker_crash import DEADLY, KILLER
from tests.reports.allure_results import results
from tests.sessions import COLOURS, MODES, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL, PROBES
from pytest_quant.cli.guide import GUIDE_CATEGORIES

REPORTS = (
    "--quant-html=page.html",
    "--quant-markdown=summary.md",
    "--alluredir=allure",
    "--junitxml=junit.xml",
)
THREE = "doubling or opposite or word_repeated"
ONE = ("--quant-cases=8", "-k", "doubling")
FEW = ("--quant-cases=8", "-k", THREE)
MANY = ("--quant-cases=16", "-k", THREE)
WORDS = {
    "fail": "FAIL",
    "broken": "BROKEN",
    "not compared": "NOTHING COMPARED",
    "not asked": "NOT ASKED",
    "inconclusive": "undecided",
    "pass": "pass",
}


@dataclass(frozen=True, slots=True)
class Files:
    """The embedded model at Q8_0: sound, with a planted fault, and made from far fewer bits."""

    sound: Path
    damaged: Path
    coarse: Path


@pytest.fixture(scope="module")
def files(q8_file: Path, damaged_q8_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The coarse one answers nearly as before, and predicts what 3 bits do."""
    coarse = tmp_path_factory.mktemp("coarse") / "coarse-Q8_0.gguf"
    fault_named("requantized").plant(q8_file, 3, coarse)
    return Files(q8_file, damaged_q8_file, coarse)


def given(path: Path) -> tuple[str, str]:
    return f"--quant-model={EMBEDDED_MODEL}", f"--quant-artifact=q8={path}"


def passes(project: Project, _files: Files) -> Run:
    library = yaml.safe_load((PROBES / "iterative.yaml").read_text("utf-8"))
    library["probes"] = [probe for probe in library["probes"] if probe["id"] == "doubling"]
    project.write("probes/easy.yaml", yaml.safe_dump(library))
    return project.run("--quant-levels=q8", "--quant-cases=128", *REPORTS)


def undecided(project: Project, _files: Files) -> Run:
    return project.run("--quant-levels=q8", *FEW, *REPORTS)


def fails_its_limit(project: Project, files: Files) -> Run:
    return project.run("--quant-levels=q8", *given(files.damaged), *MANY, *REPORTS)


def fails_its_record(project: Project, files: Files) -> Run:
    project.run("--quant-levels=q8", *given(files.sound), *MANY, "--quant-update-baselines")
    project.ini(
        "quant_tolerances =", *(f"  q8 {name} 100" for name in ("overall", *GUIDE_CATEGORIES))
    )
    return project.run("--quant-levels=q8", *given(files.damaged), *MANY, *REPORTS)


def diverges_from_its_record(project: Project, files: Files) -> Run:
    record = (*given(files.sound), *ONE, "--quant-update-baselines")
    project.run("--quant-levels=q8", *record, held_text=True)
    return project.run("--quant-levels=q8", *given(files.coarse), *ONE, *REPORTS, held_text=True)


def lacks_a_part_of_its_record(project: Project, _files: Files) -> Run:
    project.run("--quant-levels=q8", *FEW, "--quant-update-baselines")
    return project.run("--quant-levels=q8", *ONE, "--quant-require-baseline", *REPORTS)


def breaks_in_the_middle(project: Project, _files: Files) -> Run:
    project.write(
        "breaking.py",
        """
        def pytest_runtest_call(item):
            if "opposite" in item.nodeid:
                raise RuntimeError("the device was lost")
        """,
    )
    return project.run("-p", "breaking", "--quant-levels=q8", *FEW, *REPORTS)


def breaks_at_every_probe(project: Project, _files: Files) -> Run:
    project.write(
        "breaking.py",
        """
        def pytest_runtest_setup(item):
            raise RuntimeError("the device was lost")
        """,
    )
    return project.run("-p", "breaking", "--quant-levels=q8", *FEW, *REPORTS)


def breaks_in_its_divergence(project: Project, _files: Files) -> Run:
    project.write(
        "breaking.py",
        """
        def pytest_runtest_call(item):
            if "divergence" in item.nodeid:
                raise RuntimeError("the logits are no numbers")
        """,
    )
    run = ("-p", "breaking", "--quant-levels=q8", *FEW, *REPORTS)
    return project.run(*run, divergence=True)


def crashes(project: Project, _files: Files) -> Run:
    project.write("killer.py", KILLER.replace("[q4]", "[q8]"))
    return project.run("-n2", "-p", "killer", "--quant-levels=q8", *FEW, *REPORTS)


def is_interrupted(project: Project, _files: Files) -> Run:
    project.write(
        "interrupting.py",
        """
        def pytest_runtest_setup(item):
            if "opposite" in item.nodeid:
                raise KeyboardInterrupt
        """,
    )
    return project.run("-p", "interrupting", "--quant-levels=q8", *FEW, *REPORTS)


def has_nothing_to_compare(project: Project, _files: Files) -> Run:
    project.write("probes/colours.yaml", COLOURS)
    return project.run("--quant-levels=q8", *REPORTS)


def cannot_be_asked(project: Project, _files: Files) -> Run:
    project.write(
        "probes/long.yaml", COLOURS.replace("What colour", "The cat sat. " * 1500 + "What colour")
    )
    return project.run("--quant-levels=q8", *REPORTS)


def fails_a_test_in_python(project: Project, _files: Files) -> Run:
    project.write(
        "test_mine.py",
        """
        def test_mine(quant):
            assert quant.level == "q4"
        """,
    )
    selected = ("-k", "doubling or test_mine", "test_mine.py", str(PROBES / "iterative.yaml"))
    return project.run("--quant-levels=q8", "--quant-cases=8", *selected, *REPORTS)


Situation = Callable[[Project, Files], Run]
SITUATIONS: dict[Situation, tuple[str, int]] = {
    passes: ("pass", 0),
    undecided: ("inconclusive", 0),
    fails_its_limit: ("fail", 1),
    fails_its_record: ("fail", 1),
    diverges_from_its_record: ("fail", 1),
    lacks_a_part_of_its_record: ("fail", 1),
    breaks_in_the_middle: ("broken", 1),
    breaks_at_every_probe: ("broken", 1),
    breaks_in_its_divergence: ("broken", 1),
    crashes: ("broken", 1),
    is_interrupted: ("inconclusive", 2),
    has_nothing_to_compare: ("not compared", 1),
    cannot_be_asked: ("not asked", 1),
    fails_a_test_in_python: ("fail", 1),
}


@pytest.fixture(scope="module")
def happened(
    files: Files, shared_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Situation], Run]:
    """The session of a situation, which runs once however many look at it."""

    @cache
    def run(situation: Situation) -> Run:
        return situation(Project(tmp_path_factory.mktemp("project"), shared_cache), files)

    return run


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_every_report_says_what_the_exit_code_says(
    situation: Situation, happened: Callable[[Situation], Run]
) -> None:
    verdict, code = SITUATIONS[situation]
    run = happened(situation)
    assert run.code == code, run.output + run.errors
    word, here = WORDS[verdict], run.directory
    assert run.record is not None, run.output + run.errors
    assert run.level("q8")["verdict"] == verdict

    assert re.match(rf"q8: {word}\b", run.section[0]), run.section
    held = any(sentence.startswith("Hold q8 back") for sentence in run.section)
    assert held == (verdict in ("fail", "broken"))
    # In a project of this test no baseline is met unless the situation recorded one.
    assert any("may ship" in line for line in run.section) == (verdict == "pass")

    summary = (here / "summary.md").read_text("utf-8").splitlines()
    assert re.match(rf"- q8: {word}\b", summary[2]), summary
    assert any("may ship" in line for line in summary) == (verdict == "pass")

    page = (here / "page.html").read_text("utf-8")
    assert f'<header class="{verdict.replace(" ", "-")}">' in page
    assert re.search(rf'<ul class="standing">\s*<li>q8: {word}\b', page)
    assert ("may ship" in page) == (verdict == "pass")

    suite = ET.parse(here / "junit.xml").getroot()[0]
    properties = {p.get("name"): p.get("value") or "" for p in suite.findall("./properties/*")}
    assert properties["quant_verdict_q8"] == verdict
    assert re.match(rf"q8: {word}\b", properties["quant_standing_1"])
    ended_badly = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    assert bool(ended_badly) == (code == 1), ET.tostring(suite)

    statuses = {result["status"] for result in results(here / "allure").values()}
    assert bool(statuses & {"failed", "broken"}) == (code == 1), statuses
    environment = (here / "allure/environment.properties").read_text("utf-8")
    assert f"level\\ q8={verdict}" in environment
    assert re.search(rf"^standing\\ 1=q8: {word}\b", environment, re.MULTILINE), environment


def test_what_was_deselected_is_told_and_nothing_may_ship(project: Project) -> None:
    run = project.run("--quant-levels=q8", "--quant-cases=128", "-k", "doubling", *MODES["-n2"])
    assert run.level("q8")["verdict"] == "pass", run.output + run.errors
    assert run.level("q8")["deselected"] > 100
    said = " ".join(" ".join(run.section).split())
    assert "q8: within the limit over 1 probe (" in said
    assert "were deselected" in said
    assert "may ship" not in said


def test_what_broke_is_named_in_every_report(happened: Callable[[Situation], Run]) -> None:
    run = happened(breaks_in_its_divergence)
    assert "the logits are no numbers" in run.told[0]
    for name in ("summary.md", "page.html", "record.json", "junit.xml"):
        assert "the logits are no numbers" in (run.directory / name).read_text("utf-8"), name
    result = results(run.directory / "allure")["divergence[q8]"]
    assert result["status"] == "broken"
    assert "the logits are no numbers" in result["statusDetails"]["message"]


def test_a_divergence_that_fails_is_a_failed_result(happened: Callable[[Situation], Run]) -> None:
    found = results(happened(diverges_from_its_record).directory / "allure")
    failed = [name for name, result in found.items() if result["status"] == "failed"]
    assert "divergence-text-regression[q8]" in failed


def test_a_level_that_was_not_selected_is_said_not_to_be_asked(project: Project) -> None:
    run = project.run("--quant-levels=q8,q4", "--quant-cases=8", "-k", "doubling and q8")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert any(
        line.startswith("q4: NOT ASKED: no probe of it was selected") for line in run.section
    )
    assert run.level("q4")["verdict"] == "not asked"


def test_other_tests_that_fail_are_told(project: Project) -> None:
    project.write("probes/own.yaml", (PROBES / "iterative.yaml").read_text())
    project.write("test_other.py", "def test_other(): assert False")
    run = project.run("--quant-levels=q8", "--quant-cases=64", "-k", "doubling or test_other", ".")
    assert run.code == pytest.ExitCode.TESTS_FAILED
    assert run.told[1] == "1 failed test beside those of the levels", run.section
    assert not any("may ship" in line for line in run.section)


def test_a_deadly_item_is_the_one_that_broke(happened: Callable[[Situation], Run]) -> None:
    run = happened(crashes)
    assert run.record is not None
    (problem,) = run.record["problems"]
    assert problem["test"] == DEADLY.replace("[q4]", "[q8]")
    assert (problem["kind"], problem["category"]) == ("broken", "language_generation")
