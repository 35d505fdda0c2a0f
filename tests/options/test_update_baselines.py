"""``--quant-update-baselines``: recording, whole or in part, never by accident."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.sessions import COLOURS, SHORT_TEXT, Project

from pytest_quant.base.library import EMBEDDED_MODEL

UPDATE = "--quant-update-baselines"
FILE = "baselines/pytest-quant-embedded/q8.json"
ONE, OTHER = "doubling", "animal_class"
LEVEL = ("--quant-levels=q8", "--quant-cases=8")
INTERRUPTING = f"""
    def pytest_runtest_logfinish(nodeid):
        if {ONE!r} in nodeid:
            raise KeyboardInterrupt
"""
# The same two, as all probes that a project has.
TWO = """
    category: iterative
    probes:
      - id: doubling
        subcategory: recursion
        difficulty: 2
        prompt: >-
          Start at {start} and double each time. List the first {count} terms after 'Answer:'.
        generator: pytest_quant.probes.generators.stepwise.doubling
        expect: "{terms}"
        check: {kind: sequence}
      - id: animal_class
        subcategory: science
        difficulty: 3
        prompt: "{question} Write the class after 'Answer:'."
        generator: pytest_quant.probes.generators.facts.animal_class
        expect: "{fact}"
        check: {kind: choice, options: [mammal, bird, fish, reptile, amphibian, insect]}
"""


@pytest.fixture
def two(project: Project) -> Project:
    project.write("probes/mine.yaml", TWO)
    return project


def selected(probes: str) -> tuple[str, ...]:
    return ("--quant-levels=q8", "--quant-cases=8", "-k", probes)


def stored(project: Project) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((project.path / FILE).read_text("utf-8"))
    return raw | {"created": None}


def ids(project: Project) -> set[str]:
    return {name.rpartition("::")[2] for name in stored(project)["probes"]}


def test_a_selection_goes_into_the_file_that_there_is(project: Project) -> None:
    assert project.run(*selected(ONE), UPDATE).code == pytest.ExitCode.OK
    assert ids(project) == {ONE}
    run = project.run(*selected(OTHER), UPDATE)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert ids(project) == {ONE, OTHER}
    assert (
        "q8: 1 recorded probe was not measured completely this time and stays as it is" in run.lines
    )
    before = (project.path / FILE).read_bytes()
    again = project.run(*selected(f"{ONE} or {OTHER}"), UPDATE)
    assert "q8: as recorded, 16 cases of 2 probes" in again.lines
    assert (project.path / FILE).read_bytes() == before


def test_a_selection_of_another_file_is_refused(project: Project, damaged_q8_file: Path) -> None:
    whole = selected(f"{ONE} or {OTHER}")
    assert project.run(*whole, UPDATE).code == pytest.ExitCode.OK
    before = (project.path / FILE).read_bytes()
    other = (f"--quant-artifact=q8={damaged_q8_file}", f"--quant-model={EMBEDDED_MODEL}")
    run = project.run(*selected(ONE), *other, UPDATE)
    # What failed has an exit code that says more.
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    assert "q8: not recorded: only 1 of 2 probes was measured, and what is recorded" in run.output
    assert re.search(r"measured otherwise: artifact: .*blk\.", run.output)
    assert (project.path / FILE).read_bytes() == before
    run = project.run(*whole, *other, UPDATE)
    heading = next(i for i, line in enumerate(run.lines) if line.startswith("q8, cases"))
    row = next(line for line in run.lines[heading:] if line.startswith("iterative")).split()
    created, better, worse, gone, changed = map(int, row[1:])
    assert worse > better
    assert created == gone == changed == 0
    assert re.search(r"^q8: artifact: .*blk\.", run.output, re.M)
    assert "q8: fails its checks and is recorded all the same" in run.lines
    assert (project.path / FILE).read_bytes() != before


def test_every_mode_writes_the_same_once(project: Project, mode: tuple[str, ...]) -> None:
    assert project.run(*selected(f"{ONE} or {OTHER}"), UPDATE).code == pytest.ExitCode.OK
    expected = stored(project)
    (project.path / FILE).unlink()
    run = project.run(*selected(f"{ONE} or {OTHER}"), UPDATE, *mode)
    assert stored(project) == expected
    assert sum(line.startswith("q8: wrote ") for line in run.lines) == 1
    assert [path.name for path in (project.path / FILE).parent.iterdir()] == ["q8.json"]


def test_an_interrupted_run_records_what_it_finished(project: Project) -> None:
    project.write("interrupting.py", INTERRUPTING)
    run = project.run(*selected(f"{ONE} or {OTHER}"), UPDATE, "-p", "interrupting")
    assert run.code == pytest.ExitCode.INTERRUPTED, run.output + run.errors
    assert ids(project) == {ONE}
    assert re.search(r"^q8: 1 of (\d+) probes recorded; \d+ were not measured", run.output, re.M)
    assert "q8: no divergence is recorded" in run.lines


def test_an_interrupted_run_that_may_not_record_is_interrupted(two: Project) -> None:
    two.write("baselines/pytest-quant-embedded/q8.json", "{")
    two.write("interrupting.py", INTERRUPTING)
    run = two.run(*LEVEL, UPDATE, "-p", "interrupting")
    assert run.code == pytest.ExitCode.INTERRUPTED, run.output + run.errors
    assert "q8: not recorded: only 1 of 2 probes was measured, and the file that" in run.output


def test_a_first_record_of_a_part_says_what_it_lacks(two: Project) -> None:
    run = two.run(*LEVEL, UPDATE, "-k", ONE)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    line = "q8: 1 of 2 probes recorded; 1 was not measured and has no baseline"
    assert line in run.lines
    assert "q8: no divergence is recorded" in run.lines
    assert f"q8: 8 cases of 1 probe for {FILE}" in run.lines
    # However the part is chosen, and even if nothing else is new.
    for part in (("probes/mine.yaml::" + ONE + "[q8]",), ("--quant-difficulty=2",)):
        again = two.run(*LEVEL, *part, UPDATE)
        assert "q8: as recorded, 8 cases of 1 probe" in again.lines
        assert line in again.lines
    assert "have no baseline" not in two.run(*LEVEL, UPDATE).output


def test_other_files_of_the_same_root_are_not_measured(two: Project) -> None:
    two.write("probes/more.yaml", COLOURS)
    run = two.run(*LEVEL, "probes/mine.yaml", UPDATE)
    assert "q8: 2 of 3 probes recorded; 1 was not measured and has no baseline" in run.lines


def test_a_file_that_cannot_be_read_is_replaced_as_a_whole(two: Project) -> None:
    path = two.write(FILE, "<<<<<<< HEAD\n")
    run = two.run(*LEVEL, UPDATE, "-k", ONE)
    message = run.mistake()
    assert message.startswith(
        "ERROR: --quant-update-baselines: q8 is not recorded: only 1 of 2 probes was measured, and "
        "the file that holds the others cannot be read: not valid JSON: "
    )
    assert "record all probes in one run" in message
    assert path.read_text("utf-8") == "<<<<<<< HEAD\n"
    assert "= quantization: " in run.output
    whole = two.run(*LEVEL, UPDATE)
    assert whole.code == pytest.ExitCode.OK, whole.output + whole.errors
    assert "q8: replaces a file that cannot be read: not valid JSON: Expecting" in whole.output
    assert ids(two) == {ONE, OTHER}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 2}, "a newer pytest-quant wrote this baseline: schema version 2"),
        ({"model": "llama"}, "is about q8 of 'llama', expected q8 of 'pytest-quant embedded'"),
    ],
)
def test_what_is_not_this_session_s_to_replace_is_refused_at_once(
    two: Project, change: dict[str, Any], said: str
) -> None:
    two.run(*LEVEL, UPDATE)
    path = two.path / FILE
    text = json.dumps(json.loads(path.read_text("utf-8")) | change)
    path.write_text(text, "utf-8")
    run = two.run(*LEVEL, UPDATE)
    assert said in run.mistake()
    assert run.record is None
    assert path.read_text("utf-8") == text


def test_fewer_cases_and_other_threads_take_nothing_away(two: Project) -> None:
    assert two.run(*LEVEL, UPDATE, "--quant-cases=16").code == pytest.ExitCode.OK
    before = (two.path / FILE).read_bytes()
    run = two.run(*LEVEL, UPDATE, "--quant-cases=8", "--quant-threads=2")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert "q8: as recorded, 32 cases of 2 probes" in run.lines
    assert "q8: 16 recorded cases were not asked this time and stay as they are" in run.lines
    assert (two.path / FILE).read_bytes() == before
    in_turn = two.run("--quant-levels=q8", UPDATE, "--quant-max-cases=8")
    assert "q8: 16 recorded cases were not asked this time and stay as they are" in in_turn.lines


def test_what_becomes_of_the_divergence_is_told(two: Project, damaged_q8_file: Path) -> None:
    two.write("text.txt", SHORT_TEXT)
    text = "--quant-text=text.txt"
    run = two.run(*LEVEL, UPDATE, text, "-k", ONE, divergence=True)
    chunks = {name: len(found) for name, found in stored(two)["divergences"].items()}
    names = {name: "recorded predictions" if name == "recorded" else name for name in chunks}
    for name, count in chunks.items():
        assert f"q8: adds {count} chunk{'s' * (count > 1)} of {names[name]}" in run.lines
    run = two.run(*LEVEL, UPDATE, text, divergence=True)
    added = len(stored(two)["divergences"]["responses"]) - chunks["responses"]
    assert f"q8: adds {added} chunks of responses" in run.lines
    without = two.run(*LEVEL, UPDATE, text)
    for name in names.values():
        line = f"q8: KL divergence ({name}) was not measured this time and stays as it is"
        assert line in without.lines
    other = (f"--quant-artifact=q8={damaged_q8_file}", f"--quant-model={EMBEDDED_MODEL}")
    worse = two.run(*LEVEL, UPDATE, text, *other, divergence=True)
    assert re.search(
        r"^q8: KL divergence \(text\) \S+ -> \S+ \([\d.,]+ times\)$", worse.output, re.M
    )
    gone = two.run(*LEVEL, UPDATE)
    assert re.search(r"^q8: KL divergence \(text\) \S+ -> none is recorded$", gone.output, re.M)


def test_is_refused_under_ci_unless_forced(project: Project) -> None:
    message = project.run(*selected(ONE), UPDATE, CI="true").mistake()
    assert message.startswith("ERROR: --quant-update-baselines: the variable CI is set")
    assert "--quant-update-baselines=force" in message
    assert not (project.path / "baselines").exists()
    run = project.run(*selected(ONE), f"{UPDATE}=force", CI="true")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert ids(project) == {ONE}


def test_wants_levels(project: Project) -> None:
    message = project.run_bare(UPDATE).mistake()
    assert "no level to test; add --quant-levels" in message


def test_takes_no_path(project: Project) -> None:
    message = project.run("--quant-levels=q8", UPDATE, "probes").mistake()
    assert message.startswith("ERROR: --quant-update-baselines: found 'probes', expected nothing")
