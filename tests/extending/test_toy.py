"""A package of somebody else, really installed: every door, in sessions of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sessions import Project, Run

TOY = Path(__file__).with_name("toy")
PROBES = """
    category: manners
    probes:
      - id: {id}
        subcategory: greetings
        difficulty: 1
        prompt: "What is the opposite of {{word}}?"
        parameters:
          word: {{choice: [hot, big, up, old]}}
        expect: "{{word}}"
        check: {{kind: {kind}}}
        cases: 4
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the package is installed."""
    base = tmp_path_factory.mktemp("toy")
    shutil.copytree(TOY, base / "source")
    options = "--quiet --no-build-isolation --no-deps --no-index --disable-pip-version-check"
    command = [sys.executable, "-m", "pip", "install", *options.split()]
    done = subprocess.run(
        [*command, "--target", str(base / "site"), str(base / "source")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return base / "site"


def run(project: Project, toy: Path, *args: str, **environment: str) -> Run:
    path = os.pathsep.join(filter(None, [str(toy), os.environ.get("PYTHONPATH", "")]))
    given = ("--quant-levels=q8", "--quant-cases=4", *args)
    return project.run(*given, PYTHONPATH=path, **environment)


def test_a_checker_a_source_a_category_a_report_and_the_hooks(project: Project, toy: Path) -> None:
    questions = [
        {"question": "What is the opposite of hot?", "begins": "c"},
        {"question": "What is the opposite of big?", "begins": "S"},
        {"question": "What is the opposite of up?", "begins": "d"},
        {"question": "What is the opposite of old?", "begins": "nothing"},
    ]
    project.write("greetings.jsonl", "\n".join(map(json.dumps, questions)))
    found = run(
        project,
        toy,
        "--quant-suite=greetings=greetings.jsonl",
        "--quant-report=one_line=line.txt",
        "--quant-report=markdown=summary.md",
        "--quant-html=page.html",
        "-m",
        "manners",
        "suites",
    )
    assert found.record is not None, found.output + found.errors
    ((nodeid, measured),) = found.measurements.items()
    assert nodeid == "suites/greetings.jsonl::greetings[q8]"
    assert measured["category"] == "manners"
    patterns = {case["reference"]["pattern"] for case in measured["cases"]}
    assert "wrong beginning" in patterns
    (category,) = (c for c in found.record["checks"] if c["scope"] == "category")
    assert (category["subject"], category["result"]["limit"]) == ("manners", 12.5)
    assert any(line.startswith("manners ") for line in found.section)
    line = found.directory.joinpath("line.txt").read_text("utf-8")
    assert line.startswith("pytest-quant embedded: q8 ")
    assert "manners" in found.directory.joinpath("summary.md").read_text("utf-8")
    assert "manners" in found.directory.joinpath("page.html").read_text("utf-8")
    diary = found.directory.joinpath("diary.txt").read_text("utf-8").splitlines()
    assert diary == [f"measured {nodeid}", "record 1"]


def test_what_breaks_is_told_by_name_and_loses_nothing(project: Project, toy: Path) -> None:
    project.write("probes/good.yaml", PROBES.format(id="echo", kind="starts"))
    project.write("probes/bad.yaml", PROBES.format(id="fumble", kind="clumsy"))
    found = run(project, toy, "--quant-report=torn=torn.txt", TOY_BREAKS="record")
    said = found.output + found.errors
    assert found.code == pytest.ExitCode.USAGE_ERROR, said
    assert "INTERNALERROR" not in said
    assert "Traceback" not in said
    assert "q8 could not be run" not in said
    assert "--quant-report torn: " in found.errors
    assert "report 'torn' of pytest-quant-toy 1.0 raised KeyError" in found.errors
    assert "pytest_quant_record of the plugin quant_toy raised ValueError: no paper left" in (
        found.errors
    )
    # The rest is there: the record, with what broke and what did not.
    assert found.record is not None
    assert [m["nodeid"] for m in found.record["measurements"]] == ["probes/good.yaml::echo[q8]"]
    (problem,) = found.record["problems"]
    assert (problem["test"], problem["kind"]) == ("probes/bad.yaml::fumble[q8]", "broken")
    assert problem["message"].startswith(
        "probes/bad.yaml:4: probe 'fumble', case 0: checker 'clumsy' of pytest-quant-toy 1.0 "
        "raised KeyError: "
    )
    assert found.level("q8")["verdict"] == "broken"


def test_a_broken_hook_is_told_once_and_a_mistake_in_a_suite_as_the_files(
    project: Project, toy: Path
) -> None:
    project.write("probes/good.yaml", PROBES.format(id="echo", kind="starts"))
    found = run(project, toy, "-n2", TOY_BREAKS="measured")
    assert found.code == pytest.ExitCode.USAGE_ERROR
    told = "pytest_quant_measured of the plugin quant_toy raised ValueError: no paper for q8"
    assert found.errors.count(told) == 1
    assert found.record is not None
    assert len(found.record["measurements"]) == 1

    project.write("bad.jsonl", '{"question": "Who?"}')
    message = run(project, toy, "--quant-suite=greetings=bad.jsonl").mistake()
    assert "bad.jsonl:1: no field 'begins'" in message
    message = run(project, toy, "--quant-report=one_lin=x").mistake()
    assert "unknown report 'one_lin' (did you mean 'one_line'?)" in message
    message = run(project, toy, "--quant-report=one_line=bad.jsonl",
                  "--quant-suite=greetings=bad.jsonl").mistake()  # fmt: skip
    assert "--quant-report one_line: " in message
    assert "is a suite of this session" in message


def test_the_command_line_knows_them_too(project: Project, toy: Path) -> None:
    path = project.write("probes/good.yaml", PROBES.format(id="echo", kind="starts"))
    environment = {**os.environ, "PYTHONPATH": f"{toy}{os.pathsep}{os.environ.get('PYTHONPATH')}"}
    code = "import sys; from pytest_quant.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "probes", "check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 probe, 4 cases, no mistakes found" in done.stdout
