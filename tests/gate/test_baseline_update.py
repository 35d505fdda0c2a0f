"""What recording changes is told before it happens, and a mixture of records is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.gate.baselines import ARTIFACT, REFERENCE, RUNTIME, baseline, probe_of

from pytest_quant.gate.baseline import Baseline, RecordedChunk
from pytest_quant.gate.baseline_update import CategoryChange, Update, plan_update

OLD = baseline(sums=probe_of("1a0b11"), products=probe_of("1111"))
LATER = replace(OLD, created="2026-11-24T10:00:00+00:00", created_by="grace")


def planned(new: Baseline, old: Baseline | None = OLD, *gone: str) -> Update:
    return plan_update(old, new, lambda key: key.rpartition("::")[2] in gone)


def with_probes(**probes: object) -> Baseline:
    return replace(LATER, probes=baseline(**probes).probes)  # type: ignore[arg-type]


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
    "the artifact is another": {"artifact": replace(ARTIFACT, digest="5" * 64)},
    "the reference is another": {"reference": replace(REFERENCE, digest="e" * 64)},
    "the runtime is another": {"artifact": replace(ARTIFACT, runtime={**RUNTIME, "threads": 4})},
    "the prompt template is another": {"prompt": "chat template sha256:0123"},
}


@pytest.mark.parametrize("difference", MIXTURES)
def test_a_part_of_something_else_is_refused_and_the_whole_is_not(difference: str) -> None:
    part = replace(with_probes(sums=probe_of("111111")), **MIXTURES[difference])  # type: ignore[arg-type]
    update = planned(part)
    assert update.refused.startswith("only 1 of 2 probes were measured")
    assert difference in update.refused
    whole = replace(LATER, **MIXTURES[difference])  # type: ignore[arg-type]
    assert not planned(whole).refused
    assert planned(whole).is_needed


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
    assert planned(part, known).baseline.divergences == {"responses": (changed, new, old)}
    whole = replace(LATER, divergences={"responses": (changed, new)})
    assert planned(whole, known).baseline.divergences == {"responses": (changed, new)}


def _products() -> dict[str, object]:
    return {"products": probe_of("1111")}
