"""Recorded baselines: what was recorded is met again, what got worse fails and says why."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.sessions import MODES, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.gate.baseline import Baseline
from pytest_quant.gate.baseline_file import read_baseline
from pytest_quant.gate.predictions_file import dump, read_predictions

# Two probes that the embedded model can do, in two categories.
TWO = "doubling or animal_class"
SELECTED = ("--quant-levels=q8", "--quant-cases=16", "-k", TWO)
UPDATE = "--quant-update-baselines"
FILE = "baselines/pytest-quant-embedded/q8.json"


def baseline_of(project: Project) -> Baseline:
    baseline = read_baseline(project.path / FILE)
    assert baseline is not None
    return baseline


def regressions(run: Run) -> list[dict[str, Any]]:
    assert run.record is not None, run.output + run.errors
    return [check for check in run.record["checks"] if check["kind"] == "regression"]


def distances(run: Run) -> dict[str, dict[str, Any]]:
    """The results of the checks of divergence, by what was read."""
    assert run.record is not None, run.output + run.errors
    return {check["source"]: check["result"] for check in run.record["divergence_checks"]}


def changes(run: Run) -> dict[str, list[str]]:
    assert run.record is not None, run.output + run.errors
    (use,) = run.record["baselines"]
    found: dict[str, list[str]] = use["changes"]
    return found


@pytest.fixture(scope="module")
def recording(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A session that records the baseline of q8."""
    project = Project(tmp_path_factory.mktemp("recorded"), shared_cache)
    return project.run(*SELECTED, UPDATE, divergence=True)


def with_baseline_of(recording: Run, project: Project) -> Project:
    shutil.copytree(recording.directory / "baselines", project.path / "baselines")
    return project


@pytest.fixture
def recorded(project: Project, recording: Run) -> Project:
    """A project that has this baseline."""
    return with_baseline_of(recording, project)


@pytest.fixture(scope="module")
def again(
    recording: Run, shared_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Run]:
    """The same session once more, in each mode, where this baseline is."""
    runs = {}
    for name, mode in MODES.items():
        project = Project(tmp_path_factory.mktemp("again"), shared_cache)
        runs[name] = with_baseline_of(recording, project).run(*SELECTED, *mode, divergence=True)
    return runs


@pytest.fixture
def damaged(recorded: Project, damaged_q8_file: Path) -> Run:
    """A session with a file of the same level in which two tensors changed places."""
    return recorded.run(
        *SELECTED,
        f"--quant-artifact=q8={damaged_q8_file}",
        f"--quant-model={EMBEDDED_MODEL}",
        divergence=True,
    )


def test_records_every_outcome_and_where_it_is_from(recording: Run) -> None:
    assert recording.code == pytest.ExitCode.OK, recording.output + recording.errors
    assert recording.record is not None
    assert regressions(recording) == []
    baseline = read_baseline(recording.directory / FILE)
    assert baseline is not None
    assert (baseline.level, baseline.model) == ("q8", recording.record["model"])
    for measurement in recording.measurements.values():
        probe = baseline.probes[measurement["nodeid"].removesuffix("[q8]")]
        for i, case in enumerate(measurement["cases"]):
            right = case["level"]["verdict"] == "correct"
            assert probe.outcome(i, case["digest"]) == (
                "correct" if right else case["level"]["pattern"]
            )
    assert baseline.artifact.digest == recording.level("q8")["digest"]
    assert baseline.reference.digest == recording.level("f16")["digest"]
    assert baseline.divergences.keys() == {"text", "responses", "recorded"}
    for found in recording.record["divergences"]:
        chunks = baseline.divergences[found["source"]]
        assert [chunk.digest for chunk in chunks] == [chunk["digest"] for chunk in found["chunks"]]
    assert dict(baseline.artifact.runtime) == recording.level("q8")["runtime"]


def test_shows_what_changes_before_it_writes(recording: Run) -> None:
    lines = recording.lines
    wrote = lines.index(f"q8: wrote {FILE}")
    heading = next(i for i, line in enumerate(lines) if line.startswith("q8, cases"))
    assert heading < wrote
    assert lines[heading].split()[2:] == ["created", "better", "worse", "gone", "changed"]
    rows = [line.split() for line in lines[heading + 1 : heading + 3]]
    assert rows == [
        ["iterative", "16", "0", "0", "0", "0"],
        ["world_knowledge", "16", "0", "0", "0", "0"],
    ]


@pytest.mark.parametrize("mode", MODES)
def test_the_same_again_is_no_regression(again: Mapping[str, Run], mode: str) -> None:
    run = again[mode]
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    found = regressions(run)
    assert len(found) == 1 + 2 + 2
    assert {check["result"]["verdict"] for check in found} == {"pass"}
    assert all(check["result"]["unchanged"] for check in found)
    assert all(check["result"]["counts"]["b"] == 0 for check in found)
    assert not any(changes(run).values())
    assert run.record is not None
    # Tolerance, regression and likelihood; over all probes two divergences, too.
    assert run.record["selected"] == {"pooled": 5, "category": 6, "probe": 4}
    assert distances(run).keys() == {"text", "responses"}
    for found in distances(run).values():
        assert found["verdict"] == "pass"
        assert found["now"] == pytest.approx(found["recorded"], rel=1e-5)
    assert "32 cases compared" in "\n".join(run.section)


def test_every_mode_reaches_the_same_verdicts(again: Mapping[str, Run]) -> None:
    one, *others = (run.record for run in again.values())
    assert one is not None
    for other in others:
        assert other is not None
        assert other["checks"] == one["checks"]
        assert other["divergence_checks"] == one["divergence_checks"]
        assert other["baselines"] == one["baselines"]


def test_a_damaged_copy_fails_and_names_what_changed(damaged: Run) -> None:
    assert damaged.code == pytest.ExitCode.TESTS_FAILED, damaged.output + damaged.errors
    verdicts = {check["subject"]: check["result"]["verdict"] for check in regressions(damaged)}
    assert verdicts["overall"] == "fail"
    (artifact,) = changes(damaged)["artifact"]  # every tensor of a block
    assert artifact.startswith("9 tensors hold other ones' contents: blk.2.attn_k.weight what blk.")
    story = " ".join(" ".join(damaged.section).split())
    assert "FAILED q8 overall (regression)" in story
    assert "points below its recorded baseline" in story
    assert f"changed artifact: {artifact[:60]}" in story
    assert "as before runtime, template, probes, reference" in story
    assert "(was " in story
    failed = {line.split()[1] for line in damaged.lines if line.startswith("FAILED quant-gate")}
    assert failed >= {"quant-gate::overall[q8]", "quant-gate::overall-regression[q8]"}
    # Two chunks decide nothing by themselves: test_situations and test_planted_faults read enough.
    found = distances(damaged)["text"]
    assert found["now"] > 100 * found["recorded"]


def test_cases_in_turn_are_compared_as_such(recorded: Project, damaged_q8_file: Path) -> None:
    """In a session that looks again and again; the record holds 16 cases of each probe."""
    run = recorded.run(
        *(argument for argument in SELECTED if not argument.startswith("--quant-cases")),
        "--quant-max-cases=16",
        f"--quant-artifact=q8={damaged_q8_file}",
        f"--quant-model={EMBEDDED_MODEL}",
    )
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    assert run.record is not None
    assert {m["recorded_cases"] for m in run.record["measurements"]} == {16}
    results = {check["subject"]: check["result"] for check in regressions(run)}
    assert results["overall"]["verdict"] == "fail"
    # After 8 cases and after 16, unless a probe had lost enough with the first ones.
    assert {result["looks"] for result in results.values()} <= {1, 2}
    for line in ("bets that hold at every look", "FAILED q8 overall (regression)"):
        assert line in run.output
    assert "exact McNemar test" not in run.output


def test_responses_are_compared_where_both_have_them(recorded: Project) -> None:
    """Another number of cases, and other probes: what was read then and now is not the same."""
    run = recorded.run("--quant-levels=q8", "--quant-cases=8", "-k", "doubling", divergence=True)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    (own,) = (d["chunks"] for d in run.record["divergences"] if d["source"] == "responses")
    assert distances(run)["responses"]["chunks"] == len(own)
    known = baseline_of(recorded).divergences["responses"]
    assert 0 < len(own) < len(known)


def test_one_file_alone_is_compared_with_its_record(recorded: Project, q8_file: Path) -> None:
    run = recorded.run(*SELECTED, f"--quant-artifact=q8={q8_file}", divergence=True)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    assert run.record["reference_recorded"]
    assert run.level("f16")["runtime"] is None
    (pooled,) = (c for c in regressions(run) if c["scope"] == "pooled")
    assert pooled["result"]["counts"]["n"] == 32
    assert pooled["result"]["counts"]["b"] == 0
    assert not any(changes(run).values())
    # The recorded outcomes of the reference stand for it: the tolerance check runs as well.
    (tolerance,) = (
        c for c in run.record["checks"] if (c["scope"], c["kind"]) == ("pooled", "tolerance")
    )
    assert tolerance["result"]["counts"]["n"] == 32
    # What it was recorded to predict stands for its predictions.
    assert distances(run).keys() == {"recorded"}
    assert distances(run)["recorded"]["verdict"] == "pass"
    assert run.record["selected"]["pooled"] == 4
    # The noise needs no reference: it is that of the file.
    assert 0 < run.record["divergences"][0]["noise"]["share"] < 1
    assert "f16 (not at hand, as recorded)" in "\n".join(run.section)


def test_one_damaged_file_alone_fails(recorded: Project, damaged_q8_file: Path) -> None:
    run = recorded.run(*SELECTED, f"--quant-artifact=q8={damaged_q8_file}", "-n2")
    assert run.code == pytest.ExitCode.TESTS_FAILED, run.output + run.errors
    (artifact,) = changes(run)["artifact"]
    assert artifact.startswith("9 tensors hold other ones' contents: blk.2.")


def test_predictions_of_another_reference_are_not_compared_with(
    recorded: Project, q8_file: Path
) -> None:
    path = (recorded.path / FILE).with_name("reference.npz")
    known = read_predictions(path)
    assert known is not None
    path.write_bytes(dump(replace(known, digest="0" * 64)))
    run = recorded.run(*SELECTED, f"--quant-artifact=q8={q8_file}", divergence=True)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert distances(run) == {}
    assert "divergence: recorded and not compared, as f16 is not at hand" in "\n".join(run.section)


def test_damaged_predictions_end_the_run(recorded: Project, q8_file: Path) -> None:
    path = (recorded.path / FILE).with_name("reference.npz")
    path.write_bytes(path.read_bytes()[:-100])
    message = recorded.run(*SELECTED, f"--quant-artifact=q8={q8_file}").mistake()
    assert "reference.npz: not usable predictions of a reference" in message
    # With the reference at hand nobody needs them.
    run = recorded.run(*SELECTED)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors


def test_what_is_not_recorded_cannot_be_asked_of_one_file_alone(
    recorded: Project, q8_file: Path
) -> None:
    run = recorded.run(
        *SELECTED[:-1], f"{TWO} or opposite", f"--quant-artifact=q8={q8_file}", "-rs"
    )
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.outcomes["skipped"] == 1
    assert "the baseline of q8 does not hold the probe" in run.output


def test_a_level_without_reference_and_without_record_is_refused(
    project: Project, q8_file: Path
) -> None:
    message = project.run(*SELECTED, f"--quant-artifact=q8={q8_file}").mistake()
    assert "no reference among --quant-artifact q8" in message
    assert f"missing: {FILE}" in message


def test_new_gone_and_changed_cases_are_counted(recorded: Project) -> None:
    path = recorded.path / FILE
    raw = json.loads(path.read_text("utf-8"))
    probe = raw["probes"]["probes/iterative.yaml::doubling"]
    probe["cases"] = "ffffff" + probe["cases"][6:]
    raw["probes"]["probes/iterative.yaml::tripling_long_ago"] = probe
    path.write_text(json.dumps(raw), "utf-8")
    # The digest of the cases tells that somebody was at the file.
    assert "probe_set is not the digest" in recorded.run(*SELECTED).mistake()
    raw["probe_set"] = _probe_set(raw)
    path.write_text(json.dumps(raw), "utf-8")
    run = recorded.run(*SELECTED[:-1], f"{TWO} or opposite")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.record is not None
    assert run.record["baselines"][0]["coverage"] == {
        "compared": 31,
        "new": 16,
        "gone": 16,
        "changed": 1,
        "unasked": 0,
        "unneeded": 0,
    }
    assert changes(run)["probes"] == ["16 new, 16 gone, 1 changed of 64 cases"]


def _probe_set(raw: dict[str, Any]) -> str:
    import hashlib

    text = "\n".join(f"{name} {p['cases']}" for name, p in sorted(raw["probes"].items()))
    return hashlib.sha256(text.encode()).hexdigest()


NAN = '{"schema": 1, "divergences": {"text": [["c0ffee", 512, NaN]]}}'


@pytest.mark.parametrize("text", ["{", '{"schema": 0}', NAN])
def test_a_damaged_baseline_is_the_users_to_mend(recorded: Project, text: str) -> None:
    (recorded.path / FILE).write_text(text, "utf-8")
    assert "q8.json: not a usable baseline" in recorded.run(*SELECTED).mistake()


def test_levels_that_are_recorded_and_not_tested_are_named(recorded: Project) -> None:
    run = recorded.run("--quant-levels=q4", *SELECTED[1:])
    assert "no baseline for q4: record with --quant-update-baselines" in run.section
    assert "baselines not used: q8 (not tested)" in run.section


@pytest.mark.parametrize("known", [True, False])
def test_what_the_reference_cannot_do_is_known_of_a_release(project: Project, known: bool) -> None:
    """Two machines that compile one release have two digests, and ask no more for it."""
    asked = ("--quant-levels=q8", "-k", "medical_test or doubling", "--quant-cases=8")
    project.run(*asked, UPDATE)
    path = project.path / FILE
    text = path.read_text()
    build = json.loads(text)["artifact"]["runtime"]["build"]
    release, _, digest = build.partition(" (")
    other = f"{release} (of a compiler's)" if known else f"{release}.1 ({digest}"
    path.write_text(text.replace(build, other))
    run = project.run(*asked)
    silent = next(m for m in run.measurements.values() if m["probe"] == "medical_test")
    assert {case["reference"]["finish"] == "recorded" for case in silent["cases"]} == {known}
