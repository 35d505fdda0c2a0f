"""A text in one go: as deep as was asked, alike for every level, and only what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.faults.catalogue import fault_named

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.baseline import recorded_chunks
from pytest_quant.gate.depth_regression import depth_check
from pytest_quant.gate.divergence_regression import evaluate_divergence
from pytest_quant.metrics.depth import by_depth, growth_warning
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.passages import Reader, check_length, passages
from pytest_quant.runtimes.protocol import Dialogues, Incomparable, LongText, PlainText
from pytest_quant.session.held_text import held_text

# The alpha of one of five checks over all probes, of four levels.
ALPHA = 0.05 / 2 / 20
TEXT = PlainText("mine.txt", "Seven boats left the harbour at dawn. " * 150)
DIALOGUES = Dialogues("two", (("Is it?", "It is."), ("Was it red?", "No, it was blue.")))


@pytest.fixture(scope="module")
def reference() -> Iterator[LlamaCppRuntime]:
    with LlamaCppRuntime.open(EMBEDDED_MODEL, threads=1) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def reader(reference: LlamaCppRuntime) -> Reader:
    return reference._reader()


@pytest.mark.parametrize("text", [TEXT, DIALOGUES, held_text(None)])
@pytest.mark.parametrize("context", [600, 2048])
def test_all_of_it_is_scored_but_the_first_token(
    text: PlainText | Dialogues, context: int, reader: Reader
) -> None:
    (found,) = passages(LongText(text, context), reader, reader)
    assert len(found.targets) == len(found.reference) == context - 1
    assert np.array_equal(found.reference[1:], found.targets[:-1])
    assert found.reference[0] == reader.model.begin_token


def test_dialogues_that_are_too_short_follow_in_another_order(reader: Reader) -> None:
    (first,) = passages(LongText(DIALOGUES, 600), reader, reader)
    (again,) = passages(LongText(DIALOGUES, 600), reader, reader)
    assert first.digest == again.digest
    (longer,) = passages(LongText(DIALOGUES, 700), reader, reader)
    assert longer.stretch(0, 599) == first.stretch(0, 599)


def test_a_stretch_is_known_by_what_was_read_before_it(reader: Reader) -> None:
    (found,) = passages(LongText(TEXT, 600), reader, reader)
    changed = found.reference.copy()
    changed[3] += 1
    other = replace(found, reference=changed, level=changed)
    assert other.stretch(500, 599) != found.stretch(500, 599)
    assert other.stretch(0, 2) == found.stretch(0, 2)


def test_what_a_model_does_not_hold_is_not_compared(reader: Reader) -> None:
    with pytest.raises(Incomparable, match="takes 2,048 tokens, it holds 1,024"):
        passages(LongText(TEXT, 2048), reader, replace(reader, context=1024))
    with pytest.raises(Incomparable, match=r"takes 2,048 tokens, \d+ are there"):
        passages(LongText(PlainText("mine.txt", "A few words."), 2048), reader, reader)


def test_mistakes_are_told_before_anything_is_read() -> None:
    files = EMBEDDED_MODEL, [EMBEDDED_MODEL]
    with pytest.raises(QuantUsageError, match=r"found 4,096; .*trained with 2,048 tokens"):
        check_length(LongText(held_text(None), 4096), *files)
    with pytest.raises(QuantUsageError, match=r"found 2,048; .* has .* longer text"):
        check_length(LongText(PlainText("mine.txt", "A few words."), 2048), *files)
    check_length(LongText(held_text(None), 2048), *files)
    check_length(LongText(TEXT, 600), *files)


def test_a_fault_at_depth_is_caught_there_and_nowhere_else(
    reference: LlamaCppRuntime, q8_file: Path, tmp_path: Path
) -> None:
    """The base of the rotary positions is off by half a percent."""
    short = held_text(None)
    deep = LongText(short, 2048)
    fault_named("rope base").plant(q8_file, 1.005, tmp_path / "damaged.gguf")
    with (
        LlamaCppRuntime.open(q8_file, threads=1) as sound,
        LlamaCppRuntime.open(tmp_path / "damaged.gguf", threads=1) as damaged,
    ):
        was = [reference.diverge(sound, reading) for reading in (short, deep)]
        now = [reference.diverge(damaged, reading) for reading in (short, deep)]
    assert all(was)
    assert all(now)
    recorded = [recorded_chunks(one.chunks) for one in was if one]
    pieces, long = (one for one in now if one)
    on_text = evaluate_divergence(recorded[0], pieces.chunks, ALPHA, noise=0.5)
    assert on_text is not None
    assert on_text.verdict != "fail"
    found = depth_check("q8", recorded[1], long.chunks, ALPHA)
    assert found is not None
    assert (found.result.verdict, found.where) == ("fail", "behind 1,024 to 2,048 tokens")
    assert growth_warning(by_depth(long.chunks))
    assert not growth_warning(by_depth(was[1].chunks)) if was[1] else True


def test_other_kernels_do_no_harm_at_depth(reference: LlamaCppRuntime, q8_file: Path) -> None:
    """Both models are read in smaller batches, whose sums come in another order."""
    deep = LongText(held_text(None), 2048)
    with LlamaCppRuntime.open(q8_file, threads=1) as level:
        was = reference.diverge(level, deep)
    with (
        LlamaCppRuntime.open(EMBEDDED_MODEL, threads=1, physical=32) as base,
        LlamaCppRuntime.open(q8_file, threads=1, physical=32) as level,
    ):
        now = base.diverge(level, deep)
    assert was
    assert now
    assert [one.kld for one in was.chunks] != [one.kld for one in now.chunks]
    found = depth_check("q8", recorded_chunks(was.chunks), now.chunks, 0.05)
    assert found is not None
    assert found.result.verdict == "pass"
