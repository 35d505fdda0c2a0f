"""The run record's schema accepts what sessions write, and nothing that is damaged."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError
from tests.reports.records import divergence, measured, record, unasked

from pytest_quant.base.converter import structured
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.baseline import RecordedChunk
from pytest_quant.gate.baseline_changes import BaselineUse, Changes, Coverage
from pytest_quant.gate.budget import Budget
from pytest_quant.gate.counting import Settled
from pytest_quant.gate.divergence_regression import DivergenceCheck, evaluate_divergence
from pytest_quant.gate.regression import regression_checks
from pytest_quant.judge.preferences import JudgedPair, Judgement, preferences
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.record.run import (
    SCHEMA_VERSION,
    RunRecord,
    _validator,
    read_record,
    schema_text,
    write_record,
)

KNOWN = BaselineUse(
    "q2",
    "baselines/m/q2.json",
    found=True,
    created="2026-11-20T10:00:00+00:00",
    created_by="ada",
    version="0.1.0",
    coverage=Coverage(compared=60, new=4),
    changes=Changes(artifact=("blk.0.up Q4_K -> Q2_K",), probes=("4 new of 64 cases",)),
    diverges="like q2_k_s",
)
JUDGED = (
    JudgedPair("q2", "story[q2]", 0, True, "reference", "reference"),
    JudgedPair("q2", "story[q2]", 1, True, "unreadable", "tie"),
    JudgedPair("q2", "story[q2]", 2, False, "tie", "tie"),
)
JUDGEMENT = Judgement(
    "http://h/v1", "a-judge", "{a} {b}", 64, preferences(JUDGED, {"q2": 5}), JUDGED, "no answer"
)
UNKNOWN = BaselineUse("q8", "baselines/m/q8.json", found=False, required=True)


def _compared(run: RunRecord) -> dict[str, Any]:
    """What a baseline adds: recorded outcomes, the checks of them, and of the divergence."""
    first, *others = run.measurements
    cases = [replace(case, recorded="correct") for case in first.cases[:-1]]
    recorded = replace(first, cases=(*cases, first.cases[-1]))
    checks = regression_checks([recorded], 0.5, Budget(0.05, 3, 2, 6), Settled())
    chunks = [RecordedChunk("00", 512, 0.01), RecordedChunk("01", 512, 0.02)]
    result = evaluate_divergence(chunks[:1], chunks, 0.01)
    assert result is not None
    return {
        "measurements": (recorded, *others),
        "checks": run.checks + checks,
        "divergence_checks": (DivergenceCheck("q2", "text", result),),
        "unused_baselines": ("q6",),
    }


@pytest.fixture
def run() -> RunRecord:
    """A record with a level that fails, and a probe that says nothing.

    The first case of the failing one was a choice by likelihood, at both levels.
    """
    sums = measured("sums", "q2", right=60, lost=40)
    first = sums.cases[0]
    assert first.level is not None
    taken = replace(
        first,
        reference=replace(first.reference, response="17", probabilities={"17": 0.75, "18": 0.25}),
        level=replace(first.level, response="18", probabilities={"17": 0.4, "18": 0.6}),
    )
    whole = record(
        replace(sums, cases=(taken, *sums.cases[1:])),
        measured("sums_misspelt", "q2", right=60, lost=40, clean="correct"),
        measured("products", "q2", right=0, n=8, uninformative="the reference answers 0 of 8"),
        unasked("passages", "q2", "needs more than 4096 tokens, the model's context is 2048"),
        missing=1,
        warnings={"q2": "not what it says"},
        divergences=[divergence("q2", 0.25), divergence("q2", 0.5, "responses")],
    )
    return replace(whole, baselines=(KNOWN, UNKNOWN), judgement=JUDGEMENT, **_compared(whole))


@pytest.fixture
def written(run: RunRecord, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "record.json"
    write_record(run, path)
    raw: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return raw


def test_is_written_as_it_is(run: RunRecord, written: dict[str, Any]) -> None:
    assert written == json.loads(json.dumps(run.to_json()))
    assert written["schema"] == 1


def test_measurements_survive_the_way_through_json(run: RunRecord) -> None:
    for measurement in run.measurements:
        raw = json.loads(json.dumps(asdict(measurement)))
        assert structured(raw, Measurement) == measurement


def test_divergences_survive_the_way_through_json(run: RunRecord) -> None:
    for found in run.divergences:
        raw = json.loads(json.dumps(asdict(found)))
        assert structured(raw, Divergence) == found
        assert found.tokens == 6


def test_the_confidence_of_a_choice_by_likelihood(run: RunRecord) -> None:
    first, second = run.measurements[0].cases[:2]
    assert first.level is not None
    assert (first.reference.confidence, first.level.confidence) == (0.75, 0.6)
    assert second.reference.confidence is None


def test_the_verdict_on_the_clean_prompt_is_kept(written: dict[str, Any]) -> None:
    answers = [m["cases"][0]["level"] for m in written["measurements"] if m["cases"]]
    assert [answer and answer["clean"] for answer in answers] == [None, "correct", None]


def test_leaves_no_half_file_behind(run: RunRecord, tmp_path: Path) -> None:
    (tmp_path / "record.json").mkdir()
    with pytest.raises(OSError, match="it is a directory"):
        write_record(run, tmp_path / "record.json")
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]


DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "a field gone": lambda raw: raw.pop("alpha"),
    "a field too many": lambda raw: raw.update(mood="good"),
    "another version": lambda raw: raw.update(schema=2),
    "alpha out of range": lambda raw: raw.update(alpha=0.7),
    "an unknown verdict": lambda raw: raw["checks"][0]["result"].update(verdict="fine"),
    "a negative count": lambda raw: raw["checks"][0]["result"]["counts"].update(b=-1),
    "a digest cut short": lambda raw: raw["levels"][0].update(digest="0" * 63),
    "an answer without its response": lambda raw: raw["measurements"][0]["cases"][0][
        "reference"
    ].pop("response"),
    "a probability above one": lambda raw: raw["measurements"][0]["cases"][0]["level"][
        "probabilities"
    ].update({"17": 1.5}),
    "one option alone": lambda raw: raw["measurements"][0]["cases"][0]["level"][
        "probabilities"
    ].pop("17"),
    "no word on probabilities": lambda raw: raw["measurements"][0]["cases"][1]["level"].pop(
        "probabilities"
    ),
    "a verdict on a clean prompt that is none": lambda raw: raw["measurements"][0]["cases"][0][
        "reference"
    ].update(clean="broken"),
    "a divergence below zero": lambda raw: raw["divergences"][0]["chunks"][0].update(kld=-0.1),
    "no mean divergence": lambda raw: raw["divergences"][1]["statistics"].pop("Mean KLD"),
    "an unknown text": lambda raw: raw["divergences"][0].update(source="wikitext"),
    "an unknown kind of check": lambda raw: raw["checks"][0].update(kind="mood"),
    "no word on what was recorded": lambda raw: raw["measurements"][0]["cases"][0].pop("recorded"),
    "a change without words": lambda raw: raw["baselines"][0]["changes"].update(artifact=[1]),
    "a divergence check of nothing": lambda raw: raw["divergence_checks"][0].pop("result"),
    "a judge without its prompt": lambda raw: raw["judgement"].pop("prompt"),
    "an unknown choice": lambda raw: raw["judgement"]["judged"][0].update(level_first="A"),
    "a share without bounds": lambda raw: raw["judgement"]["preferences"][0]["preferred"].pop(
        "lower"
    ),
    "text for a number": lambda raw: raw["measurements"][0].update(chance="none"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_schema_rejects(damage: str, written: dict[str, Any]) -> None:
    damaged = copy.deepcopy(written)
    DAMAGE[damage](damaged)
    _validator().validate(written)
    with pytest.raises(ValidationError):
        _validator().validate(damaged)


def test_is_read_back_as_it_was(run: RunRecord, tmp_path: Path) -> None:
    first, *others = run.measurements
    hostile = "\ud800 \u202e </script> \0"
    case = replace(first.cases[0], prompt=hostile, facets={"length": "1k"})
    odd = replace(run, measurements=(replace(first, cases=(case, *first.cases[1:])), *others))
    write_record(odd, tmp_path / "record.json")
    assert read_record(tmp_path / "record.json") == odd


def test_the_schema_is_published() -> None:
    assert json.loads(schema_text())["properties"]["schema"]["const"] == SCHEMA_VERSION


NO_RECORD: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "not JSON"),
    "cut short": ('{"schema": 1, "created": "2026', "not JSON"),
    "not text": (b"GGUF\xff\xfe", "not JSON"),
    "not a number": ('{"schema": NaN}', "NaN is not a number of JSON"),
    "too deep": ("[" * 100_000, "not JSON"),
    "another file": ('{"name": "left-pad"}', "no schema version"),
    "a list": ("[]", "no schema version"),
    "of tomorrow": ('{"schema": 99}', "schema version 99, this pytest-quant reads version 1"),
    "incomplete": ('{"schema": 1}', "is a required property"),
}


@pytest.mark.parametrize("case", NO_RECORD)
def test_a_file_that_is_no_record_is_refused_in_words(case: str, tmp_path: Path) -> None:
    content, said = NO_RECORD[case]
    path = tmp_path / "record.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(QuantUsageError) as caught:
        read_record(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert said in message
    assert len(message) < len(str(path)) + 500


@pytest.mark.parametrize("name", ["nowhere.json", "."])
def test_a_file_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(QuantUsageError, match=r"(No such file|directory).*expected a run record"):
        read_record(tmp_path / name)


CONTRADICTIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "contradictory counts": lambda raw: raw["checks"][0]["result"]["counts"].update(b=10_000),
    "no level 'q9'": lambda raw: raw.update(reference="q9"),
    "no level 'q6'": lambda raw: raw["judgement"]["preferences"][0].update(level="q6"),
    "no level 'q7'": lambda raw: raw["measurements"][0].update(level="q7"),
}


@pytest.mark.parametrize("said", CONTRADICTIONS)
def test_a_record_that_contradicts_itself(said: str, written: dict[str, Any]) -> None:
    CONTRADICTIONS[said](written)
    with pytest.raises(QuantUsageError, match=f"damaged: {said}"):
        RunRecord.from_json(written)


def test_a_record_that_holds_the_noise_of_the_reference_is_read(run: RunRecord) -> None:
    raw = run.to_json() | {"noise": {"level": "f16", "batch": 16, "kld": 1e-6}}
    assert RunRecord.from_json(json.loads(json.dumps(raw))) == run
