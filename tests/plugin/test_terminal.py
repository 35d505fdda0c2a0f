"""The plugin's part of the terminal in real sessions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.sessions import EASY, ONE_PROBE, Project, Run

from pytest_quant.base.library import EMBEDDED_MODEL


@pytest.fixture(scope="module")
def failing(
    damaged_q8_file: Path, shared_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """A session with a damaged level, which says most."""
    return Project(tmp_path_factory.mktemp("failing"), shared_cache).run(
        "--quant-levels=q8,q4",
        "--quant-cases=16",
        "-q",
        "--color=no",
        f"--quant-model={EMBEDDED_MODEL}",
        f"--quant-artifact=q8={damaged_q8_file}",
        *("-k", EASY),
    )


def test_reads_well_in_80_columns(failing: Run) -> None:
    assert failing.code == pytest.ExitCode.TESTS_FAILED, failing.errors
    assert [line for line in failing.section if len(line) > 80] == []


def test_without_colour_it_is_plain_text(failing: Run) -> None:
    assert all(line.isprintable() for line in failing.lines)


def test_says_what_was_compared(failing: Run) -> None:
    told = failing.section
    assert re.fullmatch("q8: FAIL: beyond 5 points .*; no baseline", failing.told[0])
    assert any(line.startswith("reference f16: 16.01 bits/weight, ") for line in told)
    assert any(line.startswith("runtime llama.cpp ") for line in told)
    assert any(line.startswith("alpha 0.05 for all ") for line in told)
    assert "q8: FAIL" in told
    assert told[-1].strip()


def test_has_a_row_for_every_check_that_is_pooled(failing: Run) -> None:
    assert failing.record is not None
    for check in failing.record["checks"]:
        if check["scope"] == "probe":
            continue
        counts, result = check["result"]["counts"], check["result"]
        rows = [line.split() for line in failing.section if line.startswith(check["subject"])]
        wanted = [f"{100 * counts['level_correct'] / counts['n']:.1f}", f"{result['drop']:.1f}"]
        assert [check["subject"], str(counts["n"]), *wanted] in [
            [row[0], row[1], *row[3:5]] for row in rows
        ]


def test_the_header_says_what_will_be_tested(project: Project) -> None:
    run = project.run(*ONE_PROBE, "--co")
    assert "quantization: q8 of embedded, 8 cases, alpha 0.05" in run.lines


def test_colour_when_it_is_asked_for(project: Project) -> None:
    run = project.run(*ONE_PROBE, "--color=yes", "--quant-levels=q4")
    assert "\x1b[" in run.output
