"""The same bytes, whatever runs beside a probe and however the session is distributed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.sessions import CAPITAL, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL

# A probe without a file name in common with others, and two that surround it.
PROBE = "word_repeated"
ALL = f"{PROBE} or ({CAPITAL}) or doubling"


@pytest.fixture(scope="module")
def runs(
    damaged_q8_file: Path,
    cold_cache: Callable[[], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, Run]:
    """Sessions that overlap, none of which finds an answer in a cache.

    The second is in a Python of its own, whose sets have another order. One level is damaged, so
    that it fails and ``--lf`` has something to select.
    """

    def run(project: Project, *args: str, divergence: bool = False, fresh: bool = False) -> Run:
        return project.run(
            "--quant-levels=q8,q4",
            "--quant-cases=6",
            "--quant-alpha=0.4",
            f"--quant-model={EMBEDDED_MODEL}",
            f"--quant-artifact=q8={damaged_q8_file}",
            f"--quant-cache-dir={cold_cache()}",
            *args,
            divergence=divergence,
            fresh=fresh,
        )

    def project() -> Project:
        return Project(tmp_path_factory.mktemp("project"), Path("never used"))

    whole = project()
    return {
        "-n0": run(whole, "-n0", "-k", ALL, divergence=True),
        "again": run(project(), "-n0", "-k", ALL, divergence=True, fresh=True),
        "--lf": run(whole, "-n0", "-k", ALL, "--lf"),
        "-n2": run(project(), "-n2", "-k", ALL),
        "-k": run(project(), "-n0", "-k", PROBE),
    }


@pytest.mark.parametrize("other", ["-n2", "-k", "--lf"])
def test_the_same_responses_and_outcomes(other: str, runs: Mapping[str, Run]) -> None:
    whole, part = runs["-n0"].measurements, runs[other].measurements
    assert part.keys() <= whole.keys()
    assert part == {nodeid: whole[nodeid] for nodeid in part}


def test_two_identical_runs_leave_the_same_record(runs: Mapping[str, Run]) -> None:
    """Whatever differs between them is a bug: divergences and noise included."""
    assert runs["again"].record is not None
    assert _timeless(runs["again"].record) == _timeless(runs["-n0"].record)


def _timeless(part: Any) -> Any:
    """A part of a record without what tells the time."""
    timed = ("created", "seconds", "efficiency")
    if isinstance(part, dict):
        return {k: _timeless(v) for k, v in part.items() if k not in timed}
    return [_timeless(item) for item in part] if isinstance(part, list) else part


def test_the_selections_are_what_they_should_be(runs: Mapping[str, Run]) -> None:
    def selected(name: str) -> set[tuple[str, str]]:
        return {(m["probe"], m["level"]) for m in runs[name].measurements.values()}

    assert selected("-n2") == selected("-n0")
    assert selected("-k") == {(PROBE, "q8"), (PROBE, "q4")}
    assert selected("--lf") < selected("-n0")
    assert selected("--lf")
    assert {level for _, level in selected("--lf")} == {"q8"}


def test_nothing_was_served_from_a_cache(runs: Mapping[str, Run]) -> None:
    """Equal times would show that a response was made once for two sessions."""

    def seconds(run: Run) -> set[float]:
        efforts: list[Any] = []
        assert run.record is not None
        for measurement in run.record["measurements"]:
            efforts += [measurement["reference_effort"], measurement["level_effort"]]
        return {effort["seconds"] for effort in efforts if effort}

    for other in ("again", "-n2", "-k", "--lf"):
        assert not seconds(runs["-n0"]) & seconds(runs[other])
