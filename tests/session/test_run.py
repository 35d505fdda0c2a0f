"""A session without pytest finds what a session of pytest finds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.sessions import Project, Run

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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"levels": ["q99"]}, "unknown quantization level 'q99'"),
        ({"levels": ["q8"], "cases": 0}, "cases: found 0, expected"),
        ({"levels": ["q8"], "cases": 3, "max_cases": 4}, "cases and max_cases"),
        ({"levels": ["q8"], "alpha": 0.7}, "alpha: found 0.7"),
        ({"levels": ["q8"], "model": "no.gguf"}, "no.gguf: no such file"),
        ({"levels": ["q8"], "select": lambda _: False}, "none is selected"),
    ],
)
def test_mistakes_are_told(
    arguments: dict[str, object], said: str, shared_cache: Path, tmp_path: Path
) -> None:
    with pytest.raises(QuantUsageError, match=said.replace("[", r"\[")):
        run(**arguments, cache_dir=shared_cache, baselines=tmp_path)  # type: ignore[arg-type]


def test_needs_no_pytest(tmp_path: Path) -> None:
    code = "import sys; sys.modules['pytest'] = None; from pytest_quant import run; print(run)"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "function run" in ended.stdout
