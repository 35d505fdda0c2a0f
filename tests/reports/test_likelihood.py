"""What the reports say of how likely right answers are."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.reports.records import measured, record

from pytest_quant.gate.baseline_changes import BaselineUse
from pytest_quant.gate.budget import Budget
from pytest_quant.gate.likelihood_regression import likelihood_checks
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.metrics.targets import Target, TargetScore
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.gate_tests import gate_tests
from pytest_quant.reports.html import page
from pytest_quant.reports.likelihood import table_lines, unread_lines
from pytest_quant.reports.markdown import markdown
from pytest_quant.reports.terminal import summary


def read(measurement: Measurement, lost: float, since: float) -> Measurement:
    """With two right answers that lost log-odds to the reference, and since they were recorded."""
    targets = tuple(
        Target(
            i,
            f"{i:016x}",
            "17",
            TargetScore(-0.1, 2.0 + i),
            TargetScore(-0.1 - lost, 2.0 + i - lost),
            TargetScore(-0.1 - lost + since, 2.0 + i - lost + since),
        )
        for i in range(2)
    )
    return replace(measurement, targets=targets)


def example(since: float = 0.0) -> RunRecord:
    parts = []
    for level, lost in (("q8", 0.0), ("q4", 0.01), ("q2", 0.5), ("q3", 0.2)):
        for i in range(3):
            seen = measured(f"p{i}", level, right=60, uninformative="it guesses" if i == 2 else "")
            parts.append(read(seen, lost + 0.001 * i, since + 0.001 * i))
        parts.append(replace(measured("essay", level, right=60), untargeted="many texts are right"))
        other = measured("where", level, right=60, category="world_knowledge")
        parts.append(read(other, lost, since))
    found = record(*parts)
    checks = likelihood_checks(found.measurements, Budget(0.05, pooled=4, category=8, probe=20))
    return replace(found, likelihood_checks=checks)


def test_a_row_for_each_category_and_a_column_for_each_level() -> None:
    lines = list(table_lines(example()))
    assert all(len(line) <= 80 for line in lines)
    assert lines[0] == "right answers: log-odds lost against f16, ± standard error"
    assert lines[1].split() == ["probes", "q8", "q4", "q2"]
    assert lines[2].split() == [
        *("numerical_reasoning", "3", "(1)"),
        *("0.001", "±", "0.001", "0.011", "±", "0.001", "0.501", "±", "0.001"),
    ]
    # A single probe has no error.
    assert lines[3].split() == ["world_knowledge", "1", "0.000", "0.010", "0.500"]
    assert lines[4].split()[:3] == ["overall", "4", "(1)"]
    assert lines[5].startswith("overall, points of probability")
    assert lines[6].startswith("right answers:")
    assert lines[7].split() == ["probes", "q3"]
    assert lines[-1] == (
        "in brackets: of which f16 only guesses, so that accuracy says nothing (1 in all)"
    )


def test_where_nothing_is_read_that_is_said_by_name() -> None:
    lines = list(unread_lines(example()))
    assert lines == ["of 1 probe no right answer was read:", "  essay: many texts are right"]
    plain = record(measured("p", "q8", right=60))
    assert [*table_lines(plain), *unread_lines(plain)] == []


def test_every_report_has_it() -> None:
    found = example()
    text = "\n".join(line.text for line in summary(found))
    assert "right answers: log-odds lost" in text
    assert "essay: many texts are right" in text
    table = [line for line in markdown(found).splitlines() if "world" in line and "0.500" in line]
    assert table == ["| `world_knowledge` | 1 | 0.000 | 0.010 | 0.500 | 0.200 |"]
    shown = page(found)
    assert "How likely the right answers are" in shown
    assert "essay: many texts are right" in shown
    assert RunRecord.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_what_is_less_likely_than_recorded_fails_a_test_of_its_own() -> None:
    uses = tuple(
        BaselineUse(name, f"{name}.json", found=True, created="2026-11-20")
        for name in ("q8", "q4", "q2", "q3")
    )
    found = replace(example(since=0.3), baselines=uses)
    failed = {test.name: test.story for test in gate_tests(found) if test.verdict == "fail"}
    story = failed["overall-likelihood-regression[q2]"]
    assert story.startswith("right answers lost 0.301 ")
    assert "most in   probes/numerical_reasoning.yaml::p2[q2]: 0.302" in story
    text = "\n".join(line.text for line in summary(found))
    assert "FAILED q2 overall (likelihood)" in text
    assert "regression: right answers lost 0.301" in text
    assert "right answers are less likely than recorded" in page(found)
    assert "**0.501 ± 0.001**" in markdown(found)
