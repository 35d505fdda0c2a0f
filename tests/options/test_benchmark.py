"""``--quant-benchmark`` and ``quant_benchmark``: levels timed by pytest-benchmark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.sessions import ONE_PROBE, Project, Run

NAMES = ["quant-benchmark::generate[f16]", "quant-benchmark::generate[q8]"]


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Run:
    project = Project(tmp_path_factory.mktemp("benchmark"), shared_cache)
    return project.run(*ONE_PROBE, "-n0", "--quant-benchmark=2", "--benchmark-json=b.json")


def test_the_levels_are_timed_into_both_records(timed: Run) -> None:
    assert timed.code == pytest.ExitCode.OK, timed.output + timed.errors
    theirs = json.loads((timed.directory / "b.json").read_text("utf-8"))["benchmarks"]
    assert [found["fullname"] for found in theirs] == NAMES
    assert timed.record is not None
    ours = timed.record["benchmarks"]
    assert [found["level"] for found in ours] == ["f16", "q8"]
    for their, our in zip(theirs, ours, strict=True):
        assert their["stats"]["rounds"] == len(our["rounds"]) == 2
        assert their["stats"]["mean"] == pytest.approx(sum(our["rounds"]) / 2)
        assert their["extra_info"]["new_tokens"] == our["new_tokens"] > 0
        assert their["extra_info"]["peak_memory_bytes"] == our["peak_memory"]
        assert bool(our["why_no_energy"]) == (our["energy"] is None)
    rows = timed.record["analysis"]["efficiency"]
    assert [row["timed_by"] for row in rows] == ["benchmark", "benchmark"]
    assert rows[0]["relative_latency"]["value"] == 1


def test_a_slower_level_fails_the_comparison(timed: Run, shared_cache: Path) -> None:
    """Against timings that no machine reaches, the plugin's own option fails the session."""
    saved = timed.directory / "b.json"
    raw = json.loads(saved.read_text("utf-8"))
    for found in raw["benchmarks"]:
        for name in ("min", "max", "mean", "median"):
            found["stats"][name] = 1e-9
    fast = timed.directory / "fast.json"
    fast.write_text(json.dumps(raw), "utf-8")
    project = Project(timed.directory, shared_cache)
    run = project.run(
        *ONE_PROBE,
        "-n0",
        "--quant-benchmark=1",
        f"--benchmark-compare={fast}",
        "--benchmark-compare-fail=mean:50%",
    )
    assert run.code != pytest.ExitCode.OK
    assert "generate[q8]" in run.output
    assert "Performance has regressed" in run.output + run.errors


def test_nothing_is_timed_unasked_or_where_it_is_not_quiet(project: Project) -> None:
    run = project.run(*ONE_PROBE)
    assert run.record is not None
    assert run.record["benchmarks"] == []
    (_, q8) = run.record["analysis"]["efficiency"]
    assert q8["timed_by"] == "session"
    assert "--quant-benchmark" in q8["not_measured"]["peak_memory"]
    run = project.run(*ONE_PROBE, "-n2", "--quant-benchmark=1")
    assert run.record is not None
    assert run.record["benchmarks"] == []
    assert run.outcomes["skipped"] == 2


def test_without_the_plugin(project: Project) -> None:
    message = project.run(*ONE_PROBE, "-p", "no:benchmark", "--quant-benchmark=2").mistake()
    assert "pip install 'pytest-quant[benchmark]'" in message


def test_rounds_from_the_ini_file_must_be_a_number(project: Project) -> None:
    project.ini("quant_benchmark = 0")
    assert "found '0', expected a whole number" in project.run(*ONE_PROBE).mistake()
