"""Two real models read in step: exactly what each says alone, and always the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.errors import QuantUsageError, RuntimeFailed
from pytest_quant.levels import Recipe
from pytest_quant.metrics.distributions import TOP, compare_logits
from pytest_quant.runtimes.llamacpp import lockstep, predictions
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.lanes import MOST_LANES
from pytest_quant.runtimes.llamacpp.library import Context, Model
from pytest_quant.runtimes.llamacpp.lockstep import (
    LockstepPlan,
    compare,
    count_pairs_of_contexts,
    plan_lockstep,
)
from pytest_quant.runtimes.llamacpp.passages import Passage
from pytest_quant.runtimes.llamacpp.quantize import quantize
from pytest_quant.runtimes.protocol import Dialogues, Incomparable, Limits, PlainText, Replies

Lane = tuple[Context, Context]

VOCABULARY = 600
# What the f16 of the KV cache leaves, however a batch is composed.
CLOSE = 0.02


@pytest.fixture(scope="module")
def tiny_q4(tiny_f32: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny-q4.gguf"
    quantize(tiny_f32, path, Recipe("Q4_K_M"), threads=1)
    return path


@pytest.fixture(scope="module")
def reference(tiny_f32: Path) -> Iterator[LlamaCppRuntime]:
    with LlamaCppRuntime.open(tiny_f32, threads=1) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def level(tiny_q4: Path) -> Iterator[LlamaCppRuntime]:
    with LlamaCppRuntime.open(tiny_q4, threads=1) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def text() -> PlainText:
    """Chunks of 512 tokens, and a rest that is not read."""
    return PlainText("a text", " ".join(f"ba {n} ko" for n in range(700)))


@pytest.fixture(scope="module")
def dialogues(prompts: tuple[str, ...]) -> Dialogues:
    return Dialogues("questions", tuple((prompt, "ku da ba") for prompt in prompts))


def logits(path: Path, tokens: Sequence[int]) -> npt.NDArray[np.float32]:
    """After every token, by llama-cpp-python's own class."""
    import llama_cpp

    model = llama_cpp.Llama(str(path), n_ctx=512, logits_all=True, verbose=False, n_threads=1)
    model.eval(list(tokens))
    rows = np.array(model.scores[: len(tokens)], np.float32)
    model.close()
    return rows


def random_tokens(length: int) -> npt.NDArray[np.int32]:
    return np.random.default_rng(length).integers(0, VOCABULARY, length).astype(np.int32)


@contextmanager
def open_lanes(path: Path, plan: LockstepPlan, count: int) -> Iterator[list[Lane]]:
    model = Model(path)
    contexts = [
        Context(
            model, cells=plan.cells, sequences=plan.sequences, batch=256, threads=1,
            outputs=plan.outputs,
        )
        for _ in range(2 * count)
    ]  # fmt: skip
    yield list(zip(contexts[::2], contexts[1::2], strict=True))
    for context in contexts:
        context.close()
    model.close()


@pytest.mark.parametrize(("rows", "lanes"), [(512, 1), (512, 3), (7, 1), (7, 2)])
def test_every_token_is_compared_as_the_models_see_it(
    tiny_f32: Path, rows: int, lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many passages in a batch and one over several; the level is told something else before."""
    monkeypatch.setattr(lockstep, "ROW_BYTES", 4 * VOCABULARY * rows)
    passages = []
    for length, before in ((5, 2), (30, 9), (12, 40), (150, 140), (9, 4)):
        read = random_tokens(length)
        told = np.concatenate([random_tokens(before), read])
        passages.append(Passage(read, told, np.append(read[1:], TOP).astype(np.int32)))
    plan = plan_lockstep(passages, batch=256, vocabulary_size=VOCABULARY)
    with open_lanes(tiny_f32, plan, lanes) as contexts:
        found = compare(contexts, passages, plan, 1)
    for passage, tokens in zip(passages, found, strict=True):
        wanted = len(passage.targets)
        base, own = (
            logits(tiny_f32, read.tolist())[-wanted:] for read in (passage.reference, passage.level)
        )
        alone = compare_logits(base, own, passage.targets)
        assert tokens.nll == pytest.approx(alone.nll, abs=CLOSE)
        assert tokens.base_nll == pytest.approx(alone.base_nll, abs=CLOSE)
        assert tokens.kld == pytest.approx(alone.kld, abs=CLOSE)
        assert tokens.kld.mean() > 10 * CLOSE


def test_a_failure_in_one_lane_ends_all(tiny_f32: Path) -> None:
    tokens = random_tokens(200)
    passages = [Passage(tokens, tokens, np.full(200, TOP, np.int32))] * 400
    # llama.cpp refuses a token that its vocabulary does not have.
    passages[3] = Passage(tokens + VOCABULARY, tokens, passages[0].targets)
    plan = plan_lockstep(passages, batch=256, vocabulary_size=VOCABULARY)
    with open_lanes(tiny_f32, plan, 2) as lanes:
        with pytest.raises(RuntimeFailed, match=r"failed to read a batch \(status -1\)"):
            compare(lanes, passages, plan, 1)
        assert all(context.aborted for lane in lanes for context in lane)
        assert compare(lanes, passages[:1], replace(plan, waves=(range(1),)), 1)


def test_a_model_is_no_distance_from_itself(
    reference: LlamaCppRuntime, tiny_f32: Path, text: PlainText, dialogues: Dialogues
) -> None:
    with LlamaCppRuntime.open(tiny_f32, threads=1) as other:
        for reading in (text, dialogues):
            found = reference.diverge(other, reading)
            assert found.statistics["Maximum KLD"].value == 0
            assert found.statistics["RMS Δp"].value == 0
            assert found.statistics["Same top p"].value == 100
            assert found.warning == ""


def test_the_same_call_gives_the_same_numbers(
    reference: LlamaCppRuntime,
    level: LlamaCppRuntime,
    text: PlainText,
    dialogues: Dialogues,
    tiny_f32: Path,
) -> None:
    first = reference.diverge(level, dialogues)
    second = reference.diverge(level, text)
    assert second.statistics["Mean KLD"].value > 0
    with LlamaCppRuntime.open(tiny_f32, threads=2) as in_two_lanes:
        assert in_two_lanes.diverge(level, text) == second
    reference.generate(["something else"], Limits(3))
    assert reference.diverge(level, dialogues) == first
    assert first.source == "text"


def test_chunks_are_those_of_llama_cpp(
    reference: LlamaCppRuntime, level: LlamaCppRuntime, text: PlainText, tiny_f32: Path
) -> None:
    """Whole chunks; positions from the middle on, the last token only as a target."""
    model = Model(tiny_f32)
    count = len(model.tokenize(text.text, parse_special=False)) + (model.begin_token is not None)
    model.close()
    found = reference.diverge(level, text)
    assert len(found.chunks) == count // 512 > 1
    assert {chunk.tokens for chunk in found.chunks} == {255}
    assert found.tokens == 255 * len(found.chunks)


def test_own_responses_end_with_the_choice_to_end(
    reference: LlamaCppRuntime, level: LlamaCppRuntime, prompts: tuple[str, ...]
) -> None:
    responses = reference.generate(prompts, Limits(6)).responses
    found = reference.diverge(
        level, Replies("its own", tuple(zip(prompts, responses, strict=True)))
    )
    assert found.source == "responses"
    expected = [len(r.tokens) + (r.finish == "end") for r in responses]
    assert [chunk.tokens for chunk in found.chunks] == [count for count in expected if count]
    # They were chosen greedily, so the reference finds them the likeliest.
    assert found.statistics["Mean PPL(base)"].value < VOCABULARY


def test_recorded_predictions_stand_in_for_the_reference(
    reference: LlamaCppRuntime, level: LlamaCppRuntime, dialogues: Dialogues, text: PlainText
) -> None:
    for reading in (dialogues, text):
        exact = reference.diverge(level, reading)
        known = reference.predict(reading)
        found = level.diverge_from(known)
        assert (found.source, found.title) == (
            "recorded",
            f"{reading.title} (recorded predictions)",
        )
        assert [c.digest for c in found.chunks] == [c.digest for c in exact.chunks]
        assert [c.nll for c in found.chunks] == pytest.approx(
            [c.nll for c in exact.chunks], abs=0.02
        )
        mean = "Mean KLD"
        assert 0 < found.statistics[mean].value < exact.statistics[mean].value
        assert level.diverge_from(known) == found
        itself = reference.diverge_from(known)
        assert itself.statistics[mean].value < 0.01 * found.statistics[mean].value
        assert itself.statistics["Same top p"].value == 100


def test_of_a_long_text_the_beginning_is_predicted(
    reference: LlamaCppRuntime, text: PlainText, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictions, "MOST_PLACES", 300)
    assert reference.predict(text).scored.tolist() == [255, 255]


def test_predictions_of_another_vocabulary_are_not_compared(
    reference: LlamaCppRuntime, level: LlamaCppRuntime, dialogues: Dialogues
) -> None:
    known = replace(reference.predict(dialogues), vocabulary_size=VOCABULARY + 1)
    with pytest.raises(Incomparable, match="tokens in its vocabulary, the reference 601"):
        level.diverge_from(known)


def test_a_text_of_less_than_two_chunks_is_refused(
    reference: LlamaCppRuntime, level: LlamaCppRuntime
) -> None:
    with pytest.raises(QuantUsageError, match=r"short\.txt has \d+ tokens, expected at"):
        reference.diverge(level, PlainText("short.txt", "ba ko " * 40))


def test_models_with_different_vocabularies_are_not_compared(
    reference: LlamaCppRuntime, build_model: object, dialogues: Dialogues
) -> None:
    other = build_model(vocabulary=640)  # type: ignore[operator]
    with (
        LlamaCppRuntime.open(other, threads=1) as runtime,
        pytest.raises(Incomparable, match=r"has 6\d\d tokens in its vocabulary, the reference 6"),
    ):
        reference.diverge(runtime, dialogues)


def test_nothing_to_read(reference: LlamaCppRuntime, level: LlamaCppRuntime) -> None:
    with pytest.raises(Incomparable, match="nothing to read"):
        reference.diverge(level, Replies("its own responses", ()))


LENGTHS = st.tuples(st.integers(1, 300), st.integers(1, 300), st.integers(1, 300)).map(
    lambda drawn: (drawn[0], drawn[1], min(drawn))
)


@given(st.lists(LENGTHS, min_size=1, max_size=30), st.integers(1, 300))
def test_a_plan_reads_everything_once_within_its_limits(
    lengths: list[tuple[int, int, int]], rows: int
) -> None:
    tokens = np.zeros(300, np.int32)
    passages = [Passage(tokens[:a], tokens[:b], tokens[:n]) for a, b, n in lengths]
    plan = plan_lockstep(passages, batch=256, vocabulary_size=64 * 2**20 // 4 // rows)
    assert [index for wave in plan.waves for index in wave] == [*range(len(passages))]
    for wave in plan.waves:
        members = [passages[index] for index in wave]
        assert sum(p.longest for p in members) <= plan.cells
        assert len(members) <= plan.sequences <= plan.outputs
        if len(members) > 1:
            assert sum(p.longest for p in members) <= 256
            assert sum(len(p.targets) for p in members) <= plan.rows <= plan.outputs


@given(st.integers(1, 64), st.integers(1, 60), st.integers(1, 2**20), st.integers(2**10, 2**40))
def test_lanes_share_the_threads_and_fit_into_memory(
    threads: int, waves: int, cell_bytes: int, memory: int
) -> None:
    plan = LockstepPlan(tuple(range(i, i + 1) for i in range(waves)), 512, 512, 512, 1)
    asked = {"cell_bytes": cell_bytes, "vocabulary_size": 32_000}
    lanes = count_pairs_of_contexts(plan, threads=threads, memory=memory, **asked)
    assert 1 <= lanes <= min(threads, waves, MOST_LANES)
    assert threads % lanes == 0
    assert lanes == 1 or lanes * 512 * cell_bytes < memory / 8
    assert count_pairs_of_contexts(plan, threads=2, memory=2**50, **asked) == min(2, waves)
    assert count_pairs_of_contexts(plan, threads=16, memory=2**50, **asked) == {
        1: 1,
        2: 2,
        3: 2,
    }.get(waves, 4)
