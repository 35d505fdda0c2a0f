"""What is different from the record, named piece by piece, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.gate.baselines import ARTIFACT, REFERENCE, RUNTIME, baseline, measured, probe_of

from pytest_quant.gate.baseline import RecordedArtifact
from pytest_quant.gate.baseline_changes import Changes, Coverage, changes, coverage, shortened
from pytest_quant.metrics.measurement import Measurement

KNOWN = baseline(sums=probe_of("1a0b"), products=probe_of("1111"))
NEW_DIGEST = "5" * 64


def told(now: RecordedArtifact) -> tuple[str, ...]:
    return changes(KNOWN, now, REFERENCE, "plain question", "0.1.0", Coverage()).artifact


def damaged(**tensors: str) -> RecordedArtifact:
    named = {name.replace("_", "."): content for name, content in tensors.items()}
    return replace(ARTIFACT, digest=NEW_DIGEST, tensors={**ARTIFACT.tensors, **named})


def test_nothing_changed() -> None:
    same = changes(KNOWN, ARTIFACT, REFERENCE, "plain question", "0.1.0", Coverage(compared=8))
    assert same == Changes()


def test_tensors_are_told_one_by_one() -> None:
    assert told(damaged(blk_0_up="Q2_K cccccccccccc")) == ("blk.0.up Q4_K -> Q2_K",)
    assert told(damaged(blk_0_up="Q4_K cccccccccccc")) == ("blk.0.up has other contents",)
    assert told(damaged(extra="F32 cccccccccccc")) == ("extra is new",)
    less = replace(ARTIFACT, digest=NEW_DIGEST, tensors={"blk.0.up": "Q4_K aaaaaaaaaaaa"})
    assert told(less) == ("blk.0.norm is gone",)


def test_two_tensors_that_changed_places_are_told_so() -> None:
    was = replace(ARTIFACT, tensors={"one": "Q4_K aaaaaaaaaaaa", "two": "Q4_K bbbbbbbbbbbb"})
    now = replace(
        was, digest=NEW_DIGEST, tensors={"one": "Q4_K bbbbbbbbbbbb", "two": "Q4_K aaaaaaaaaaaa"}
    )
    found = changes(replace(KNOWN, artifact=was), now, REFERENCE, "", "0.1.0", Coverage())
    assert found.artifact == ("one holds what two held", "two holds what one held")


def test_a_change_of_type_comes_first() -> None:
    now = damaged(blk_0_up="Q2_K cccccccccccc", blk_0_norm="F32 cccccccccccc")
    assert told(now) == ("blk.0.up Q4_K -> Q2_K", "blk.0.norm has other contents")


def test_what_says_most_comes_first() -> None:
    tensors = {f"blk.{i}.up": f"Q2_K {i:012}" for i in range(9)}
    was = replace(ARTIFACT, tensor_types={"Q8_0": 9}, tensors=dict.fromkeys(tensors, "Q8_0 a"))
    now = replace(
        was,
        digest=NEW_DIGEST,
        tensor_types={"Q8_0": 2, "Q2_K": 7},
        metadata={**was.metadata, "llama.rope.freq_base": "500000.0"},
        tensors=tensors,
    )
    found = changes(replace(KNOWN, artifact=was), now, REFERENCE, "", "0.1.0", Coverage())
    types, metadata, other = found.artifact
    assert types == "tensors by type: Q8_0 9 -> 2, Q2_K 0 -> 7"
    assert metadata.startswith("llama.rope.freq_base ")
    assert other == "9 tensors are of another type: blk.0.up, blk.1.up, blk.2.up, ..."


def test_metadata_and_recipe() -> None:
    metadata = {"llama.rope.freq_base": "500000.0", "tokenizer.ggml.tokens": "sha256:000000000000"}
    now = replace(ARTIFACT, digest=NEW_DIGEST, metadata=metadata)
    assert told(now) == (
        "llama.rope.freq_base 10000.0 -> 500000.0",
        "tokenizer.ggml.tokens has other contents",
    )
    assert told(replace(ARTIFACT, recipe="Q4_K_S")) == ("recipe Q4_K_M -> Q4_K_S",)
    hidden = replace(ARTIFACT, digest=NEW_DIGEST)
    assert told(hidden) == ("the file, though neither its tensors nor its metadata",)


def test_runtime_template_probes_and_reference() -> None:
    runtime = {**RUNTIME, "threads": 4, "gpu": "none"}
    found = changes(
        KNOWN,
        replace(ARTIFACT, runtime=runtime),
        replace(REFERENCE, digest="e" * 64),
        "chat template sha256:0123",
        "0.2.0",
        Coverage(compared=6, new=3, gone=0, changed=1, unasked=5),
    )
    assert found.runtime == ("threads 2 -> 4", "gpu none -> none", "pytest-quant 0.1.0 -> 0.2.0")
    assert found.prompt == ("plain question -> chat template sha256:0123",)
    assert found.probes == ("3 new, 1 changed of 10 cases",)
    assert found.reference == (f"f16 {'f' * 12} -> f16 {'e' * 12}",)
    assert found.artifact == ()


def test_other_kernels_are_told_if_the_record_knows_its_own() -> None:
    def told_of(recorded: dict[str, str | int]) -> tuple[str, ...]:
        was = replace(KNOWN, artifact=replace(ARTIFACT, runtime=recorded))
        now = replace(ARTIFACT, runtime={**RUNTIME, "kernels": "34 tensors as q4_K_8x8"})
        return changes(was, now, REFERENCE, KNOWN.prompt, KNOWN.version, Coverage()).runtime

    assert told_of({**RUNTIME, "kernels": "as stored"}) == (
        "kernels as stored -> 34 tensors as q4_K_8x8",
    )
    assert told_of({**RUNTIME}) == ()


def moved(found: Measurement) -> Measurement:
    """The same probe in a session of another directory, beside a plugin that adds to node ids."""
    return replace(found, nodeid=f"packages/m/{found.nodeid}@group")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ([measured("1111")], Coverage(compared=4, unasked=4)),
        ([measured("11")], Coverage(compared=2, unasked=6)),
        ([measured("111111")], Coverage(compared=4, new=2, unasked=4)),
        ([measured("1111", asks="f")], Coverage(changed=4, unasked=4)),
        ([measured("11", probe="differences")], Coverage(new=2, unasked=8)),
        ([], Coverage(unasked=8)),
        ([moved(measured("1111"))], Coverage(compared=4, unasked=4)),
        ([replace(measured("11"), complete=False)], Coverage(compared=2, unasked=4, unneeded=2)),
        ([measured("1111"), measured("11", probe="products")], Coverage(compared=6, unasked=2)),
    ],
)
def test_every_case_is_counted_once(now: list[object], expected: Coverage) -> None:
    found = coverage(KNOWN, now)  # type: ignore[arg-type]
    assert found == expected
    assert found.recorded == KNOWN.cases


def test_probes_that_no_longer_exist_are_gone_and_others_were_not_selected() -> None:
    found = coverage(KNOWN, [measured("1111")], lambda key: key.endswith("::products"))
    assert found == Coverage(compared=4, gone=4)


def test_long_lists_are_cut_and_counted() -> None:
    assert shortened(["a", "b"], 2) == ["a", "b"]
    assert shortened(["a", "b", "c", "d"], 2) == ["a", "b", "and 2 more"]
