"""``pytest-quant fallback``: from a run record alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.reports.records import answer, measured, record

from pytest_quant.cli.main import USAGE_ERROR, main
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.record.run import RunRecord, write_record
from pytest_quant.reports.html import page
from pytest_quant.reports.plots.fallback import fallback_curves


def unsure_where_wrong(probe: str, level: str, *, lost: int) -> Measurement:
    """A level that gives what it lost a tenth of the probability of the rest."""
    m = measured(probe, level, right=56, lost=lost, category="iterative")
    cases = []
    for case in m.cases:
        right = case.level is not None and case.level.correct
        own = replace(answer(right, "Answer: 17", None), logprob=-0.1 if right else -2.4, tokens=1)
        cases.append(replace(case, level=own))
    return replace(m, cases=tuple(cases))


@pytest.fixture
def run() -> RunRecord:
    asked = [unsure_where_wrong(f"p{i}", "q2", lost=8) for i in range(6)]
    return record(*asked, unsure_where_wrong("p0", "q4", lost=0))


@pytest.fixture
def file(run: RunRecord, tmp_path: Path) -> Path:
    write_record(run, tmp_path / "run.json")
    return tmp_path / "run.json"


def test_tells_what_the_wanted_accuracy_takes(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fallback", str(file), "--level", "q2", "--accuracy", "1-of-reference"]) == 0
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if len(line) > 100] == []
    assert "q2 with f16 to fall back on: 384 answers to 6 probes" in said
    # 8 of 64 answers that it lost, and 8 that both have wrong.
    assert "25.0 [25.0, 25.0] % of the answers do" in said.replace("\n  ", " ")
    assert "100.0 [100.0, 100.0] % of f16's" in said.replace("\n  ", " ")


def test_few_probes_tell_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fallback", str(file), "--level", "q4"]) == 0
    assert "too few: at least 4 probes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--accuracy", "99"], "--accuracy: found '99', expected a share above 0, at most 1"),
        (["--accuracy", "0.0"], "expected a share"),
        (["--accuracy", "nan"], "expected a share"),
        (["--accuracy", "0.9-of-q8"], "expected a share"),
        (["--level", "q3"], "--level: found q3, expected a level of"),
        (["--level", "f16"], "--level: found f16"),
    ],
)
def test_mistakes(
    file: Path, more: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fallback", str(file), *more]) == USAGE_ERROR
    assert words in capsys.readouterr().err


def test_the_page_draws_it(run: RunRecord) -> None:
    svg = fallback_curves(run)
    assert svg is not None
    assert "q2" in svg and "q4" not in svg
    assert "asking the reference instead" in page(run)
    nothing = record(measured("sums", "q4", right=60))
    assert fallback_curves(nothing) is None
    assert "asking the reference instead" not in page(nothing)
