"""What a summary says of baselines: compared, worse, missing, not used, within 80 columns."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.reports.records import measured, record

from pytest_quant.gate.baseline import RecordedChunk
from pytest_quant.gate.baseline_changes import BaselineUse, Changes, Coverage
from pytest_quant.gate.budget import Budget
from pytest_quant.gate.counting import Settled
from pytest_quant.gate.divergence_regression import DivergenceCheck, evaluate_divergence
from pytest_quant.gate.level_verdict import level_verdict
from pytest_quant.gate.regression import explain_regression, regression_checks
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.advice import advice
from pytest_quant.reports.terminal import COLUMNS, summary

HOSTILE = "\x1b[31mblk\x9b2J \u202etensor\n" + "x" * 300


AS_BEFORE = Changes()


def compared(
    lost: int, changes: Changes = AS_BEFORE, *, same_file: bool = False, **use: object
) -> RunRecord:
    """A level within its limit that lost some of what was recorded as right at every case."""
    sums = measured("sums", "q4", right=640, lost=lost, n=640)
    cases = tuple(replace(case, recorded="correct") for case in sums.cases)
    sums = replace(sums, cases=cases)
    run = record(sums)
    same = ["q4"] if same_file else []
    found = regression_checks([sums], 0.5, Budget(0.05, 2, 2, 2), Settled(), same)
    checks = (*run.checks, *found)
    levels = tuple(
        replace(level, verdict=level.verdict and level_verdict(level.name, [sums], checks))
        for level in run.levels
    )
    known = BaselineUse(
        "q4",
        "baselines/m/q4.json",
        found=True,
        created="2026-11-20T10:00:00+00:00",
        version="0.0.9",
        coverage=Coverage(compared=640, new=32),
        changes=changes,
        **use,  # type: ignore[arg-type]
    )
    return replace(run, levels=levels, checks=checks, baselines=(known,))


def said(run: RunRecord) -> str:
    lines = [line.text for line in summary(run)]
    assert all(len(line) <= COLUMNS and line.isprintable() for line in lines)
    return " ".join(" ".join(lines).split())


def test_the_same_file_with_the_same_outcomes_is_as_recorded() -> None:
    run = compared(0, same_file=True)
    assert "regression: as recorded, the same file and outcome of 640 cases" in said(run)
    found = [check.result for check in run.checks if check.kind == "regression"]
    assert {result.verdict for result in found} == {"pass"}
    assert all(result.unchanged and result.cases_needed is None for result in found)
    story = explain_regression(found[0])
    assert story == "as recorded: the same file, and the same outcome of 640 cases"
    # One outcome that is another, or another file, and it is a matter of chance again.
    for other in (compared(1, same_file=True), compared(0)):
        assert not any(check.result.unchanged for check in other.checks)
        assert "regression: drop 0." in said(other)


def test_nothing_lost() -> None:
    text = said(compared(0))
    assert "baseline of 2026-11-20 (0.0.9): 640 cases compared, 32 new" in text
    assert "regression: drop 0.0 [" in text
    assert "not as recorded" not in text
    assert "FAILED" not in text


def test_worse_though_within_the_limit() -> None:
    run = compared(20, Changes(artifact=("blk.3.ffn_down.weight Q6_K -> Q2_K",)))
    text = said(run)
    assert "q4: FAIL" in text
    assert "FAILED q4 overall (regression)" in text
    assert "3.1 points below its recorded baseline" in text
    assert "patterns one-digit slip 20 (was 0)" in text
    assert "changed artifact: blk.3.ffn_down.weight Q6_K -> Q2_K" in text
    assert "as before runtime, template, probes, reference" in text
    assert list(advice(run)) == ["Hold q4 back: worse than the recorded baseline."]


def test_what_changed_is_told_where_nothing_got_worse() -> None:
    text = said(compared(0, Changes(runtime=("threads 2 -> 4",), reference=("f16 0 -> f16 1",))))
    assert "not as recorded: runtime: threads 2 -> 4" in text
    assert "not as recorded: reference: f16 0 -> f16 1" in text


@pytest.mark.parametrize("name", [HOSTILE, "\u6f22" * 200])
def test_what_a_file_holds_stays_within_bounds(name: str) -> None:
    changes = Changes(artifact=(name,) * 20, prompt=(name,))
    said(replace(compared(40, changes), unused_baselines=(name,)))


def test_a_level_that_diverges_like_a_lower_one() -> None:
    chunks = [RecordedChunk(f"{i}", 512, 0.001) for i in range(20)]
    higher = [replace(chunk, kld=0.01) for chunk in chunks]
    result = evaluate_divergence(chunks, higher, 0.01)
    assert result is not None
    run = replace(
        compared(0, diverges="like q2"), divergence_checks=(DivergenceCheck("q4", "text", result),)
    )
    text = said(run)
    assert "regression: KL divergence 0.01, recorded 0.001 (10 times), 20 chunks" in text
    assert "note: labelled q4, diverges like q2" in text
    assert "FAILED q4 divergence (text)" in text


def test_a_divergence_that_could_not_be_compared() -> None:
    run = replace(compared(0, divergence="not measured"), reference_recorded=True)
    assert "divergence: recorded and not compared, as f16 is not at hand" in said(run)
    assert "divergence: none is recorded" in said(compared(0, divergence="not recorded"))
    assert any("q4 is within" in line for line in advice(run))
    another = replace(
        compared(0, Changes(artifact=("x",)), divergence="not recorded"), reference_recorded=True
    )
    (line,) = advice(another)
    assert line.startswith("q4: within the limit, but not the file that was recorded")


def test_missing_and_unused_ones_are_named() -> None:
    missing = BaselineUse("q4", "baselines/m/q4.json", found=False)
    run = replace(compared(0), baselines=(missing,), unused_baselines=("q6", "q8"))
    text = said(run)
    assert "no baseline for q4: record with --quant-update-baselines" in text
    assert "baselines not used: q6, q8 (not tested)" in text


def test_a_reference_that_is_only_recorded() -> None:
    run = replace(compared(0), reference_recorded=True)
    text = said(run)
    assert "reference f16 (not at hand, as recorded): 16.01 bits/weight" in text
    assert "errors (f16)" not in text
