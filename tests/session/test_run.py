"""A session without pytest finds what a session of pytest finds."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.sessions import COLOURS, Project, Run

from pytest_quant import run
from pytest_quant.errors import QuantUsageError, RuntimeFailed
from pytest_quant.record.run import RunRecord
from pytest_quant.session.events import Announced, Ended, Event
from pytest_quant.session.session import Session

ASKED = ("doubling", "opposite")


@pytest.fixture(scope="module")
def in_pytest(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    project = Project(tmp_path_factory.mktemp("pytest"), shared_cache)
    wanted = " or ".join(f"{name}[" for name in ASKED)
    return project.run("--quant-levels=q8,q2", "--quant-cases=8", "-k", wanted, "-q")


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return []


@pytest.fixture(scope="module")
def alone(
    shared_cache: Path, tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> RunRecord:
    return run(
        ["q8", "q2"],
        cases=8,
        select=lambda probe: probe.id in ASKED,
        divergence=False,
        threads=1,
        baselines=tmp_path_factory.mktemp("none"),
        cache_dir=shared_cache,
        progress=events.append,
    )


def test_finds_what_pytest_finds(alone: RunRecord, in_pytest: Run) -> None:
    """The same answers, checks and verdicts, under the same names."""
    assert in_pytest.record is not None
    raw = alone.to_json()
    for times in (raw, in_pytest.record):
        for measurement in times["measurements"]:
            for effort in ("reference_effort", "level_effort"):
                measurement[effort]["seconds"] = 0
    measured = [m["nodeid"] for m in raw["measurements"]]
    assert sorted(measured) == sorted(m["nodeid"] for m in in_pytest.record["measurements"])
    for part in ("measurements", "checks", "alpha", "selected", "missing", "problems"):
        assert _plain(raw[part]) == _plain(in_pytest.record[part]), part
    assert [level.verdict for level in alone.levels] == [
        level["verdict"] for level in in_pytest.record["levels"]
    ]


def _plain(value: object) -> object:
    """Tuples as the lists that JSON makes of them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def test_tells_how_far_it_is(alone: RunRecord, events: list[Event]) -> None:
    ended = [event for event in events if isinstance(event, Ended)]
    assert [event.done for event in ended] == [1, 2, 3, 4]
    assert {event.total for event in ended} == {4}
    assert {event.level for event in ended} == {"q8", "q2"}
    assert {event.test for event in ended} == {m.nodeid for m in alone.measurements}
    announced = [event.text for event in events if isinstance(event, Announced)]
    assert any(text.startswith("preparing ") for text in announced)


def test_a_model_that_cannot_be_run_is_in_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_session: Session, level: str) -> None:
        raise RuntimeFailed(f"{level} is out of memory")

    monkeypatch.setattr(Session, "open_level", fail)
    record = run(
        ["q8"],
        cases=1,
        select=lambda probe: probe.id == "opposite",
        divergence=False,
        baselines=tmp_path,
        cache_dir=tmp_path / "cache",
        progress=None,
    )
    assert record.level("q8").verdict == "broken"
    (problem,) = record.problems
    assert (problem.level, problem.kind) == ("q8", "broken")
    assert "is out of memory" in problem.message


def test_what_is_raised_where_nobody_foresaw_it_is_in_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in pytest: what was learned of other levels and probes is kept."""
    scripted(tmp_path)
    whole = Session.open_level

    def fail(session: Session, level: str) -> object:
        return whole(session, level) if level != "q4" else {}[level]

    monkeypatch.setattr(Session, "open_level", fail)
    monkeypatch.chdir(tmp_path)
    files = {"f16": "f16.json", "q8": "q8.json", "q4": "q4.json"}
    record = run(
        ["q8", "q4"], artifacts=files, probes=["p.yaml"], cache_dir="cache", divergence=False
    )
    assert [level.verdict for level in record.levels] == [None, "inconclusive", "broken"]
    (problem,) = record.problems
    assert problem.message.startswith("KeyError: 'q4' (test_run.py:")


def test_nothing_is_made_before_all_mistakes_are_told(tmp_path: Path) -> None:
    told: list[Event] = []
    scripted(tmp_path)
    with pytest.raises(QuantUsageError, match="none is selected"):
        run(
            ["q8"],
            probes=[tmp_path / "p.yaml"],
            select=lambda _: False,
            cache_dir=tmp_path / "cache",
            progress=told.append,
        )
    assert told == []


def test_runs_at_once_in_two_threads(tmp_path: Path) -> None:
    scripted(tmp_path)
    files = {level: tmp_path / f"{level}.json" for level in ("f16", "q8")}
    with ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(
                run,
                ["q8"],
                artifacts=files,
                probes=[tmp_path / "p.yaml"],
                cache_dir=tmp_path / "cache",
                baselines=tmp_path,
            )
            for _ in range(2)
        ]
    first, second = (one.result() for one in runs)
    assert first.checks == second.checks


def scripted(directory: Path) -> None:
    """A probe, and three models that all know the answer."""
    (directory / "p.yaml").write_text(textwrap.dedent(COLOURS), "utf-8")
    for level, answer in (("f16", "red"), ("q8", "It is red."), ("q4", "Red!")):
        script = {"runtime": "scripted", "model": "toy", "default": answer}
        (directory / f"{level}.json").write_text(json.dumps(script), "utf-8")


def test_needs_no_pytest(tmp_path: Path) -> None:
    code = "import sys; sys.modules['pytest'] = None; from pytest_quant import run; print(run)"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "function run" in ended.stdout
