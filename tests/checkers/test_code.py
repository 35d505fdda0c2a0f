"""The checker of programs: what it says of a failure, and what it refuses to be given."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pytest_quant.checkers import check

REASONS = yaml.safe_load((Path(__file__).parent / "data" / "code_reasons.yaml").read_text("utf-8"))
DOUBLE = "def double(x):\n    return x * 2"


@pytest.mark.parametrize("row", REASONS, ids=lambda row: row["reason"])
def test_the_reason_names_the_first_test_that_fails(row: dict[str, str]) -> None:
    program = row.get("program", DOUBLE)
    outcome = check("code", program, row["tests"], entry="double", seconds=1)
    assert outcome.reason == row["reason"]


def test_a_program_cannot_say_that_it_passed() -> None:
    """Its output goes nowhere, and it does not know the word that a report begins with."""
    program = "import os\nfor fd in range(9):\n    try:\n        os.write(fd, b'passed\\n')\n"
    program += "    except OSError:\n        pass\n" + DOUBLE + "\nos._exit(0)"
    outcome = check("code", program, "assert double(2) == 5", entry="double")
    assert outcome.verdict == "incorrect"


def test_what_bandit_finds_is_told() -> None:
    program = "def run(text):\n    return eval(text)"
    outcome = check("code", program, "assert run('2') == 2", entry="run")
    assert outcome.correct
    assert "security finding: B307 at line 2: Use of possibly insecure function" in outcome.reason
    outcome = check("code", program, "assert run('2') == 3", entry="run")
    assert outcome.pattern == "failed test"
    assert "security finding: B307 at line 2" in outcome.reason


ELSE_IFS = "".join(f"    elif text == {i}: pass\n" for i in range(1300))


@pytest.mark.parametrize("body", ["return eval(text)", "return int(text)"])
def test_what_bandit_cannot_examine_is_not_secure(body: str) -> None:
    program = f"def run(text):\n    if text == '':\n        pass\n{ELSE_IFS}    {body}\n"
    outcome = check("code", program, "assert run('2') == 2", entry="run", secure=True)
    assert (outcome.verdict, outcome.pattern) == ("unparsable", "not examined")
    assert "passes every test; bandit could not examine it" in outcome.reason
    assert check("code", program, "assert run('2') == 2", entry="run").correct


def test_what_bandit_finds_has_the_line_of_the_program() -> None:
    response = "```python\n# coding: rot13\n\ndef run(text):\n    return eval(text)\n```"
    outcome = check("code", response, "assert run('2') == 2", entry="run")
    assert "B307 at line 4" in outcome.reason


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("assert double(2) = 4", "the tests are not Python code: invalid syntax"),
        ("double(2) == 4", "the tests assert nothing; expected statements such as: assert f"),
        ("", "the tests assert nothing"),
    ],
)
@pytest.mark.parametrize("text", [DOUBLE, "", "I don't know."])
def test_refuses_tests_that_test_nothing(text: str, tests: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check("code", text, tests, entry="double")


OBJECTS = yaml.safe_load((Path(__file__).parent / "data" / "code_objects.yaml").read_text("utf-8"))


@pytest.mark.parametrize("row", OBJECTS, ids=lambda row: row["name"])
def test_tests_that_look_at_more_than_values(row: dict[str, str]) -> None:
    outcome = check("code", row["program"], row["tests"], entry=row["entry"])
    assert outcome.correct, outcome.reason
