"""``--quant-time`` and ``quant_time``: a session that ends when its time is over, by a clock that
goes on a second with each case that a model is asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.sessions import MODES, Project, Run

CLOCK = """
    from pytest_quant.runtimes.scripted.runtime import ScriptedRuntime
    from pytest_quant.session.time_budget import TimeBudget

    asked = [0.0]
    TimeBudget.__init__.__defaults__ = (None, lambda: asked[0])
    generate = ScriptedRuntime.generate

    def generate_in_time(self, prompts, limits):
        # The batch that is timed before the first question is over at once.
        asked[0] += len(prompts) if limits.max_tokens > 12 else 0
        return generate(self, prompts, limits)

    ScriptedRuntime.generate = generate_in_time
"""
PROBE = """
      - id: {category}_{number}
        subcategory: colours
        difficulty: 1
        prompt: "{number}: what colour has number {{n}}?"
        parameters:
          n: {{integer: [1, 400]}}
        expect: "red"
        check: {{kind: text}}
"""
CATEGORIES = ("iterative", "world_knowledge")
DAMAGED = {"patterns": {r"\d*[369]\?": "blue"}, "default": "red"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Whose answers no other session has kept."""
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project", tmp_path / "cache")


def session(project: Project, *args: str, q8: Any = None, **ini: str) -> Run:
    """Two categories of three probes each."""
    for category in CATEGORIES:
        probes = "".join(PROBE.format(category=category, number=n) for n in (1, 2, 3))
        project.write(f"probes/{category}.yaml", f"    category: {category}\n    probes:{probes}")
    project.write("clock.py", CLOCK)
    project.ini(*(f"{key} = {value}" for key, value in ini.items()))
    files = {"f16": {"default": "red"}, "q8": q8 or {"default": "red"}}
    given = [
        f"--quant-artifact={level}={project.write(f'{level}.json', json.dumps(told))}"
        for level, told in (
            (level, {"runtime": "scripted", "model": "toy", "context": 100 + len(level), **answers})
            for level, answers in files.items()
        )
    ]
    return project.run("--quant-levels=q8", *given, "probes", "-p", "clock", *args)


def asked(run: Run) -> dict[str, int]:
    return {m["probe"]: len(m["cases"]) for m in run.measurements.values()}


def test_it_ends_in_order_and_says_so_first(project: Project) -> None:
    """By 40 seconds two probes of 8 cases have been asked of both models, and no third is begun."""
    run = session(project, "--quant-time=40")
    assert run.code == pytest.ExitCode.OK, run.output
    # One of each category, not two of the first.
    assert asked(run) == {"iterative_1": 8, "world_knowledge_1": 8}
    assert run.told[0] == "ended by --quant-time, after 40 s: 2 of 6 selected tests had time"
    assert run.told[1].startswith("q8: undecided: iterative (about ")
    assert "q8 is undecided: a --quant-time that is " in run.output
    record = run.record or {}
    assert record["stopped"]
    assert record["time"] == {"given": 40.0, "spent": record["time"]["spent"], "over": True}
    assert 28 <= record["time"]["spent"] <= 48
    # What was not begun is not told test by test.
    assert "2 inconclusive" not in run.output.splitlines()[-1]
    assert "skipped" not in run.output.splitlines()[-1]


def test_the_rest_of_the_time_is_for_what_is_open(project: Project) -> None:
    run = session(project, "--quant-time=1h", "--quant-margin=5")
    assert run.code == pytest.ExitCode.OK, run.output
    assert run.level("q8")["verdict"] == "pass"
    assert "asking more for iterative[q8]" in run.output
    # Rounds, the same of each probe of a category.
    sizes = asked(run)
    for category in CATEGORIES:
        assert len({sizes[f"{category}_{n}"] for n in (1, 2, 3)}) == 1
        assert sizes[f"{category}_1"] > 8
    assert (run.record or {})["time"]["over"] is False
    assert not (run.record or {})["stopped"]


def test_a_damaged_level_fails_in_what_time_there_is(project: Project) -> None:
    run = session(project, "--quant-time=300", q8=DAMAGED)
    assert run.code == pytest.ExitCode.TESTS_FAILED
    assert run.level("q8")["verdict"] == "fail"


def test_too_short_a_time_is_never_green(project: Project) -> None:
    run = session(project, "--quant-time=1")
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output
    assert run.told[0] == "ended by --quant-time, after 1 s: 0 of 6 selected tests had time"
    assert run.level("q8")["verdict"] == "not asked"


def test_a_further_session_has_a_time_of_its_own_and_finds_the_answers(project: Project) -> None:
    first = session(project, "--quant-time=40")
    again = session(project, "--quant-time=40")
    assert len(asked(again)) > len(asked(first)) == 2
    assert (first.record or {})["time"]["over"] and (again.record or {})["time"]["over"]


@pytest.mark.parametrize("mode", MODES)
def test_workers_share_the_time(project: Project, mode: str) -> None:
    run = session(project, *MODES[mode], quant_time="40s")
    assert run.code == pytest.ExitCode.OK, run.output
    assert run.told[0].startswith("ended by --quant-time, after 40 s: ")
    assert {probe.rpartition("_")[0] for probe in asked(run)} == set(CATEGORIES)


@pytest.mark.parametrize(
    ("args", "ini", "said"),
    [
        (
            ("--quant-time=soon",),
            {},
            "--quant-time: found 'soon', expected a time above 0, such as 30m, 90s or 1h30m; a "
            "number alone is seconds",
        ),
        ((), {"quant_time": "0"}, "quant_time in pytest.ini: found '0', expected a time above 0"),
        (
            ("--quant-time=5m", "--quant-cases=8"),
            {},
            "--quant-cases: 8 cases of each probe, and --quant-time: as long as there is; give one "
            "of the two",
        ),
    ],
)
def test_what_is_no_time_is_refused(
    project: Project, args: tuple[str, ...], ini: dict[str, str], said: str
) -> None:
    message = session(project, *args, **ini).mistake()
    assert said in " ".join(message.split())


def test_the_command_line_goes_before_the_ini_file(project: Project) -> None:
    run = session(project, "--quant-cases=8", quant_time="40s")
    assert (run.record or {})["time"] is None
    assert set(asked(run).values()) == {8}
