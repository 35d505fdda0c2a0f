"""Everything that docs/writing-probes.md shows is run, and does what the text says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from tests.sessions import Project

from pytest_quant import check
from pytest_quant.cli.main import USAGE_ERROR, main
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import Probe
from pytest_quant.probes.reader import read_probes

TEXT = (Path(__file__).parents[2] / "docs" / "writing-probes.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


# The commands that are shown, and what they print.
SHOWN = [block.removeprefix("$ ").partition("\n")[::2] for block in blocks("console")]
RUNNABLE = {command: said for command, said in SHOWN if said}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the first section, in the current directory."""
    monkeypatch.chdir(tmp_path)
    text = blocks("yaml")[0]
    path = tmp_path / "doses.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def probes(file: Path) -> tuple[Probe, ...]:
    return read_probes(file)


def test_commands_print_what_is_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (good, mistaken, show) = [(command, said) for command, said in SHOWN if said]
    for command, said in (good, show):
        assert main(shlex.split(command)[1:]) == 0
        assert capsys.readouterr().out == said
    file.write_text(file.read_text("utf-8").replace("expect: weight", "expect: wieght"), "utf-8")
    assert main(shlex.split(mistaken[0])[1:]) == USAGE_ERROR
    assert capsys.readouterr().err == mistaken[1]


def test_every_other_command_is_one_of_these() -> None:
    assert [command for command, said in SHOWN if not said] == [
        "pytest --quant-levels=q4,q8 --quant-model=my-model-f16.gguf doses.yaml",
        "pytest-quant probes schema",
        "pytest --quant-levels=q4,q8 test_marbles.py",
    ]


def test_there_is_as_much_room_as_it_says(probes: tuple[Probe, ...]) -> None:
    assert len(draw_cases(probes[0], 900)) == 900


def test_fair_ways_to_write_an_answer_pass_and_the_named_mistake_is_named(
    probes: tuple[Probe, ...],
) -> None:
    options = draw_cases(probes[0], 1)[0].options | {"formulas": {"the dose of a whole day": 105}}
    (ways,) = re.findall(r"any fair way: (.*)\.$", TEXT, re.MULTILINE)
    written = re.findall(r"`([^`]*)`", ways)
    assert len(written) == 4
    for text in written:
        assert check("numeric", text, 52.5, **options).correct, text
    assert check("numeric", "Answer: 105 mg", 52.5, **options).pattern == "wrong formula"


def test_the_pair_can_be_passed_and_failed(probes: tuple[Probe, ...]) -> None:
    for case in draw_cases(probes[1], 3):
        for text, right in (("International units (IU)", True), ("Units.", True), ("mg", False)):
            outcome = check("text", text, case.expected, prompt=case.prompt, **case.options)
            assert outcome.correct == right, text


def test_the_schema_that_editors_are_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probes", "schema"]) == 0
    line = capsys.readouterr().out.strip()
    assert line.startswith("# yaml-language-server: $schema=file:///")
    path = Path(unquote(urlsplit(line.partition("=")[2]).path))
    schema = json.loads(path.read_text("utf-8"))
    fields = schema["$defs"]["probe"]["properties"]
    assert {"prompt", "clean", "expect", "check"} <= set(fields)


def test_the_tests_in_python_run_at_each_level(project: Project) -> None:
    project.write("test_marbles.py", blocks("python")[0])
    run = project.run("--quant-levels=q8", "test_marbles.py", "-rs")
    assert run.code == pytest.ExitCode.OK, run.output
    assert sum(run.outcomes.values()) == 2
    assert run.outcomes.get("passed", 0) >= 1, run.output


def test_the_set_of_cases_is_judged_as_one(project: Project) -> None:
    (_, text) = blocks("python")
    project.write("test_steps.py", text)
    run = project.run("--quant-levels=q8", "test_steps.py", "-v")
    assert run.code == pytest.ExitCode.OK, run.output
    assert run.outcomes == {"passed": 40, "inconclusive": 1}
    assert any(
        line.startswith("quant-gate::test_steps::test_doubling[q8] INCONCLUSIVE")
        for line in run.lines
    )


def test_the_file_runs_as_it_says(project: Project) -> None:
    text = blocks("yaml")[0]
    project.write("doses.yaml", text)
    run = project.run("--quant-levels=q8", "--quant-cases=3", "doses.yaml")
    # The embedded model knows nothing of doses, so nothing is compared.
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output
    assert run.section[0].startswith("q8: NOTHING COMPARED"), run.section
    assert set(run.measurements) == {
        "doses.yaml::single_dose[q8]",
        "doses.yaml::unit_of_insulin[q8]",
    }


def test_every_file_that_is_shown_has_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, text in enumerate(blocks("yaml")):
        path = tmp_path / f"shown{number}.yaml"
        path.write_text(text, "utf-8")
        assert main(["probes", "check", str(path)]) == 0
        assert "no mistakes found" in capsys.readouterr().out
