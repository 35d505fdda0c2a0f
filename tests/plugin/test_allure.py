"""``--alluredir``: what a session leaves for Allure, however it is distributed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.plugin.test_worker_crash import DEADLY, KILLER
from tests.reports.allure_results import Result, attachments, labels, results, story
from tests.sessions import CAPITAL, EASY, MODES, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.record.run import read_record
from pytest_quant.reports.allure import write_results

# Probes that the reference can do, and one that it cannot.
SELECTED = ("--quant-levels=q8,q4", "--quant-cases=16", "-k", "doubling or opposite or continent")
STATUS = {"pass": "passed", "fail": "failed", "inconclusive": "unknown"}


@pytest.fixture(scope="module")
def runs(
    damaged_q8_file: Path, shared_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Run]:
    """A session with a damaged q8, twice: in one process and in three."""
    return [
        Project(tmp_path_factory.mktemp("allure"), shared_cache).run(
            *SELECTED,
            f"--quant-model={EMBEDDED_MODEL}",
            f"--quant-artifact=q8={damaged_q8_file}",
            "--alluredir=results",
            *MODES[mode],
        )
        for mode in ("no xdist", "-n2")
    ]


def written(run: Run) -> dict[str, Result]:
    return results(run.directory / "results")


def test_every_test_of_the_session_has_its_verdict(runs: list[Run]) -> None:
    for run in runs:
        assert run.record is not None, run.output + run.errors
        expected = {
            f"{check['subject'].rpartition('::')[2]}": STATUS[check["result"]["verdict"]]
            for check in run.record["checks"]
            if check["scope"] == "probe"
        }
        expected |= {
            f"{check['subject']}[{check['level']}]": STATUS[check["result"]["verdict"]]
            for check in run.record["checks"]
            if check["scope"] != "probe"
        }
        silent = [m for m in run.record["measurements"] if m["uninformative"]]
        assert silent
        expected |= {m["nodeid"].rpartition("::")[2]: "skipped" for m in silent}
        expected |= {f"divergence[{d['level']}]": "passed" for d in run.record["divergences"]}
        assert {name: r["status"] for name, r in written(run).items()} == expected
        assert expected["overall[q8]"] == "failed"


def test_two_runs_have_one_history(runs: list[Run]) -> None:
    first, second = ({n: r["historyId"] for n, r in written(run).items()} for run in runs)
    assert first == second
    assert len(set(first.values())) == len(first)


def test_the_record_alone_gives_the_same_results(runs: list[Run], tmp_path: Path) -> None:
    for i, run in enumerate(runs):
        again = tmp_path / str(i)
        write_results(read_record(run.directory / "record.json"), again)
        found, rendered = written(run), results(again)
        assert {name: told(r) for name, r in found.items()} == {
            name: told(r) for name, r in rendered.items()
        }
        for name in ("categories.json", "environment.properties", "allurerc.json"):
            assert (run.directory / "results" / name).read_text() == (again / name).read_text()


def told(result: Result) -> dict[str, Any]:
    """What a reader sees, without where and when it ran."""
    kept = ("name", "fullName", "historyId", "testCaseId", "status", "statusDetails", "parameters")
    ours = ("epic", "feature", "story", "severity", "parentSuite", "suite", "package")
    named = labels(result)
    return {
        **{key: result.get(key) for key in kept},
        **{key: named[key] for key in ours},
        "tags": sorted(named["tag"]),
        "story": story(result),
        "attachments": list(attachments(result)),
    }


def test_attachments_are_where_the_results_say(runs: list[Run]) -> None:
    for run in runs:
        for result in written(run).values():
            for file in attachments(result).values():
                assert (run.directory / "results" / file).is_file()


def test_what_could_not_be_run_is_broken_not_failed(project: Project) -> None:
    project.write(
        "breaking.py",
        """
        def pytest_runtest_setup(item):
            raise RuntimeError("the device was lost")
        """,
    )
    run = project.run(
        *("-p", "breaking", "--quant-levels=q8", "--alluredir=results", "-k", CAPITAL)
    )
    assert run.code == pytest.ExitCode.TESTS_FAILED
    (result,) = written(run).values()
    assert result["status"] == "broken"
    assert "the device was lost" in result["statusDetails"]["message"]
    assert (labels(result)["story"], labels(result)["parentSuite"]) == (["capital"], ["q8"])


def test_a_probe_whose_worker_died_is_broken(project: Project) -> None:
    project.write("killer.py", KILLER)
    run = project.run(
        *("-n2", "-p", "killer", "--quant-levels=q8,q4", "--quant-cases=4", "-k", EASY),
        "--alluredir=results",
    )
    result = written(run)[DEADLY.rpartition("::")[2]]
    assert result["status"] == "broken"
    assert "crashed while running" in result["statusDetails"]["message"]
    assert labels(result)["feature"] == ["language_generation"]


def test_a_test_in_python_names_its_level(project: Project) -> None:
    project.write(
        "test_mine.py",
        """
        def test_capital(quant):
            reply = quant.ask("What is the capital of France? Write the city after 'Answer:'.")
            quant.check(reply, equals="Paris")
        """,
    )
    run = project.run("--quant-levels=q8,q4", "--alluredir=results", "test_mine.py")
    found = written(run)
    assert {r["parameters"][0]["name"] for r in found.values()} == {"level"}
    assert len({r["historyId"] for r in found.values()}) == 2
    assert all(labels(r)["epic"] == ["pytest-quant embedded"] for r in found.values())


def test_an_unrelated_suite_is_reported_as_without_us(project: Project) -> None:
    project.write("test_other.py", "def test_other(): pass")
    run = project.run_bare("--alluredir=results")
    assert run.outcomes == {"passed": 1}
    (path,) = (project.path / "results").iterdir()
    assert json.loads(path.read_text("utf-8"))["fullName"] == "test_other#test_other"
