"""Baselines survive the way through their files, and what is damaged is refused in words."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import ValidationError
from tests.gate.baselines import ARTIFACT, PATTERNS, baseline, probe_of

from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.baseline import Baseline, RecordedChunk, RecordedProbe
from pytest_quant.gate.baseline_file import (
    DamagedBaseline,
    dump,
    read_baseline,
    write_baseline,
)

CHUNKS = (RecordedChunk("c0ffee", 512, 0.03125), RecordedChunk("decade", 17, 2e-7))
WHOLE = replace(
    baseline(sums=probe_of("1a0b", "1101"), products=probe_of(None, "0000")),
    divergences={"text": CHUNKS},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a-model" / "q4.json"
    write_baseline(WHOLE, path)
    return path


def test_is_read_as_it_was_written(path: Path) -> None:
    assert read_baseline(path) == WHOLE
    assert read_baseline(path.with_name("q8.json")) is None


def test_a_file_may_hold_no_tensors(path: Path) -> None:
    bare = replace(ARTIFACT, tensor_types={}, metadata={}, tensors={}, runtime={})
    write_baseline(replace(WHOLE, artifact=bare), path)
    assert read_baseline(path) == replace(WHOLE, artifact=bare)


def test_reads_well_in_a_diff(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    for line in (
        '  "probes/numerical_reasoning.yaml::sums": {',
        '   "level": "1a0b",',
        '   "blk.0.up": "Q4_K aaaaaaaaaaaa",',
        '   ["c0ffee", 512, 0.03125],',
    ):
        assert line in lines


OUTCOMES = st.integers(1, 40).flatmap(
    lambda n: st.tuples(
        st.text("01", min_size=n, max_size=n),
        st.none() | st.text("01ab", min_size=n, max_size=n),
        st.lists(st.from_regex("[0-9a-f]{6}", fullmatch=True), min_size=n, max_size=n),
    )
)
PROBES = st.builds(
    lambda category, outcomes: RecordedProbe(
        category,
        tuple(outcomes[2]),
        outcomes[0],
        outcomes[1],
        {letter: text for letter, text in PATTERNS.items() if letter in (outcomes[1] or "")},
    ),
    st.text(max_size=20),
    OUTCOMES,
)
BASELINES = st.builds(
    lambda model, user, probes, tensors, metadata, chunks: replace(
        WHOLE,
        model=model,
        created_by=user,
        probes=probes,
        artifact=replace(ARTIFACT, metadata=metadata, tensors=tensors),
        divergences={"text": tuple(chunks)},
    ),
    st.text(),
    st.text(),
    st.dictionaries(st.text(), PROBES, max_size=4),
    st.dictionaries(st.text(), st.from_regex("[A-Z0-9_]{1,8} [0-9a-f]{12}", fullmatch=True)),
    st.dictionaries(st.text(), st.text()),
    st.lists(st.builds(RecordedChunk, st.text(min_size=1), st.integers(1), st.floats(0, 1e3))),
)


@settings(max_examples=40, deadline=None)
@given(BASELINES)
def test_any_baseline_survives(tmp_path_factory: pytest.TempPathFactory, known: Baseline) -> None:
    path = tmp_path_factory.mktemp("baselines") / "q4.json"
    write_baseline(known, path)
    assert read_baseline(path) == known


def sums(raw: dict[str, Any]) -> dict[str, Any]:
    probe: dict[str, Any] = raw["probes"]["probes/numerical_reasoning.yaml::sums"]
    return probe


DAMAGE: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another version": (lambda raw: raw.update(schema=0), "schema version 0"),
    "no number": (
        lambda raw: raw["divergences"].update(text=[["c", 1, math.nan]]),
        "not valid JSON: NaN is not a number of JSON",
    ),
    "no end": (
        lambda raw: raw["divergences"].update(text=[["c", 1, math.inf]]),
        "not valid JSON: Infinity is not a number of JSON",
    ),
    "no version": (lambda raw: raw.pop("schema"), "schema version None"),
    "a field gone": (lambda raw: raw.pop("reference"), "'reference' is a required property"),
    "a field too many": (lambda raw: raw.update(mood="good"), "'mood' was unexpected"),
    "an unknown outcome": (lambda raw: sums(raw).update(level="1a0?"), "'1a0?' does not match"),
    "a letter without meaning": (lambda raw: sums(raw).update(level="1a0c"), "'c' is not among"),
    "too few outcomes": (lambda raw: sums(raw).update(level="1a0"), "4 cases, but not as many"),
    "another case": (
        lambda raw: sums(raw).update(cases="ffffff 000010 000020 000030"),
        "probe_set is not the digest of the cases",
    ),
    "a chunk cut short": (lambda raw: raw["divergences"]["text"][0].pop(), "is too short"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_refuses(damage: str, path: Path) -> None:
    change, said = DAMAGE[damage]
    raw = json.loads(path.read_text("utf-8"))
    change(raw)
    path.write_text(json.dumps(raw), "utf-8")
    with pytest.raises(QuantUsageError) as refused:
        read_baseline(path)
    assert str(refused.value).startswith(f"{path}: not a usable baseline: ")
    assert said in str(refused.value)
    assert "--quant-update-baselines" in str(refused.value)


def test_a_number_too_large_for_one_is_refused(path: Path) -> None:
    path.write_text(path.read_text("utf-8").replace("0.03125", "1e999"), "utf-8")
    with pytest.raises(DamagedBaseline, match="1e999 is beyond the numbers"):
        read_baseline(path)


def test_one_of_a_newer_version_is_not_called_damaged(path: Path) -> None:
    path.write_text(json.dumps({"schema": 2}), "utf-8")
    with pytest.raises(QuantUsageError, match="a newer pytest-quant wrote") as refused:
        read_baseline(path)
    assert not isinstance(refused.value, DamagedBaseline)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00", "[" * 100_000])
def test_refuses_what_is_no_baseline_at_all(text: str, path: Path) -> None:
    path.write_text(text, "utf-8")
    with pytest.raises(DamagedBaseline, match="not a usable baseline"):
        read_baseline(path)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(WHOLE, artifact=replace(ARTIFACT, digest="short")),
        baseline(sums=replace(probe_of("1a"), patterns={})),
        baseline(sums=replace(probe_of("11"), reference="1")),
    ],
)
def test_writes_nothing_that_it_could_not_read(wrong: Baseline, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises((ValidationError, ValueError)):
        write_baseline(wrong, path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["q4.json"]


def test_stays_small() -> None:
    """The whole library takes kilobytes: 200 probes of 32 cases, and 700 tensors."""
    many = baseline(**{f"probe_{i}": probe_of("1a0b" * 8) for i in range(200)})
    tensors = {f"blk.{i}.ffn_down.weight": "Q4_K aaaaaaaaaaaa" for i in range(700)}
    assert len(dump(replace(many, artifact=replace(ARTIFACT, tensors=tensors)))) < 200_000
