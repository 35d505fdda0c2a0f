"""The run record's schema accepts what sessions write, and nothing that is damaged."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError
from tests.reports.records import divergence, measured, record, unasked

from pytest_quant.measurement import from_json, to_json
from pytest_quant.metrics import divergence as divergences
from pytest_quant.record import RunRecord, _validator, write_record


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
    return record(
        replace(sums, cases=(taken, *sums.cases[1:])),
        measured("sums_misspelt", "q2", right=60, lost=40, clean="correct"),
        measured("products", "q2", right=0, n=8, uninformative="the reference answers 0 of 8"),
        unasked("passages", "q2", "needs more than 4096 tokens, the model's context is 2048"),
        missing=1,
        warnings={"q2": "not what it says"},
        divergences=[divergence("q2", 0.25), divergence("q2", 0.5, "responses")],
    )


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
        assert from_json(json.loads(json.dumps(to_json(measurement)))) == measurement


def test_divergences_survive_the_way_through_json(run: RunRecord) -> None:
    for found in run.divergences:
        raw = json.loads(json.dumps(divergences.to_json(found)))
        assert divergences.from_json(raw) == found
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
    with pytest.raises(OSError, match=r"record\.json"):
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
    "text for a number": lambda raw: raw["measurements"][0].update(chance="none"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_schema_rejects(damage: str, written: dict[str, Any]) -> None:
    damaged = copy.deepcopy(written)
    DAMAGE[damage](damaged)
    _validator().validate(written)
    with pytest.raises(ValidationError):
        _validator().validate(damaged)
