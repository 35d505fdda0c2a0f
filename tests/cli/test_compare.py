"""``pytest-quant compare``: two real sessions, one of them with a damaged level."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.gate.baselines import baseline, probe_of
from tests.gate.baselines import measured as outcomes
from tests.reports.records import divergence, measured, record
from tests.sessions import EASY, Project

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.cli.main import USAGE_ERROR, main
from pytest_quant.gate.baseline_changes import BaselineUse, Changes
from pytest_quant.gate.baseline_file import write_baseline
from pytest_quant.gate.statistics import mcnemar_p, tango_bounds
from pytest_quant.record.run import write_record

Command = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    def command(*arguments: Path) -> tuple[int, list[str], str]:
        code = main(["compare", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err

    return command


@pytest.fixture(scope="module")
def records(
    damaged_q8_file: Path, shared_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """The records of a session as it should be, and of one whose q8 is damaged."""
    paths = []
    for name, more in (
        ("good", ()),
        ("bad", (f"--quant-model={EMBEDDED_MODEL}", f"--quant-artifact=q8={damaged_q8_file}")),
    ):
        project = Project(tmp_path_factory.mktemp(name), shared_cache)
        project.run("--quant-levels=q8", "--quant-cases=16", "-q", "-k", EASY, *more)
        paths.append(project.path / "record.json")
    return paths[0], paths[1]


def test_what_a_damaged_file_changed(run: Command, records: tuple[Path, Path]) -> None:
    code, lines, _ = run(*records)
    assert code == 0
    assert [line for line in lines if len(line) > 80] == []
    # The model of the embedded file has the same name wherever it lies.
    assert "model, runtime and reference are the same" in lines
    assert "f16: every answer is the same, byte by byte" in lines
    assert "q8: another file" in lines
    assert any(line.startswith("q8: B is worse than A by ") for line in lines)
    told = "drop for probes like these, 95 % (the bounds above: for these probes)"
    assert lines[lines.index(told) + 1].startswith("  ")
    assert any(line.startswith("lost: ") for line in lines)
    (overall,) = (line.split() for line in lines[-20:] if line.startswith("overall"))
    raw = [json.loads(path.read_text("utf-8")) for path in records]
    right = [
        sum(
            case["level"]["verdict"] == "correct"
            for m in one["measurements"]
            for case in m["cases"]
            if case["level"]
        )
        for one in raw
    ]
    n = int(overall[1])
    assert [float(cell) for cell in overall[2:4]] == [
        pytest.approx(100 * count / n, abs=0.05) for count in right
    ]


def test_a_record_and_itself(run: Command, records: tuple[Path, Path]) -> None:
    code, lines, _ = run(records[0], records[0])
    assert code == 0
    assert lines[-1] == "q8: every answer is the same, byte by byte"


def test_where_answers_part_is_in_the_record(records: tuple[Path, Path]) -> None:
    """Of each case that came out differently: each model finds likeliest what it wrote."""
    record = json.loads(records[1].read_text("utf-8"))
    cases = [case for m in record["measurements"] for case in m["cases"] if case["level"]]
    written = 0
    for case in cases:
        right = [case[side]["verdict"] == "correct" for side in ("reference", "level")]
        parting = case["parting"]
        if right[0] == right[1] or case["reference"]["probabilities"]:
            assert parting is None
            continue
        written += 1
        for side in ("reference", "level"):
            outlook = parting[f"at_{side}"]
            likeliest = {"text": parting[side], "probability": outlook[side]}
            assert outlook["likeliest"][0] == likeliest
            assert len(outlook["likeliest"]) == 5
            assert parting["before"].strip() in case[side]["response"]
    assert written >= 3
    assert {m["unparted"] for m in record["measurements"]} == {""}


def test_cases_and_levels_that_only_one_has(run: Command, tmp_path: Path) -> None:
    write_record(record(measured("sums", "q4", right=60)), tmp_path / "a.json")
    write_record(
        record(measured("sums", "q4", right=60, n=70), measured("sums", "q2", right=60)),
        tmp_path / "b.json",
    )
    lines = run(tmp_path / "a.json", tmp_path / "b.json")[1]
    assert "only B has q2" in lines
    assert "cases not compared: 6 only in B" in lines


def test_a_baseline_and_a_record(run: Command, tmp_path: Path) -> None:
    """Its outcomes are compared; the words of its answers it does not have."""
    write_baseline(baseline(sums=probe_of("1110a")), tmp_path / "baseline.json")
    write_record(record(outcomes("11a01")), tmp_path / "record.json")
    code, lines, _ = run(tmp_path / "baseline.json", tmp_path / "record.json")
    assert code == 0
    (overall, *_) = (line.split() for line in reversed(lines) if line.startswith("overall"))
    assert (overall[1], overall[2], overall[3]) == ("5", "60.0", "60.0")
    assert (overall[-3], overall[-1]) == ("1/1", "-")
    lost = lines.index("lost: sums, case 2")
    assert lines[lost + 1 : lost + 5] == [
        *("  prompt    p", "  expected  e"),
        *("  A         correct", "  B         18"),
    ]
    won = lines.index("won: sums, case 4")
    assert lines[won + 3] == "  A         arithmetic slip"
    assert "  recipe: Q4_K_M -> F16" in lines


def test_any_number_in_one_table_whose_bounds_hold_together(run: Command, tmp_path: Path) -> None:
    runs = {
        "a": [measured("sums", "q4", right=200, n=200), measured("sums", "q2", right=200, n=200)],
        "b": [measured("sums", "q4", right=200, lost=9, n=200, response="other")],
        "c": [
            measured("sums", "q4", right=200, lost=40, n=220, response="other"),
            measured("sums", "q2", right=200, lost=6, n=200, response="other"),
        ],
    }
    for name, found in runs.items():
        write_record(
            record(*found, divergences=[divergence(m.level, 0.25) for m in found]),
            tmp_path / f"{name}.json",
        )
    code, lines, _ = run(*(tmp_path / f"{name}.json" for name in runs))
    assert code == 0
    assert [line for line in lines if len(line) > 80] == []
    told = {tuple(line.split()[:2]): line.split() for line in lines if line[1:2] == " "}
    assert told["A", "q4"][2:] == ["4.86", "2.3", "0.25", "200", "100.0"]
    # Five comparisons: f16 and q4 of B and C, q2 of C.
    lower, upper = (100 * bound for bound in tango_bounds(9, 0, 200, 0.025 / 5))
    p = min(1.0, 5 * 2 * mcnemar_p(9, 0))
    assert told["B", "q4"][5:] == [
        *("200", "95.5", "4.5", f"[{lower:.1f},", f"{upper:.1f}]", f"{p:.1g}"),
    ]
    text = " ".join(" ".join(lines).split())
    assert "The bounds of all 5 comparisons hold together at 95 %" in text
    assert "each bound leaves out 0.5 %, and p is multiplied by 5" in text
    assert "B against A: without q2" in text
    assert "C against A: the same files, runtime and settings" in text
    assert "C q4: C is worse than A by 20.0 points [" in text
    assert "; 20 cases not compared C q2:" in text
    # Alone it would be shown (p 0.03), and it is not as one of five.
    assert "C q2: no difference shown; if C is worse, by at most " in text


def test_which_tensors_changed(run: Command, tmp_path: Path) -> None:
    """Told of two baselines, and of a run that was compared with the very one before it."""
    before = baseline(sums=probe_of("1110a"))
    tensors = {**before.artifact.tensors, "blk.0.up": "Q4_K cccccccccccc"}
    other = replace(before.artifact, digest="5" * 64, tensors=tensors)
    write_baseline(before, tmp_path / "a.json")
    write_baseline(replace(before, artifact=other), tmp_path / "b.json")
    told = "  blk.0.up has other contents"
    assert told in run(tmp_path / "a.json", tmp_path / "b.json")[1]

    changed = Changes(artifact=("recipe Q4_K_M -> F16", told.strip()))
    found = BaselineUse("q4", "a.json", found=True, created=before.created, changes=changed)
    session = record(outcomes("11a01"))
    write_record(replace(session, baselines=(found,)), tmp_path / "run.json")
    lines = run(tmp_path / "a.json", tmp_path / "run.json")[1]
    assert lines.count(told) == 1
    assert not [line for line in lines if line.startswith("  recipe Q4")]  # as "recipe: ..." above
    # The words of what it asked are the run's.
    assert "  prompt    p" in lines

    another = replace(found, created="2020-01-01T00:00:00+00:00")
    write_record(replace(session, baselines=(another,)), tmp_path / "run.json")
    lines = run(tmp_path / "a.json", tmp_path / "run.json")[1]
    assert told not in lines
    assert "  which tensors: told of two baselines, or of one and a run compared with it" in lines


def test_a_mistake(run: Command, tmp_path: Path) -> None:
    for level in ("q4", "q2"):
        write_record(record(measured("sums", level, right=9)), tmp_path / f"{level}.json")
    code, lines, errors = run(tmp_path / "q4.json", tmp_path / "nowhere.json")
    assert (code, lines) == (USAGE_ERROR, [])
    assert "nowhere.json: No such file" in errors
    assert run(Path(__file__), tmp_path / "q4.json")[0] == USAGE_ERROR
    code, _, errors = run(*[tmp_path / "q4.json"] * 27)
    assert (code, errors) == (USAGE_ERROR, "compare: found 27 files, expected at most 26\n")
