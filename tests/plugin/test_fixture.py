"""The ``quant`` fixture: Python tests that run once for each level, beside any others."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sessions import COLOURS, Project

from pytest_quant.base.library import EMBEDDED_MODEL

TESTS = """
    from pytest_quant import Quant

    def test_plain():
        pass

    def test_steps(quant: Quant):
        reply = quant.ask(
            "Start at 31 and double each time. List the first 5 terms after 'Answer:'."
        )
        assert reply.prompt.startswith("Start at 31")
        assert quant.reference == "f16"
        quant.check(reply, equals=[31, 62, 124, 248, 496])

    def test_capital(quant):
        reply = quant.ask("What is the capital of France? Write the city after 'Answer:'.")
        quant.check(reply, equals="Paris")

    def test_what_no_model_of_ours_knows(quant):
        quant.check(quant.ask("What colour has number 7?"), equals="red")
"""


@pytest.fixture
def written(project: Project) -> Project:
    project.write("test_mine.py", TESTS)
    return project


def test_runs_once_for_each_level(written: Project, mode: tuple[str, ...]) -> None:
    run = written.run("--quant-levels=q8,q6", "test_mine.py", "-rA", *mode)
    assert run.code == pytest.ExitCode.OK, run.output
    assert run.outcomes == {"passed": 5, "skipped": 2}
    for name in ("test_steps[q8]", "test_capital[q6]", "test_plain"):
        assert f"PASSED test_mine.py::{name}" in run.lines
    assert "uninformative: f16 is wrong itself: expected red, got " in run.output


def test_levels_come_one_after_the_other(written: Project) -> None:
    written.write("probes/colours.yaml", COLOURS)
    run = written.run("--quant-levels=q8,q6", "test_mine.py", "probes", "--co", "-q")
    names = [line.rpartition("::")[2] for line in run.lines if "::" in line]
    tests = ["test_steps", "test_capital", "test_what_no_model_of_ours_knows", "colour"]
    assert names == ["test_plain", *(f"{t}[{level}]" for level in ("q8", "q6") for t in tests)]


def test_a_level_is_a_mark(written: Project) -> None:
    run = written.run("--quant-levels=q8,q6", "test_mine.py", "--co", "-q", "-m", "q6")
    assert [line for line in run.lines if "::" in line] == [
        "test_mine.py::test_steps[q6]",
        "test_mine.py::test_capital[q6]",
        "test_mine.py::test_what_no_model_of_ours_knows[q6]",
    ]


def test_fails_where_the_level_is_wrong(written: Project, damaged_q8_file: Path) -> None:
    files = {"q8": damaged_q8_file, "f16": EMBEDDED_MODEL}
    artifacts = [f"--quant-artifact={level}={file}" for level, file in files.items()]
    run = written.run("--quant-levels=q8", *artifacts, "test_mine.py", "-k", "steps")
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.errors
    for line in (
        "q8 is wrong where f16 is right",
        "prompt    Start at 31 and double each time. List the first 5 terms after ...",
        "expected  [31, 62, 124, 248, 496]",
        "f16       Answer: 31, 62, 124, 248, 496",
    ):
        assert line in run.lines
    assert "Traceback" not in run.output


SET = """
    import pytest

    @pytest.mark.numerical_reasoning
    @pytest.mark.parametrize("start", range(20, 44))
    def test_steps(quant, start):
        reply = quant.ask(
            f"Start at {start} and double each time. List the first 5 terms after 'Answer:'."
        )
        quant.check(reply, equals=[start * 2**i for i in range(5)])

    @pytest.mark.parametrize("n", range(24))
    def test_one_flip(quant, n):
        reply = quant.ask("What is the capital of France? Write the city after 'Answer:'.")
        # One case of 24 is lost, whatever the models say.
        quant.check(reply, right=lambda text: n > 0 or text is reply.reference_text)
"""


def test_a_parametrized_test_is_judged_as_one_set(
    project: Project, damaged_q8_file: Path, mode: tuple[str, ...]
) -> None:
    project.write("test_set.py", SET)
    files = {"q8": damaged_q8_file, "f16": EMBEDDED_MODEL}
    artifacts = [f"--quant-artifact={level}={file}" for level, file in files.items()]
    run = project.run("--quant-levels=q8", *artifacts, "test_set.py", *mode)
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.errors
    # No case fails a test of its own, the one set fails, the other's one flip decides nothing.
    assert run.outcomes == {"passed": 48, "failed": 1, "inconclusive": 1}, run.output
    assert run.record is not None
    checks = {c["subject"]: c for c in run.record["checks"]}
    steps, flip = (checks[f"test_set.py::{name}"] for name in ("test_steps", "test_one_flip"))
    assert (steps["scope"], steps["category"], flip["category"]) == (
        "set",
        "numerical_reasoning",
        None,
    )
    assert steps["result"]["verdict"] == "fail"
    assert steps["result"]["counts"]["n"] == flip["result"]["counts"]["n"] == 24
    assert (flip["result"]["counts"]["b"], flip["result"]["counts"]["c"]) == (1, 0)
    # Two sets share the quarter that is for probes.
    assert steps["result"]["alpha"] == flip["result"]["alpha"] == 0.05 / 4 / 2
    assert [one["cases"][3]["index"] for one in run.record["sets"]] == [3, 3]
    assert "FAILED q8 test_set.py::test_steps" in run.lines
    assert run.section[0].startswith("q8: FAIL")


def test_a_set_of_which_the_reference_does_nothing_right_is_not_green(project: Project) -> None:
    project.write(
        "test_set.py",
        """
        import pytest

        @pytest.mark.parametrize("n", range(8))
        def test_colours(quant, n):
            quant.check(quant.ask(f"What colour has number {n}?"), equals="octarine")
        """,
    )
    run = project.run("--quant-levels=q8", "test_set.py")
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output
    assert run.section[0].startswith(
        "q8: NOTHING COMPARED: its tests in Python tell nothing: the reference answers"
    )


def test_is_skipped_without_levels(written: Project) -> None:
    run = written.run_bare("test_mine.py", "-rs")
    assert run.outcomes == {"passed": 1, "skipped": 3}
    assert "asks a quantized model: say which, as in --quant-levels=q4,q8" in " ".join(
        run.output.split()
    )
    assert "= quantization" not in run.output


def test_a_fixture_of_the_same_name_wins(project: Project) -> None:
    project.write(
        "test_theirs.py",
        """
        import pytest

        @pytest.fixture
        def quant():
            return 7

        def test_theirs(quant):
            assert quant == 7
        """,
    )
    run = project.run("--quant-levels=q8,q6", "test_theirs.py")
    assert run.outcomes == {"passed": 1}


def test_an_answer_that_cannot_be_expected_is_the_author_s_mistake(project: Project) -> None:
    project.write(
        "test_mistake.py",
        """
        def test_mistake(quant):
            reply = quant.ask("What is the capital of France? Write the city after 'Answer:'.")
            quant.check(reply, equals="!")
        """,
    )
    run = project.run("--quant-levels=q8", "test_mistake.py")
    assert run.outcomes == {"failed": 1}
    told = (
        "ValueError: quant.check: text: expected '!', every alias and forbidden phrase need a word"
    )
    assert told in run.output
    # Of the traceback only what the author wrote.
    assert 'quant.check(reply, equals="!")' in run.output
    assert "fixture" not in run.output


def test_levels_of_which_every_test_is_skipped_are_not_green(
    project: Project, mode: tuple[str, ...]
) -> None:
    project.write(
        "test_mine.py",
        """
        def test_what_no_model_of_ours_knows(quant):
            quant.check(quant.ask("Which colour has the number 7?"), equals="octarine")

        def test_that_asks_nothing(quant):
            pass
        """,
    )
    run = project.run("--quant-levels=q8", "test_mine.py", *mode)
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    said = (
        "nothing was compared at q8: each of its tests was skipped or asked nothing; -rs shows why"
    )
    assert said in run.lines


def test_what_is_expected_to_fail_is_compared(project: Project) -> None:
    project.write(
        "test_mine.py",
        """
        import pytest

        @pytest.mark.xfail
        def test_mine(quant):
            quant.ask("What is the capital of France? Write the city after 'Answer:'.")
            assert False
        """,
    )
    run = project.run("--quant-levels=q8", "test_mine.py")
    assert run.outcomes == {"xfailed": 1}
    assert run.code == pytest.ExitCode.OK, run.output + run.errors


def test_levels_that_nobody_asks_are_not_green(project: Project) -> None:
    project.write("test_other.py", "def test_other(): pass")
    run = project.run("--quant-levels=q8", "test_other.py")
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    assert run.outcomes == {"passed": 1}
    assert any(
        line.startswith("nothing was asked of q8: no probe and no test") for line in run.lines
    )
    # An ini file speaks of the sessions that select probes, not of all others.
    project.ini("quant_levels = q8")
    assert project.run("test_other.py").code == pytest.ExitCode.OK
