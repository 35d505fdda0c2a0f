"""Other people's plugins beside ours, each in a session: run by tests/compatibility/run.

What a session finds must not depend on them, and what they run twice counts once.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
from tests.sessions import EASY, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL

# One of its probes fails on the damaged file.
SELECTED = ("--quant-levels=q8", "--quant-cases=16", "-k", EASY, "--junitxml=junit.xml")
RETRYING = {
    "pytest-retry": ("--retries=2",),
    "rerunfailures": ("--reruns=2",),
    "flaky": ("--force-flaky", "--max-runs=3"),
}
# What they say when they have run a test again.
RETRIED = {
    "pytest-retry": "1 retried",
    "rerunfailures": "2 rerun",
    "flaky": "failed (1 runs remaining out of 3)",
}
OTHERS = {
    "randomly": ("-p", "no:cacheprovider"),
    "timeout": ("--timeout=250",),
    "pytest_cov": ("--cov=json", "--cov-report=term"),
    "asyncio": ("--asyncio-mode=auto",),
    "repeat": ("--count=2",),
    "pytest_reportlog": ("--report-log=log.jsonl",),
}
# What broke once, and what it said when it did.
BREAKS_ONCE = """
    from pytest_quant.errors import RuntimeFailed
    from pytest_quant.session.bench import Bench

    measure = Bench.measure

    def break_once(self, *args, **kwargs):
        Bench.measure = measure
        raise RuntimeFailed("no memory left\\x1b[2J" + "!" * 5_000_000)

    Bench.measure = break_once
"""


def session(project: Project, model: Path, plugins: tuple[str, ...], *args: str) -> Run:
    """A session with these plugins and no others, of a file of level q8."""
    chosen = [word for name in ("quant", "xdist", *plugins) for word in ("-p", name)]
    return project.run(
        *chosen,
        *SELECTED,
        *(f"--quant-model={EMBEDDED_MODEL}", f"--quant-artifact=q8={model}"),
        *args,
        divergence=True,
        fresh=True,
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
    )


def properties(run: Run) -> dict[str, Counter[str]]:
    """How often each property stands at each test of the JUnit file."""
    root = ET.parse(run.directory / "junit.xml")
    return {
        case.attrib["name"]: Counter(p.attrib["name"] for p in case.iter("property"))
        for case in root.iter("testcase")
    }


def assert_alike(run: Run, plain: Run) -> None:
    """The same verdicts from the same numbers, told once each."""
    assert "INTERNALERROR" not in run.output + run.errors
    assert run.code == plain.code, run.output + run.errors
    assert run.record is not None
    assert plain.record is not None
    assert run.measurements == plain.measurements
    for part in ("checks", "selected", "missing", "divergence_checks"):
        assert run.record[part] == plain.record[part], part
    for name in ("passed", "failed", "inconclusive", "skipped"):
        assert run.outcomes.get(name) == plain.outcomes.get(name), name
    assert properties(run) == properties(plain)
    assert all(count == 1 for counts in properties(run).values() for count in counts.values())


@pytest.fixture(scope="module")
def plain(
    damaged_q8_file: Path, shared_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    project = Project(tmp_path_factory.mktemp("plain"), shared_cache)
    run = session(project, damaged_q8_file, ())
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    assert any(line.startswith("FAILED probes/") for line in run.lines)
    return run


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
@pytest.mark.parametrize("name", RETRYING)
def test_what_fails_is_run_again_and_counts_once(
    project: Project, damaged_q8_file: Path, plain: Run, name: str, workers: str
) -> None:
    run = session(project, damaged_q8_file, (name,), *RETRYING[name], workers)
    assert RETRIED[name] in run.output
    assert_alike(run, plain)


@pytest.mark.parametrize("name", RETRYING)
def test_what_broke_once_is_mended_by_the_next_run(
    project: Project, q8_file: Path, name: str
) -> None:
    project.write("conftest.py", BREAKS_ONCE)
    run = session(project, q8_file, (name,), *RETRYING[name])
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    assert run.record["missing"] == 0
    assert "\x1b" not in run.output + (run.directory / "junit.xml").read_text("utf-8")
    assert len(run.output) < 100_000
    assert all(count == 1 for counts in properties(run).values() for count in counts.values())


@pytest.mark.parametrize("name", OTHERS)
def test_what_works_beside_us(
    project: Project, damaged_q8_file: Path, plain: Run, name: str
) -> None:
    run = session(project, damaged_q8_file, (name,), *OTHERS[name])
    assert_alike(run, plain)


def test_a_log_of_reports_can_be_read(project: Project, damaged_q8_file: Path) -> None:
    args = ("--report-log=log.jsonl", "-n2")
    session(project, damaged_q8_file, ("pytest_reportlog",), *args)
    lines = (project.path / "log.jsonl").read_text("utf-8").splitlines()
    brought = [entry for line in lines if "quant" in (entry := json.loads(line))]
    assert any("measurement" in entry["quant"] for entry in brought)


def test_all_of_them_together(project: Project, damaged_q8_file: Path, plain: Run) -> None:
    args = [word for name in OTHERS for word in OTHERS[name]]
    run = session(project, damaged_q8_file, tuple(OTHERS), *args, "-n2")
    assert_alike(run, plain)


def test_the_groups_of_a_split_session_measure_each_probe_once(
    project: Project, damaged_q8_file: Path, plain: Run
) -> None:
    found: dict[str, object] = {}
    for group in (1, 2):
        args = ("--splits=2", f"--group={group}")
        run = session(project, damaged_q8_file, ("pytest-split",), *args)
        assert not found.keys() & run.measurements.keys()
        found |= run.measurements
        assert run.record is not None
        assert run.record["missing"] == 0
    assert found == plain.measurements


def test_tests_in_python_run_as_often_as_they_are_repeated(project: Project, q8_file: Path) -> None:
    project.write(
        "test_capital.py",
        """
        def test_sums(quant):
            reply = quant.ask("What is 17 + 25?")
            assert quant.level == "q8"
            assert reply.prompt
        """,
    )
    args = ("--count=2", "test_capital.py", "-k", "sums")
    run = session(project, q8_file, ("repeat",), *args)
    assert run.outcomes["passed"] == 2, run.output + run.errors
