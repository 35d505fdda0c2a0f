"""Sessions without a model: the answers stand in files, and the rest is as ever."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from tests.sessions import Project, Run

PROBES = """
    category: world_knowledge
    probes:
      - id: colour
        subcategory: colours
        difficulty: 1
        cases: 12
        prompt: "What colour has number {n}?"
        parameters:
          n: {integer: [1, 40]}
        expect: "red"
        check: {kind: text}
"""
CHOICE = """
      - id: chosen
        subcategory: colours
        difficulty: 1
        cases: 8
        prompt: "Is number {n} red or blue?"
        parameters:
          n: {integer: [1, 40]}
        expect: "red"
        check: {kind: choice, options: [red, blue], by: likelihood}
"""
# A third of the numbers is another colour.
DAMAGED = {"patterns": {r"\d*[369]\?": "blue"}, "default": "red"}
# Tells of every process of a session, when it ends, whether it has loaded llama.cpp.
WATCH = """
    import os, pathlib, sys

    def pytest_unconfigure():
        loaded = [name for name in sys.modules if name.startswith("llama_cpp")]
        pathlib.Path(f"loaded-{os.getpid()}").write_text("\\n".join(loaded))
"""


def answers(project: Project, level: str, **entries: Any) -> str:
    """The option that gives a level a file of answers."""
    script = {"runtime": "scripted", "model": "toy", "context": 100 + len(level), **entries}
    return f"--quant-artifact={level}={project.write(f'{level}.json', json.dumps(script))}"


def session(project: Project, *args: str, f16: Any, q8: Any, **options: Any) -> Run:
    files = answers(project, "f16", **f16), answers(project, "q8", **q8)
    return project.run("--quant-levels=q8", *files, *args, **options)


def test_a_session_needs_no_model(project: Project) -> None:
    project.write("probes/colours.yaml", PROBES)
    project.write("watch.py", WATCH)
    run = session(
        project,
        *("-n2", "-p", "watch", "probes"),
        f16={"default": "red"},
        q8=DAMAGED,
        divergence=True,
        fresh=True,
        PYTHONPATH=str(project.path),
    )
    loaded = [path.read_text() for path in project.path.glob("loaded-*")]
    assert loaded == ["", "", ""], run.output
    (measured,) = run.measurements.values()
    wrong = [case["prompt"] for case in measured["cases"] if case["level"]["verdict"] != "correct"]
    assert wrong == [case["prompt"] for case in measured["cases"] if case["prompt"][-2] in "369"]
    assert wrong
    assert (run.record or {})["model"] == "toy"
    assert run.level("q8")["runtime"]["name"] == "scripted"
    assert (run.level("q8")["bits_per_weight"], run.level("f16")["bits_per_weight"]) == (8, 16)
    # What the runtime lacks is left out, and nothing put in its place.
    assert (run.record or {})["divergences"] == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({}, "not measured: the scripted runtime does not say how likely a given answer is"),
        ({"logprobs": {"said": -0.1, "other": -5}}, ""),
    ],
)
def test_what_a_runtime_lacks_is_named(project: Project, script: Any, said: str) -> None:
    project.write("probes/colours.yaml", PROBES + CHOICE)
    texts = {"default": "red", **script}
    run = session(project, "probes", "-rs", f16=texts, q8=texts, divergence=True)
    skipped = {name: found["skipped"] for name, found in run.measurements.items()}
    assert [*skipped.values()] == [said, ""]
    assert "q8 cannot be compared token by token: the scripted runtime does not show" in run.output
    if said:
        assert said in run.output
    # Nor is the right answer to the other probe read: it says why, or how likely it is.
    reasons = {name: found["untargeted"] for name, found in run.measurements.items()}
    assert [*reasons.values()][-1] == said.removeprefix("not measured: ")
    assert ("of 1 probe no right answer was read:" in run.section) == bool(said)


def test_a_baseline_is_recorded_and_missed(project: Project) -> None:
    project.write("probes/colours.yaml", PROBES)
    right = {"default": "red"}
    session(project, "probes", "--quant-update-baselines=force", f16=right, q8=right)
    again = session(project, "probes", "--quant-require-baseline", f16=right, q8=right)
    assert again.code == pytest.ExitCode.OK, again.output
    lost = session(project, "probes", f16={"default": "red"}, q8=DAMAGED)
    assert lost.code == pytest.ExitCode.TESTS_FAILED
    assert "default has other contents" not in lost.output
    assert "patterns none -> sha256:" in lost.output


def test_only_a_model_that_fails_could_not_be_run(project: Project) -> None:
    """A function that calls itself without end raises a RuntimeError, too."""
    project.write("probes/colours.yaml", PROBES)
    project.write(
        "probes/mine.yaml",
        """
        category: world_knowledge
        probes:
          - id: endless
            subcategory: colours
            difficulty: 1
            generator: endless.draw
            prompt: "What colour has number {n}?"
            expect: "red"
            check: {kind: text}
        """,
    )
    project.write("endless.py", "def draw(rng):\n    return draw(rng)\n")
    project.write(
        "test_mine.py",
        """
        def ask(quant):
            return ask(quant)

        def test_endless(quant):
            ask(quant)

        def test_other(quant):
            quant.ask("Anything else?")
        """,
    )
    q8 = {"default": "red", "answers": {"Anything else?": {"fails": "the device was lost"}}}
    run = session(
        project,
        *("probes", "test_mine.py"),
        f16={"default": "red"},
        q8=q8,
        PYTHONPATH=str(project.path),
    )
    assert run.outcomes == {"failed": 3, "inconclusive": 3}, run.output
    assert "q8 could not be run" not in run.output
    assert "'endless.draw' failed at " in run.output
    assert "RecursionError: maximum recursion depth exceeded" in run.output
    assert "RuntimeFailed: the device was lost" in run.output
    broken = {"default": {"fails": "no memory is left"}}
    run = session(project, "probes/colours.yaml", f16={"default": "red"}, q8=broken)
    assert "q8 could not be run: no memory is left" in run.output


@pytest.mark.parametrize(
    ("args", "text", "problem"),
    [
        ((), '{"runtime": "scripted", "answer": {}}', "'answer': found an unknown entry"),
        ((), '{"runtime": "scripted", }', "cannot be read as JSON"),
        ((), '{"runtime": "script"}', "not a GGUF file, but a JSON text"),
        (
            ("--quant-model=q8.json", "--quant-reference=f16"),
            '{"runtime": "scripted"}',
            "no weights to quantize; give each level its own file",
        ),
        (("--quant-model=q8.json",), '{"runtime": "scripted"}', "holds scripted weights"),
    ],
)
def test_a_file_that_cannot_serve_is_a_mistake(
    project: Project, args: tuple[str, ...], text: str, problem: str
) -> None:
    project.write("q8.json", text)
    given = args or ("--quant-artifact=q8=q8.json", answers(project, "f16", default="red"))
    assert problem in project.run("--quant-levels=q8", *given).mistake()


def test_a_log_tells_what_begins_after_the_probes(project: Project) -> None:
    """A divergence takes minutes on a large model, and nothing else tells of it."""
    project.write("probes/colours.yaml", PROBES)
    red = {"default": "red"}
    told = "q8: comparing with the reference token by token"
    run = session(project, f16=red, q8=DAMAGED, divergence=True)
    assert run.output.count(told) == 1
    off = ("-p", "no:quant-progress")
    assert told not in session(project, *off, f16=red, q8=DAMAGED, divergence=True).output


def test_a_failure_is_told_once_in_a_test_and_on_its_lines(project: Project) -> None:
    """Both checks of a recorded probe fail in one test, for one reason."""
    project.write("probes/colours.yaml", PROBES.replace("cases: 12", "cases: 40"))
    project.write(
        "test_mine.py",
        """
        def test_red(quant):
            quant.check(quant.ask("What colour has number 3?"), equals="red")
        """,
    )
    red, blue = {"default": "red"}, {"default": "blue"}
    paths = ("probes", "test_mine.py")
    session(project, *paths, "--quant-update-baselines", f16=red, q8={"default": "Red"})
    run = session(project, *paths, "--junitxml=junit.xml", f16=red, q8=blue)
    report = ElementTree.parse(run.directory / "junit.xml")
    own = report.findtext(".//testcase[@name='colour[q8]']/failure") or ""
    assert "limit 1: shown to be beyond it" in own
    assert "points below its recorded baseline" in own
    assert own.count("changed   ") == own.count("example   ") == own.count("because   ") == 1
    told = run.output[run.output.index("FAILED q8 test_mine.py::test_red[q8]") :]
    assert "q8 is wrong where f16 is right; prompt What colour has number 3?" in one_line(told)


def one_line(text: str) -> str:
    return " ".join(text.split())
