"""Choices by likelihood, asked of the embedded model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sessions import Project, Run

# What the embedded model knows, asked in words that leave the options to their likelihood.
CAPITALS = """
    category: world_knowledge
    probes:
      - id: one_of_four
        subcategory: geography
        difficulty: 1
        prompt: "What is the capital of {country}? Write the city after 'Answer:'."
        generator: pytest_quant.probes.generators.membership.which_city
        expect: "{capital}"
        check:
          kind: choice
          options: ["{cities[0]}", "{cities[1]}", "{cities[2]}", "{cities[3]}"]
          by: likelihood
"""
ARGUMENTS = ("--quant-levels=q8", "--quant-cases=6", "capitals.yaml")


@pytest.fixture
def session(project: Project) -> Run:
    project.write("capitals.yaml", CAPITALS)
    return project.run(*ARGUMENTS)


def test_the_likeliest_option_is_the_answer(session: Run) -> None:
    (measurement,) = session.measurements.values()
    for case in measurement["cases"]:
        for answer in (case["reference"], case["level"]):
            probabilities = answer["probabilities"]
            assert len(probabilities) == 4
            assert sum(probabilities.values()) == pytest.approx(1)
            assert answer["response"] == max(probabilities, key=probabilities.__getitem__)
            assert (answer["verdict"] == "correct") == (answer["answer"] == case["expected"])
            assert answer["finish"] == "end"
    right = [case["reference"]["verdict"] == "correct" for case in measurement["cases"]]
    assert all(right)
    assert measurement["chance"] == 0.25


def test_is_the_same_however_it_is_run(
    session: Run, project: Project, mode: tuple[str, ...], cold_cache: Callable[[], Path]
) -> None:
    elsewhere = Project(project.path, cold_cache())
    again = elsewhere.run(*ARGUMENTS, *mode)
    assert again.measurements == session.measurements


def test_the_library_s_own(project: Project) -> None:
    run = project.run("--quant-levels=q8", "--quant-cases=4", "-k", "which_city or elimination")
    assert len(run.measurements) == 2
    for measurement in run.measurements.values():
        assert all(case["reference"]["probabilities"] for case in measurement["cases"])
