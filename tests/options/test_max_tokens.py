"""``--quant-max-tokens`` and ``quant_max_tokens``: how far answers may grow beyond their probe."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.sessions import Project, Run

PROBE = {
    "id": "colour",
    "subcategory": "colours",
    "difficulty": 1,
    "prompt": "What colour has number {n}?",
    "parameters": {"n": {"integer": [1, 4000]}},
    "expect": "red",
    "check": {"kind": "text"},
    "max_tokens": 2,
}
LONG = "let me think about that for a while : red"
LONGER = "let me think about that for a very very long while : red"


def session(project: Project, *args: str, q8: str = LONG) -> Run:
    probes = {"category": "numerical_reasoning", "probes": [PROBE]}
    project.write("probes/colours.yaml", json.dumps(probes))
    given = []
    for level, text in {"f16": LONG, "q8": q8}.items():
        script = {
            "runtime": "scripted",
            "model": "toy",
            "context": 99 + len(level),
            "default": text,
        }
        file = project.write(f"{level}.json", json.dumps(script))
        given.append(f"--quant-artifact={level}={file}")
    return project.run("--quant-levels=q8", *given, *args)


def measured(run: Run) -> dict[str, Any]:
    assert run.record is not None, run.output + run.errors
    (found,) = run.record["measurements"]
    return dict(found)


def test_the_reference_s_own_answers_fit(project: Project) -> None:
    run = session(project)
    found = measured(run)
    assert (found["room"], found["uninformative"]) == (16, "")
    assert (run.record or {})["analysis"]["cut"] == []
    assert run.code == pytest.ExitCode.OK, run.output


@pytest.mark.parametrize("place", ["option", "ini"])
def test_no_answer_is_longer_than_allowed(project: Project, place: str) -> None:
    if place == "ini":
        project.ini("quant_max_tokens = 3")
    found = measured(session(project, *["--quant-max-tokens=3"] * (place == "option")))
    assert found["room"] == 3
    assert found["uninformative"].startswith("the reference answers 0 of 8 cases correctly")
    assert measured(session(project, "--quant-max-tokens=1"))["room"] == 1


def test_a_level_that_is_cut_where_its_reference_was_not_is_a_finding(project: Project) -> None:
    run = session(project, "--quant-max-tokens=10", "--quant-cases=16", q8=LONGER)
    assert measured(run)["room"] == 10
    assert any("cut at a limit of length: 16 of 16 answers, f16 0; change 100.0 [" in line
               for line in run.told), run.section  # fmt: skip


def test_what_was_recorded_in_other_room_is_not_compared(project: Project) -> None:
    assert session(project, "--quant-update-baselines").code == pytest.ExitCode.OK
    again = session(project, "--quant-require-baseline")
    assert again.code == pytest.ExitCode.OK, again.output
    # The recorded room counts, whatever the reference would take.
    assert measured(again)["room"] == 16
    other = session(project, "--quant-require-baseline", "--quant-max-tokens=12")
    assert measured(other)["room"] == 12
    assert other.code == pytest.ExitCode.TESTS_FAILED
    assert "changed" in other.output


@pytest.mark.parametrize("given", ["0", "-1", "many"])
def test_refuses_what_is_no_number_of_tokens(project: Project, given: str) -> None:
    run = session(project, f"--quant-max-tokens={given}")
    assert run.code == pytest.ExitCode.USAGE_ERROR
    assert f"--quant-max-tokens: found {given!r}" in run.errors + run.output
