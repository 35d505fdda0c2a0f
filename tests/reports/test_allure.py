"""Allure results of a run record: what they say, and that nothing in them does harm."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from tests.reports.allure_results import attachments, labels, results, story
from tests.reports.records import measured, record, unasked

from pytest_quant.record.run import RunRecord
from pytest_quant.reports.allure import write_results
from pytest_quant.reports.allure.surroundings import executor

HOSTILE = "<script>alert(1)</script> \u202egnp\u202c {{7*7}} \x1b[31mred\x00 \ud800"
UNINFORMATIVE = "the reference answers 0 of 64 cases correctly"
TOO_LONG = "needs more than 4000 tokens, the model's context is 2048"


@cache
def a_record(response: str = "Answer: 17", model: str = "a model") -> RunRecord:
    """A record with a result of every sort."""
    return record(
        measured("lossy", "q4", right=60, lost=40, response=response),
        measured("few", "q4", right=7, n=8, category="iterative"),
        measured("fine", "q4", right=2900, n=3000, category="adversarial"),
        measured("dull", "q4", right=0, uninformative=UNINFORMATIVE),
        unasked("huge", "q4", TOO_LONG),
        model=model,
    )


def without_skipped_checks(of: RunRecord) -> RunRecord:
    """A session makes no check of a probe that could not be asked."""
    huge = next(m.nodeid for m in of.measurements if m.skipped)
    return replace(of, checks=tuple(check for check in of.checks if check.subject != huge))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    write_results(without_skipped_checks(a_record()), tmp_path)
    return tmp_path


def test_every_probe_and_check_is_there_with_its_status(directory: Path) -> None:
    assert {name: result["status"] for name, result in results(directory).items()} == {
        "lossy[q4]": "failed",
        "few[q4]": "unknown",
        "fine[q4]": "passed",
        "dull[q4]": "skipped",
        "huge[q4]": "skipped",
        "overall[q4]": "passed",
        "numerical_reasoning[q4]": "failed",
        "iterative[q4]": "unknown",
        "adversarial[q4]": "passed",
    }


def test_labels_and_level(directory: Path) -> None:
    found = results(directory)
    probe, gate = labels(found["lossy[q4]"]), labels(found["iterative[q4]"])
    assert probe["epic"] == gate["epic"] == ["a model"]
    assert (probe["feature"], probe["story"]) == (["numerical_reasoning"], ["lossy"])
    assert (gate["feature"], gate["story"]) == (["iterative"], ["quant-gate: iterative"])
    assert probe["severity"] == ["blocker"]  # difficulty 1
    assert probe["tag"] == ["numerical_reasoning", "difficulty_1", "q4"]
    for result in found.values():
        identity = [p for p in result["parameters"] if not p.get("excluded")]
        assert identity == [{"name": "level", "value": "q4"}]


def test_identity_outlives_results_and_runs(directory: Path) -> None:
    first = results(directory)
    other = record(
        measured("lossy", "q4", right=50, lost=1, n=50),
        measured("lossy", "q8", right=50, lost=1, n=50),
    )
    later = replace(other, created="2027-01-01T00:00:00+00:00")
    second_run = directory / "second"
    write_results(later, second_run)
    second = results(second_run)
    assert second["lossy[q4]"]["historyId"] == first["lossy[q4]"]["historyId"]
    assert second["overall[q4]"]["historyId"] == first["overall[q4]"]["historyId"]
    assert len({result["historyId"] for result in second.values()}) == len(second)
    assert second["lossy[q4]"]["testCaseId"] == second["lossy[q8]"]["testCaseId"]
    assert second["lossy[q4]"]["uuid"] != first["lossy[q4]"]["uuid"]


def test_the_same_record_gives_the_same_files(directory: Path) -> None:
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    write_results(without_skipped_checks(a_record()), directory)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


def test_a_lost_case_is_told_in_full(directory: Path) -> None:
    result = results(directory)["lossy[q4]"]
    assert ("40 of 64 cases lost", "failed") in story(result)
    assert ("4 of 64 cases wrong at both", "skipped") in story(result)
    files = attachments(result)
    case = "40 of 64 cases lost/case 0: one-digit slip"
    texts = {
        name: (directory / files[f"{case}/{name}"]).read_text("utf-8")
        for name in ("prompt", "response f16", "response q4", "check")
    }
    assert texts["prompt"] == "What is 0 + 1?"
    assert texts["response q4"] == "Answer: 17"
    assert "expected: 1\n" in texts["check"]
    assert "error pattern: one-digit slip" in texts["check"]
    assert len(files) == 4 * (3 + 1) + 1  # three lost cases, one of the others, the table


def test_the_table_holds_all_cases(directory: Path) -> None:
    file = directory / attachments(results(directory)["lossy[q4]"])["all cases"]
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    assert [row["outcome"] for row in rows].count("lost") == 40
    assert len(rows) == 64
    assert rows[0]["q4 error pattern"] == "one-digit slip"


def test_every_attachment_exists_and_none_is_without_an_owner(directory: Path) -> None:
    named = [file for r in results(directory).values() for file in attachments(r).values()]
    assert sorted(named) == sorted(path.name for path in directory.glob("*-attachment.*"))


def test_the_gate_tells_what_it_is_made_of_worst_first(directory: Path) -> None:
    result = results(directory)["overall[q4]"]
    names = [name.partition(":")[0] for name, _ in story(result)[1:]]
    assert names[0] == "numerical_reasoning"
    assert sorted(names) == ["adversarial", "iterative", "numerical_reasoning"]


def test_both_generations_group_results_alike(directory: Path) -> None:
    classic = json.loads((directory / "categories.json").read_text("utf-8"))
    config = json.loads((directory / "allurerc.json").read_text("utf-8"))
    for rules in (classic, config["categories"]["rules"]):
        groups = {
            name: [
                rule["name"]
                for rule in rules
                if result["status"] in rule["matchedStatuses"]
                # The classic report wants the whole message, the other any part of it.
                and re.fullmatch(rule["messageRegex"], result["statusDetails"]["message"])
            ]
            for name, result in results(directory).items()
            if result["status"] != "passed"
        }
        assert groups == {
            "lossy[q4]": ["Lost more than the limit"],
            "numerical_reasoning[q4]": ["Lost more than the limit"],
            "few[q4]": ["Undecided: the sample cannot tell"],
            "iterative[q4]": ["Undecided: the sample cannot tell"],
            "dull[q4]": ["Uninformative: the reference cannot do it"],
            "huge[q4]": ["Longer than the model's context"],
        }


@pytest.mark.parametrize("text", ['{"name": "ours", "reportName": "Nightly"}', "not JSON"])
@pytest.mark.parametrize("name", ["executor.json", "allurerc.json"])
def test_what_others_say_of_the_run_is_kept(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    write_results(a_record(), tmp_path)
    write_results(a_record(), tmp_path)
    assert (tmp_path / name).read_text("utf-8") == text


def test_what_others_put_beside_the_results_is_kept(tmp_path: Path) -> None:
    theirs = {"name": "Network", "matchedStatuses": ["broken"]}
    (tmp_path / "categories.json").write_text(json.dumps([theirs]), "utf-8")
    (tmp_path / "environment.properties").write_text("branch=main\nmodel=an older one\n", "utf-8")
    for _ in range(2):
        write_results(a_record(model="b\u00e4r=\\"), tmp_path)
    groups = json.loads((tmp_path / "categories.json").read_text("utf-8"))
    assert groups[0] == theirs
    assert len({group["name"] for group in groups}) == len(groups)
    lines = (tmp_path / "environment.properties").read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith(("branch", "model"))] == [
        "branch=main",
        r"model=b\u00e4r=\\",
    ]
    assert any(line.startswith(r"level\ q4=fail: F16, 4.86 bits/weight") for line in lines)


@pytest.mark.parametrize(
    ("environ", "build"),
    [
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "me/it",
                "GITHUB_WORKFLOW": "gate",
                "GITHUB_RUN_NUMBER": "7",
                "GITHUB_RUN_ID": "99",
            },
            ("github", 7, "https://github.com/me/it/actions/runs/99"),
        ),
        (
            {
                "GITLAB_CI": "true",
                "CI_PROJECT_URL": "https://gitlab.com/me/it",
                "CI_PIPELINE_IID": "8",
                "CI_JOB_NAME": "gate",
                "CI_JOB_URL": "https://gitlab.com/me/it/-/jobs/1",
            },
            ("gitlab", 8, "https://gitlab.com/me/it/-/jobs/1"),
        ),
        (
            {"JENKINS_URL": "https://ci", "BUILD_NUMBER": "9", "BUILD_URL": "https://ci/9"},
            ("jenkins", 9, "https://ci/9"),
        ),
        ({}, ("local", None, None)),
    ],
)
def test_the_executor_is_the_ci_service(
    environ: dict[str, str], build: tuple[str, int | None, str | None]
) -> None:
    found = executor(a_record(), environ)
    assert (found["type"], found.get("buildOrder"), found.get("buildUrl")) == build
    assert found["reportName"] == "Quantization of a model"


def test_hostile_output_is_bounded_and_stays_text(tmp_path: Path) -> None:
    write_results(a_record(f"{HOSTILE}\n{'A' * 1_000_000}\n=cmd()", model=HOSTILE), tmp_path)
    for path in tmp_path.iterdir():
        text = path.read_text("utf-8")  # lone surrogates would not have been written
        unsafe = [c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t"]
        assert unsafe == [], path.name
        if "-attachment." in path.name:
            assert len(text) < 120_000
    for result in results(tmp_path).values():
        # Rendered as Markdown or HTML, so nothing may stand there.
        assert "description" not in result
        assert "descriptionHtml" not in result
    kinds = {path.suffix for path in tmp_path.glob("*-attachment.*")}
    assert kinds == {".txt", ".csv"}


def test_a_table_holds_no_formula(tmp_path: Path) -> None:
    lossy = measured("lossy", "q4", right=3, lost=2, n=3)
    cases = tuple(
        replace(case, reference=replace(case.reference, answer=text))
        for case, text in zip(lossy.cases, ("=cmd()", "@sum", "-5"), strict=True)
    )
    write_results(record(replace(lossy, cases=cases)), tmp_path)
    file = tmp_path / attachments(results(tmp_path)["lossy[q4]"])["all cases"]
    rows = csv.DictReader(file.read_text("utf-8").splitlines())
    assert [row["f16 answer"] for row in rows] == ["'=cmd()", "'@sum", "-5"]
