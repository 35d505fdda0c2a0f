"""What recording changes is told before it happens, and a mixture of records is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.gate.baselines import ARTIFACT, PATTERNS, REFERENCE, RUNTIME, baseline, probe_of

from pytest_quant.gate.baseline import Baseline, RecordedChunk, RecordedProbe
from pytest_quant.gate.baseline_update import CategoryChange, DivergenceChange, Update, plan_update

OLD = baseline(sums=probe_of("1a0b11"), products=probe_of("1111"))
LATER = replace(OLD, created="2026-11-24T10:00:00+00:00", created_by="grace")


def planned(new: Baseline, old: Baseline | None = OLD, *gone: str) -> Update:
    return plan_update(old, new, lambda key: key.rpartition("::")[2] in gone)


def with_probes(**probes: RecordedProbe) -> Baseline:
    return replace(LATER, probes=baseline(**probes).probes)


def test_the_first_record_creates_every_case() -> None:
    update = planned(LATER, None)
    assert update.baseline == LATER
    assert update.rows == (CategoryChange("numerical_reasoning", created=10),)
    assert update.is_needed
    assert not update.refused


def test_the_same_outcomes_are_not_written_again() -> None:
    update = planned(LATER)
    assert not update.is_needed
    assert update.rows == (CategoryChange("numerical_reasoning"),)


def test_better_worse_gone_changed_and_created() -> None:
    new = with_probes(
        sums=probe_of("0110"), products=probe_of("1110", asks="f"), more=probe_of("1")
    )
    update = planned(new)
    assert update.rows == (
        CategoryChange("numerical_reasoning", created=1, better=2, worse=1, gone=2, changed=4),
    )
    assert update.is_needed


def test_a_part_goes_into_what_there_is() -> None:
    update = planned(with_probes(sums=probe_of("111111")))
    assert update.kept == 1
    assert not update.refused
    assert update.baseline.probes == baseline(sums=probe_of("111111"), **_products()).probes
    assert update.baseline.created_by == "grace"


def test_a_probe_that_no_longer_exists_is_dropped() -> None:
    update = planned(with_probes(sums=probe_of("1a0b11")), OLD, "products")
    assert update.kept == 0
    assert update.baseline.probes == baseline(sums=probe_of("1a0b11")).probes
    assert update.rows == (CategoryChange("numerical_reasoning", gone=4),)
    assert update.is_needed


MIXTURES = {
    "artifact: blk.0.up Q4_K -> Q2_K": {
        "artifact": replace(
            ARTIFACT,
            digest="5" * 64,
            tensors={**ARTIFACT.tensors, "blk.0.up": "Q2_K aaaaaaaaaaaa"},
        )
    },
    "reference: f16 ffffffffffff -> f16 eeeeeeeeeeee": {
        "reference": replace(REFERENCE, digest="e" * 64)
    },
    "runtime: ": {"artifact": replace(ARTIFACT, runtime={**RUNTIME, "version": "0.3.37"})},
    "template: plain question -> chat template sha256:0123": {
        "prompt": "chat template sha256:0123"
    },
}


@pytest.mark.parametrize("difference", MIXTURES)
def test_a_part_of_something_else_is_refused_and_the_whole_is_not(difference: str) -> None:
    part = replace(with_probes(sums=probe_of("111111")), **MIXTURES[difference])  # type: ignore[arg-type]
    update = planned(part)
    assert update.refused.startswith("only 1 of 2 probes was measured, and what is recorded of")
    assert f"measured otherwise: {difference}" in update.refused
    whole = replace(LATER, **MIXTURES[difference])  # type: ignore[arg-type]
    assert not planned(whole).refused
    assert planned(whole).is_needed


def test_the_number_of_threads_makes_no_mixture_and_no_update() -> None:
    other = replace(ARTIFACT, runtime={**RUNTIME, "threads": 4})
    part = replace(with_probes(sums=probe_of("111111")), artifact=other)
    assert not planned(part).refused
    assert planned(part).baseline.artifact == other
    assert not planned(replace(LATER, artifact=other)).is_needed


def test_probes_without_any_record_are_counted() -> None:
    existing = {"sums", "products", "powers"}
    first = plan_update(None, with_probes(sums=probe_of("1")), lambda _: False, existing=existing)
    assert (first.existing, first.unrecorded) == (3, 2)
    more = plan_update(OLD, with_probes(powers=probe_of("1")), lambda _: False, existing=existing)
    assert (more.kept, more.unrecorded) == (2, 0)


def test_only_all_probes_replace_a_file_that_cannot_be_read() -> None:
    def after_damage(new: Baseline) -> Update:
        existing = {"sums", "products"}
        return plan_update(None, new, lambda _: False, existing=existing, damage="not valid JSON")

    assert not after_damage(LATER).refused
    assert after_damage(LATER).damage == "not valid JSON"
    refused = after_damage(with_probes(sums=probe_of("1"))).refused
    assert refused.startswith("only 1 of 2 probes was measured, and the file that holds the others")
    assert "not valid JSON" in refused


def fewer(new: Baseline, old: Baseline = OLD) -> Update:
    return plan_update(old, new, lambda _: False, unfinished=new.probes)


def test_cases_that_were_not_asked_this_time_are_kept() -> None:
    update = fewer(with_probes(sums=probe_of("bb1"), products=probe_of("1111")))
    assert update.kept_cases == 3
    sums = replace(probe_of("aa1a11"), patterns={"a": PATTERNS["b"]})
    assert update.baseline.probes == baseline(sums=sums, **_products()).probes
    assert update.rows == (CategoryChange("numerical_reasoning", better=1, worse=1),)
    assert not fewer(with_probes(sums=probe_of("1a0"), products=probe_of("1111"))).is_needed


def test_the_letters_of_both_halves_are_told_apart() -> None:
    """Each record gives letters of its own to the error patterns that it knows."""
    known = replace(probe_of("1aab"), patterns={"a": "loop", "b": "truncated"})
    asked = replace(probe_of("aa"), patterns={"a": "sign"})
    update = fewer(with_probes(sums=asked), baseline(sums=known))
    (probe,) = update.baseline.probes.values()
    assert probe.level == "bbac"
    assert probe.patterns == {"a": "loop", "b": "sign", "c": "truncated"}


def test_cases_that_ask_something_else_now_are_not_kept() -> None:
    update = fewer(with_probes(sums=probe_of("11", asks="f"), **_products()))
    assert update.kept_cases == 0
    assert update.rows == (CategoryChange("numerical_reasoning", gone=4, changed=2),)


def test_a_probe_that_seems_uninformative_by_few_cases_keeps_its_record() -> None:
    update = fewer(with_probes(sums=probe_of(None, "00"), **_products()))
    assert update.baseline.probes == OLD.probes
    assert update.kept_cases == 6


def test_cases_of_something_else_are_refused_and_the_whole_is_not() -> None:
    other = replace(ARTIFACT, runtime={**RUNTIME, "version": "0.3.37"})
    part = with_probes(sums=probe_of("111"), **_products())
    assert fewer(replace(part, artifact=other)).refused.startswith(
        "only 7 of 10 cases were asked, and what is recorded of the others was measured otherwise"
    )
    assert not fewer(replace(LATER, artifact=other)).refused


def test_nothing_measured_is_nothing_recorded() -> None:
    assert planned(with_probes()).refused == "no probe was measured completely"
    assert planned(with_probes(), None).refused == "no probe was measured completely"


def test_a_divergence_that_was_not_measured_again_stays_while_nothing_else_changed() -> None:
    known = replace(OLD, divergences={"text": (RecordedChunk("c", 512, 0.03),)})
    assert planned(LATER, known).baseline.divergences == known.divergences
    other = replace(LATER, artifact=replace(ARTIFACT, digest="5" * 64))
    assert planned(other, known).baseline.divergences == {}


def test_the_chunks_of_a_part_join_the_others_and_those_of_all_probes_replace_them() -> None:
    old, again, new = (RecordedChunk(digest, 9, 0.03) for digest in ("a", "b", "c"))
    changed = replace(again, kld=0.02)
    known = replace(OLD, divergences={"responses": (old, again)})
    part = replace(with_probes(sums=probe_of("111111")), divergences={"responses": (changed, new)})
    assert planned(part, known).baseline.divergences == {"responses": (old, changed, new)}
    whole = replace(LATER, divergences={"responses": (changed, new)})
    assert planned(whole, known).baseline.divergences == {"responses": (changed, new)}


def test_what_becomes_of_a_divergence_is_told() -> None:
    text = (RecordedChunk("a", 10, 0.1), RecordedChunk("b", 30, 0.3))
    risen = tuple(replace(chunk, kld=2 * chunk.kld) for chunk in text)
    known = replace(OLD, divergences={"text": text, "responses": text})
    new = replace(LATER, divergences={"text": (*risen, RecordedChunk("c", 10, 9.0))})
    (of_text, of_responses) = planned(new, known).divergences
    assert of_text.was == pytest.approx(0.25)
    assert of_text.now == pytest.approx(0.5)
    assert (of_text.added, of_text.gone, of_text.measured) == (1, 0, True)
    assert of_responses == DivergenceChange("responses", of_text.was, of_text.was, 0, 0, False)


def test_a_divergence_that_is_no_number_is_refused() -> None:
    new = replace(LATER, divergences={"text": (RecordedChunk("a", 10, math.nan),)})
    assert planned(new).refused == "its divergence (text) is not a finite number"


def _products() -> dict[str, RecordedProbe]:
    return {"products": probe_of("1111")}
