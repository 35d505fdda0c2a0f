"""The divergence of every level in real sessions: measured once, in every mode, and first."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.sessions import CAPITAL, MODES, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL, HELD_TEXT

LEVELS = ("q8", "q2")
# A probe of which q2 gets some cases wrong.
SELECTED = (f"--quant-levels={','.join(LEVELS)}", "--quant-cases=8", "-k", "budget")
NODEIDS = [f"quant-gate::divergence[{level}]" for level in LEVELS]
LATER = [f"quant-gate::divergence-responses[{level}]" for level in LEVELS]


@pytest.fixture(scope="module")
def cache(cold_cache: Callable[[], Path]) -> Path:
    return cold_cache()


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory, cache: Path, cold_cache: Callable[[], Path]
) -> Mapping[str, Run]:
    """The same session with and without workers, each with a cache of its own; and a second time
    without xdist.
    """

    def run(cache: Path, mode: str) -> Run:
        project = Project(tmp_path_factory.mktemp("project"), cache)
        arguments = (*SELECTED, "-v", "--junitxml=junit.xml", *MODES[mode])
        return project.run(*arguments, divergence=True)

    return {
        "-n0": run(cache, "-n0"),
        "-n2": run(cold_cache(), "-n2"),
        "again": run(cache, "no xdist"),
    }


@pytest.fixture(scope="module")
def whole(runs: Mapping[str, Run]) -> Run:
    return runs["-n0"]


def divergences(run: Run) -> list[dict[str, Any]]:
    assert run.record is not None, run.output + run.errors
    found: list[dict[str, Any]] = run.record["divergences"]
    return found


def test_every_level_has_one_on_the_text_and_one_on_responses(whole: Run) -> None:
    assert whole.code == pytest.ExitCode.OK, whole.output
    assert [(d["level"], d["source"]) for d in divergences(whole)] == [
        (level, source) for level in LEVELS for source in ("text", "responses")
    ]
    text, responses = divergences(whole)[:2]
    assert len(text["chunks"]) == 2
    assert len(responses["chunks"]) == 4
    assert [found["warning"].partition(":")[0] for found in divergences(whole)] == [
        "not measured at depth", "",
    ] * len(LEVELS)  # fmt: skip


def test_a_lower_level_is_further_away(whole: Run) -> None:
    def mean(statistic: str) -> list[float]:
        on_text = (d for d in divergences(whole) if d["source"] == "text")
        return [found["statistics"][statistic]["value"] for found in on_text]

    q8, q2 = mean("Mean KLD")
    assert 0 < 9 * q8 < q2
    assert mean("Same top p") == sorted(mean("Same top p"), reverse=True)
    assert len(set(mean("Mean PPL(base)"))) == 1


@pytest.mark.parametrize("other", ["-n2", "again"])
def test_the_same_to_the_last_digit(runs: Mapping[str, Run], other: str) -> None:
    assert divergences(runs[other]) == divergences(runs["-n0"])


def partings(run: Run) -> list[Any]:
    assert run.record is not None
    return [case["parting"] for m in run.record["measurements"] for case in m["cases"]]


@pytest.mark.parametrize("other", ["-n2", "again"])
def test_where_answers_part_whoever_reads_it(runs: Mapping[str, Run], other: str) -> None:
    assert partings(runs[other]) == partings(runs["-n0"])
    assert any(partings(runs["-n0"]))


def test_the_text_that_is_read_unless_another_is_given_is_the_library_s(project: Project) -> None:
    run = project.run("--quant-levels=q8", "--quant-cases=8", "-k", CAPITAL, held_text=True)
    assert run.record is not None, run.output + run.errors
    text, *_ = divergences(run)
    assert len(text["chunks"]) > 50
    digest = hashlib.sha256(HELD_TEXT.read_bytes()).hexdigest()
    assert run.record["provenance"]["text"] == digest


def test_a_second_session_works_nothing_out(runs: Mapping[str, Run], cache: Path) -> None:
    newest = max(path.stat().st_mtime_ns for path in cache.glob("responses/*/*.json"))
    assert newest < (runs["-n0"].directory / "record.json").stat().st_mtime_ns


def test_is_a_test_like_any_other(runs: Mapping[str, Run]) -> None:
    for run in runs.values():
        ended = {line.split()[0] for line in run.lines if " PASSED " in line}
        ended |= {part for line in run.lines for part in line.split() if "[gw" in line}
        assert {*NODEIDS, *LATER} <= ended
        suite = ET.parse(run.directory / "junit.xml").getroot().find("testsuite")
        assert suite is not None
        names = [str(case.get("name")) for case in suite.iter("testcase")]
        assert sorted(name for name in names if name.startswith("divergence")) == sorted(
            nodeid.partition("::")[2] for nodeid in (*NODEIDS, *LATER)
        )


def test_the_summary_tells_them(whole: Run) -> None:
    lines = [line for line in whole.told if line.startswith("KL divergence ")]
    assert len(lines) == len(LEVELS)
    assert all(" ± " in line and "; same top token " in line for line in lines)
    assert sum(line.startswith("on f16's responses ") for line in whole.section) == len(LEVELS)


def test_stands_first_and_only_where_probes_are_selected(project: Project) -> None:
    project.write("test_own.py", "def test_own(): pass")
    arguments = ("--quant-levels=q8,q4", "--co", "-q")
    run = project.run(*arguments, "-k", f"({CAPITAL}) and not q4", divergence=True)
    assert [line for line in run.lines if "::" in line] == [
        "quant-gate::divergence[q8]",
        "probes/world_knowledge.yaml::capital[q8]",
        "quant-gate::divergence-responses[q8]",
    ]
    run = project.run(*arguments, "-k", CAPITAL, divergence=True)
    assert [line for line in run.lines if "::" in line] == [
        "quant-gate::divergence[q8]",
        "quant-gate::divergence[q4]",
        "probes/world_knowledge.yaml::capital[q8]",
        "quant-gate::divergence-responses[q8]",
        "probes/world_knowledge.yaml::capital[q4]",
        "quant-gate::divergence-responses[q4]",
    ]
    run = project.run(*arguments, "test_own.py", divergence=True)
    assert [line for line in run.lines if "::" in line] == ["test_own.py::test_own"]


def test_can_be_deselected(project: Project) -> None:
    run = project.run(*SELECTED, "--deselect", NODEIDS[1], "--co", "-q", divergence=True)
    shown = [line for line in run.lines if line.startswith("quant-gate::")]
    assert shown == [NODEIDS[0], LATER[0]]
    run = project.run(*SELECTED, "--deselect", LATER[1], "--co", "-q", divergence=True)
    shown = [line for line in run.lines if line.startswith("quant-gate::")]
    assert shown == [*NODEIDS, LATER[0]]


def test_a_level_is_further_away_if_its_tokenizer_or_weights_are_damaged(
    project: Project, damaged_q8_file: Path, whole: Run
) -> None:
    run = project.run(
        "--quant-levels=q8",
        f"--quant-model={EMBEDDED_MODEL}",
        f"--quant-artifact=q8={damaged_q8_file}",
        "--quant-cases=8",
        *("-k", CAPITAL),
        divergence=True,
    )
    damaged, sound = divergences(run)[0], divergences(whole)[0]
    assert [c["digest"] for c in damaged["chunks"]] == [c["digest"] for c in sound["chunks"]]
    means = [found["statistics"]["Mean KLD"]["value"] for found in (damaged, sound)]
    assert means[0] > 100 * means[1]


def test_what_was_measured_before_a_stop_is_kept(whole: Run, cache: Path, tmp_path: Path) -> None:
    """The last level's items are not reached; the others' are as in the whole session."""
    project = Project(tmp_path, cache)
    project.write(
        "stopper.py",
        """
        def pytest_runtest_logstart(nodeid):
            if nodeid == "quant-gate::divergence-responses[q2]":
                raise KeyboardInterrupt
        """,
    )
    run = project.run(*SELECTED, "-n0", "-p", "stopper", divergence=True)
    assert run.code == pytest.ExitCode.INTERRUPTED
    assert divergences(run) == [
        d for d in divergences(whole) if (d["level"], d["source"]) != ("q2", "responses")
    ]
