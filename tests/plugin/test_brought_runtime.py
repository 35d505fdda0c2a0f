"""A runtime that another package brings runs the files that it claims, beside ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.packages import Packages
from tests.sessions import COLOURS, Project, Run

# Of files that hold nothing but what is answered to everything.
MINE = """
import hashlib

from pytest_quant.runtimes.artifact import Artifact, Contents, ModelFile
from pytest_quant.runtimes.protocol import Batch, Response, Runtime, RuntimeInfo


class Backend:
    def claims(self, path):
        return path.suffix == ".mine"

    def inspect(self, path):
        return ModelFile(path, (path,), "toy", "", "text")

    def adopt(self, level, path, cache_dir):
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        bits = float(level.name[1:])
        return Artifact(level.name, path, digest, "toy", len(data), 1, bits, {}, "", "", False)

    def prepare(self, level, source, cache_dir, threads):
        raise NotImplementedError

    def check_asking(self, artifacts, conditions, cache_dir):
        pass

    def check_reading(self, reading, reference, levels):
        pass

    def origin(self, artifact, conditions):
        return (artifact.digest, "mine 1.0")

    def open(self, artifact, conditions):
        return Mine(artifact.path.read_text())

    def contents(self, artifact, cache_dir):
        return Contents("plain question", {}, {})


class Mine(Runtime):
    capabilities = frozenset({"generate"})

    def __init__(self, text):
        self.text = text

    def describe(self):
        return RuntimeInfo("mine", "1.0", "1", "any", 1, 1, 100)

    def generate(self, prompts, limits):
        return Batch(tuple(Response(self.text, (1,), (), "end", 3) for _ in prompts), 0.1)

    def close(self):
        pass


BACKEND = Backend()
"""


@pytest.fixture
def brought(project: Project, packages: Packages) -> Project:
    points = {"mine": "mine:BACKEND"}
    packages.install("mine", "pytest_quant.runtimes", points, "mine", MINE)
    project.write("probes/colours.yaml", COLOURS)
    return project


def session(project: Project, packages: Packages, q8: str) -> Run:
    script = {"runtime": "scripted", "model": "toy", "default": "red"}
    project.write("f16.json", json.dumps(script))
    project.write("q8.mine", q8)
    files = ("--quant-artifact=q8=q8.mine", "--quant-artifact=f16=f16.json")
    return project.run(
        *("probes", "--quant-levels=q8", *files),
        divergence=True,
        PYTHONPATH=str(packages.path),
    )


def test_a_brought_runtime_is_asked(brought: Project, packages: Packages) -> None:
    run = session(brought, packages, "blue")
    (measured,) = run.measurements.values()
    assert {case["level"]["response"] for case in measured["cases"]} == {"blue"}
    assert {case["reference"]["response"] for case in measured["cases"]} == {"red"}
    assert run.level("q8")["runtime"]["name"] == "mine"
    assert run.level("f16")["runtime"]["name"] == "scripted"
    assert (run.record or {})["divergences"] == []


def test_a_file_of_two_runtimes_is_a_mistake(brought: Project, packages: Packages) -> None:
    run = session(brought, packages, '{"runtime": "scripted", "default": "blue"}')
    assert "more than one runtime: mine, scripted; uninstall" in run.mistake()


@pytest.mark.parametrize(
    ("line", "broken", "told"),
    [
        ("return path.suffix ==", "return 1 / 0 ==", "claims raised ZeroDivisionError: division"),
        ("return ModelFile(", "return 1 / 0, (", "inspect raised ZeroDivisionError: division"),
        ("return Artifact(", "return (", "adopt returned an object of type tuple, expected a Art"),
        (
            "        data = path",
            "        __import__('pytest').skip('no'); data = path",
            "Skipped: no",
        ),
    ],
)
def test_a_backend_that_breaks_is_told_with_its_package(
    brought: Project, packages: Packages, line: str, broken: str, told: str
) -> None:
    assert line in MINE
    (packages.path / "mine.py").write_text(MINE.replace(line, broken))
    said = session(brought, packages, "blue").mistake()
    assert said.startswith("ERROR: runtime 'mine' of mine 1.0: mine:BACKEND: ")
    assert told in said


@pytest.mark.parametrize(
    ("line", "broken", "verdict"),
    [
        ("return Mine(artifact", "return print(artifact", "broken"),
        ("return Batch(", "raise KeyError(", "broken"),
        ("for _ in prompts)", "for _ in prompts[1:])", "broken"),
        ("for _ in prompts)", "for _ in [*prompts, *prompts])", "broken"),
        ("        pass\n\n\nBACKEND", "        1 / 0\n\n\nBACKEND", "inconclusive"),
    ],
    ids=["opens nothing", "raises", "answers less", "answers more", "closes badly"],
)
def test_a_runtime_that_breaks_breaks_its_level(
    brought: Project, packages: Packages, line: str, broken: str, verdict: str
) -> None:
    assert line in MINE
    (packages.path / "mine.py").write_text(MINE.replace(line, broken))
    run = session(brought, packages, f"blue {broken}")
    assert run.level("q8")["verdict"] == verdict
    assert run.code == (verdict == "broken")
    assert "INTERNALERROR" not in run.output + run.errors
    assert "Traceback" not in run.errors


def test_what_gives_no_likelihoods_is_compared_all_the_same(
    project: Project, cold_cache: Callable[[], Path]
) -> None:
    """How likely the reference finds a level's responses is left out by name."""
    project.write(
        "unscored.py",
        """
        from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime

        LlamaCppRuntime.capabilities = frozenset({"generate", "predict"})
        """,
    )
    elsewhere = Project(project.path, cold_cache())
    run = elsewhere.run(
        *("-p", "unscored", "--quant-levels=q8", "--quant-cases=4"),
        *("-k", "capital_letters"),
        divergence=True,
    )
    assert run.record is not None
    assert {found["source"] for found in run.record["divergences"]} == {"text", "responses"}
    assert run.record["likelihoods"] == []
    said = " ".join(line.strip() for line in run.section)
    assert "note: q8, short.txt: not measured at depth: a long reading takes 2,048 tokens, " in said
    assert "; not measured how likely its responses are: the llama.cpp" in said
